"""Chinese, Japanese and Thai: no inflection by gender, number or case, and no spaces between words."""

from xstilts.miniature.grammar.base import Cell, Grammar, Words


class Chinese(Grammar):
    """Cells: noun; adjective (``|是``: the copula is 是, as for colours, and not 很); verb."""

    space = ""
    full_stop = "。"
    capitals = False

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """``大的狗``."""
        return [*([] if attribute is None else [(attribute[0], "ADJ"), ("的", "PART")]), (noun[0], "NOUN")]

    def place(self, noun: Cell) -> Words:
        """``花园里``; 在 is in the templates."""
        return [(noun[0], "NOUN"), ("里", "ADP")]

    def copula(self, adjective: Cell, negated: bool) -> Words:
        """很 or 是; 不 or 不是."""
        is_noun = len(adjective) > 1
        if negated:
            return [("不", "ADV"), *([("是", "AUX")] if is_noun else [])]
        return [("是", "AUX") if is_noun else ("很", "ADV")]


class Japanese(Grammar):
    """Cells: noun; adjective ``大きい|i``, ``勇敢|na`` or ``緑|no``; verb ``食べる|食べない``."""

    space = ""
    full_stop = "。"
    capitals = False

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """Adjectives precede the noun, with な or の where they need it."""
        if attribute is None:
            return [(noun[0], "NOUN")]
        link: Words = {"i": [], "na": [("な", "AUX")], "no": [("の", "ADP")]}[attribute[1]]
        return [(attribute[0], "ADJ"), *link, (noun[0], "NOUN")]

    def quality(self, adjective: Cell, gender: str) -> Words:
        """``大きい``; ``勇敢だ``."""
        return [(adjective[0], "ADJ"), *([] if adjective[1] == "i" else [("だ", "AUX")])]

    def not_quality(self, adjective: Cell, gender: str) -> Words:
        """``大きくない``; ``勇敢ではない``."""
        if adjective[1] == "i":
            return [(f"{adjective[0].removesuffix('い')}くない", "ADJ")]
        return [(adjective[0], "ADJ"), ("ではない", "AUX")]

    def alternative(self, forms: list[str], gender: str, animate: bool) -> str:
        """By animacy: いる or ある."""
        return forms[0 if animate else -1]


class Thai(Grammar):
    """Cells: noun; adjective (``|เป็น``: it needs this copula, as colours do); verb."""

    space = ""
    full_stop = ""
    capitals = False

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """Adjectives follow the noun."""
        return [(noun[0], "NOUN"), *([] if attribute is None else [(attribute[0], "ADJ")])]

    def place(self, noun: Cell) -> Words:
        """``ในสวน``."""
        return [("ใน", "ADP"), (noun[0], "NOUN")]

    def copula(self, adjective: Cell, negated: bool) -> Words:
        """Nothing or เป็น; ไม่ or ไม่ใช่."""
        has_copula = len(adjective) > 1
        if negated:
            return [("ไม่", "PART"), *([("ใช่", "AUX")] if has_copula else [])]
        return [("เป็น", "AUX")] if has_copula else []
