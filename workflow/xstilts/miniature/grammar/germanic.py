"""English and German."""

from xstilts.miniature.grammar.base import Cell, Grammar, Words, agree


class English(Grammar):
    """Cells: noun; adjective; verb ``eats|eat``."""

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """``the (big) dog``."""
        return [("the", "DET"), *super().noun_phrase(noun, attribute, accusative, person)]

    def place(self, noun: Cell) -> Words:
        """``in the garden``."""
        return [("in", "ADP"), ("the", "DET"), (noun[0], "NOUN")]


class German(Grammar):
    """Cells: noun ``Junge|m|Jungen`` (gender, accusative if it differs); adjective ``teuer|teure`` (weak nominative
    if it is not the first form with -e); verb.
    """

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """Definite article by gender and case, weak adjective."""
        gender = self.gender(noun)
        form = noun[2] if accusative and len(noun) > 2 else noun[0]
        article = agree(("den" if accusative else "der", "die", "das"), gender)
        if attribute is None:
            return [(article, "DET"), (form, "NOUN")]
        weak = attribute[1] if len(attribute) > 1 else f"{attribute[0]}e"
        return [(article, "DET"), (weak, "ADJ"), (form, "NOUN")]

    def place(self, noun: Cell) -> Words:
        """``im Garten``, ``in der Küche``."""
        if self.gender(noun) == "f":
            return [("in", "ADP"), ("der", "DET"), (noun[0], "NOUN")]
        return [("im", "ADP"), (noun[0], "NOUN")]
