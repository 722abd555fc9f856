"""Arabic (unvocalised modern standard) and Greek."""

from xstilts.miniature.grammar.base import Cell, Grammar, Words, agree


class Arabic(Grammar):
    """Cells: noun ``كلب|m`` (a third field overrides the definite form); adjective (feminine if it is not the first
    form with ة); verb, masculine.
    """

    glued_before = frozenset(".؟")
    glued_after = frozenset("و")
    capitals = False

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """The article is written as part of the noun, and of the adjective that follows it."""
        words = [(noun[2] if len(noun) > 2 else f"ال{noun[0]}", "NOUN")]
        if attribute is not None:
            words.append((f"ال{self._form(attribute, self.gender(noun))}", "ADJ"))
        return words

    def place(self, noun: Cell) -> Words:
        """``في الحديقة``."""
        return [("في", "ADP"), *self.noun_phrase(noun, None, False, False)]

    def verb(self, verb: Cell, gender: str) -> Words:
        """The feminine has the prefix ت instead of ي."""
        return [(f"ت{verb[0][1:]}" if gender == "f" else verb[0], "VERB")]

    def quality(self, adjective: Cell, gender: str) -> Words:
        """Agrees in gender."""
        return [(self._form(adjective, gender), "ADJ")]

    @staticmethod
    def _form(adjective: Cell, gender: str) -> str:
        return agree((adjective[0], adjective[1] if len(adjective) > 1 else f"{adjective[0]}ة"), gender)


class Greek(Grammar):
    """Cells: noun ``σκύλος|m``; adjective masculine, feminine, neuter; verb."""

    glued_before = frozenset(".,;")

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """The article goes by gender and case; adjectives precede the noun."""
        gender = self.gender(noun)
        if accusative:
            return [(self._accusative_article(noun), "DET"), (self._accusative(noun), "NOUN")]
        words = [(agree(("ο", "η", "το"), gender), "DET")]
        return [*words, *([] if attribute is None else self.quality(attribute, gender)), (noun[0], "NOUN")]

    def place(self, noun: Cell) -> Words:
        """``στον κήπο``."""
        return [(f"σ{self._accusative_article(noun)}", "ADP"), (self._accusative(noun), "NOUN")]

    def quality(self, adjective: Cell, gender: str) -> Words:
        """Agrees in gender."""
        return [(agree(adjective, gender), "ADJ")]

    def _accusative(self, noun: Cell) -> str:
        return noun[0].removesuffix("ς") if self.gender(noun) in "mf" else noun[0]

    def _accusative_article(self, noun: Cell) -> str:
        # The feminine article keeps its -ν before vowels and stops only.
        stops = ("κ", "π", "τ", "ξ", "ψ", "γκ", "μπ", "ντ")
        feminine = "την" if noun[0].startswith((*"αάεέηήιίοόυύωώ", *stops)) else "τη"
        return agree(("τον", feminine, "το"), self.gender(noun))
