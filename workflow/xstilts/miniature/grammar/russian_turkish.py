"""Russian and Turkish: no articles; case forms are in the lexicon."""

from xstilts.miniature.grammar.base import Cell, Grammar, Words, agree


class Russian(Grammar):
    """Cells: noun ``собака|f|собаку`` (accusative; for places the phrase ``в саду``); adjective masculine, feminine,
    neuter; verb.
    """

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """The accusative comes from the lexicon; only nominatives have attributes."""
        if accusative:
            return [(noun[2], "NOUN")]
        return [*([] if attribute is None else self.quality(attribute, self.gender(noun))), (noun[0], "NOUN")]

    def place(self, noun: Cell) -> Words:
        """``в саду``."""
        preposition, form = noun[2].split()
        return [(preposition, "ADP"), (form, "NOUN")]

    def quality(self, adjective: Cell, gender: str) -> Words:
        """The long form, which agrees in gender."""
        return [(agree(adjective, gender), "ADJ")]


class Turkish(Grammar):
    """Cells: noun ``köpek|köpeği`` (accusative; for places the locative); adjective; verb ``yiyor|yemiyor``."""

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """The accusative comes from the lexicon."""
        return super().noun_phrase((noun[1] if accusative else noun[0],), attribute, accusative, person)

    def place(self, noun: Cell) -> Words:
        """``bahçede``."""
        return [(noun[1], "NOUN")]

    def capital(self, letter: str) -> str:
        """The dotted i keeps its dot."""
        return "İ" if letter == "i" else letter.upper()
