"""Spanish, French, Italian and Portuguese."""

from xstilts.miniature.grammar.base import VOWELS, Cell, Grammar, Words, agree


class Spanish(Grammar):
    """Cells: noun ``perro|m`` (a third field overrides the article: ``agua|f|el``); adjective ``rojo|roja`` (a third
    field overrides the copula: ``limpio|limpia|está``); verb.
    """

    glued_after = frozenset("¿")

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """Adjectives follow the noun; objects that are persons take ``a``."""
        gender = self.gender(noun)
        article = noun[2] if len(noun) > 2 else agree(("el", "la"), gender)
        words = [(article, "DET"), (noun[0], "NOUN")]
        if accusative and person:
            words = [("al", "ADP"), *words[1:]] if article == "el" else [("a", "ADP"), *words]
        return words if attribute is None else [*words, *self.quality(attribute, gender)]

    def place(self, noun: Cell) -> Words:
        """``en el jardín``."""
        return [("en", "ADP"), *self.noun_phrase(noun, None, False, False)]

    def quality(self, adjective: Cell, gender: str) -> Words:
        """Agrees in gender."""
        return [(agree(adjective[:2], gender), "ADJ")]

    def copula(self, adjective: Cell, negated: bool) -> Words:
        """``es``, or ``está`` for passing states."""
        return [(adjective[2] if len(adjective) > 2 else "es", "AUX")]


class Portuguese(Grammar):
    """Cells as in Spanish."""

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """Adjectives follow the noun."""
        gender = self.gender(noun)
        words = [(agree(("o", "a"), gender), "DET"), (noun[0], "NOUN")]
        return words if attribute is None else [*words, *self.quality(attribute, gender)]

    def place(self, noun: Cell) -> Words:
        """``no jardim``, ``na cozinha``."""
        return [(agree(("no", "na"), self.gender(noun)), "ADP"), (noun[0], "NOUN")]

    def quality(self, adjective: Cell, gender: str) -> Words:
        """Agrees in gender."""
        return [(agree(adjective[:2], gender), "ADJ")]

    def copula(self, adjective: Cell, negated: bool) -> Words:
        """``é``, or ``está`` for passing states."""
        return [(adjective[2] if len(adjective) > 2 else "é", "AUX")]


class Italian(Grammar):
    """Cells: noun ``cane|m``; adjective ``rosso|rossa``; verb."""

    glued_after = frozenset(("l'", "nell'"))

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """The article goes by gender and the noun's first letters; adjectives follow the noun."""
        gender = self.gender(noun)
        words = [(self._article(noun[0], gender), "DET"), (noun[0], "NOUN")]
        return words if attribute is None else [*words, *self.quality(attribute, gender)]

    def place(self, noun: Cell) -> Words:
        """``nel giardino``, ``nella cucina``, ``nell'ufficio``."""
        contracted = {"il": "nel", "lo": "nello", "la": "nella", "l'": "nell'"}
        return [(contracted[self._article(noun[0], self.gender(noun))], "ADP"), (noun[0], "NOUN")]

    def quality(self, adjective: Cell, gender: str) -> Words:
        """Agrees in gender."""
        return [(agree(adjective[:2], gender), "ADJ")]

    @staticmethod
    def _article(word: str, gender: str) -> str:
        if word[0] in VOWELS.replace("y", "") or word[0] == "h":
            return "l'"
        if gender == "f":
            return "la"
        impure = word[0] in "zxy" or word[:2] in ("gn", "ps", "pn") or (word[0] == "s" and word[1] not in VOWELS)
        return "lo" if impure else "il"


class French(Grammar):
    """Cells: noun ``chien|m`` (``|h``: aspirated h, no elision); adjective ``beau|belle|pre|bel`` (``pre``: before the
    noun, with the form before a masculine noun that begins with a vowel); verb.
    """

    # A question mark has a space before it.
    glued_before = frozenset(".,")
    glued_after = frozenset(("l'", "n'", "c'", "qu'"))

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """The article is elided before a vowel; most adjectives follow the noun."""
        gender = self.gender(noun)
        words = [(noun[0], "NOUN")]
        soft = self._soft(noun[0]) and noun[2:] != ("h",)
        if attribute is not None and "pre" in attribute[2:]:
            form = attribute[3] if soft and gender == "m" and len(attribute) > 3 else agree(attribute[:2], gender)
            words.insert(0, (form, "ADJ"))
            soft = self._soft(form)
        elif attribute is not None:
            words.extend(self.quality(attribute, gender))
        return [("l'" if soft else agree(("le", "la"), gender), "DET"), *words]

    def place(self, noun: Cell) -> Words:
        """``dans le jardin``."""
        return [("dans", "ADP"), *self.noun_phrase(noun, None, False, False)]

    def quality(self, adjective: Cell, gender: str) -> Words:
        """Agrees in gender."""
        return [(agree(adjective[:2], gender), "ADJ")]

    def adjust(self, words: list[str]) -> list[str]:
        """``ne`` and ``que`` lose their vowel before one."""
        following = [*words[1:], "-"]
        return [
            f"{w[:-1]}'" if w in ("ne", "que") and self._soft(n) else w for w, n in zip(words, following, strict=True)
        ]

    @staticmethod
    def _soft(word: str) -> bool:
        return word[0].lower() in VOWELS or word[0].lower() == "h"
