"""What a language must be able to inflect, with the defaults of a language that inflects nothing."""

Cell = tuple[str, ...]
# Words with their universal part-of-speech tags.
Words = list[tuple[str, str]]

GENDERS = ("m", "f", "n")
VOWELS = "aeiouyàáâãäæèéêëìíîïòóôõöœùúûü"


class Grammar:
    """Phrases of one language. Cells are the fields of a lexicon entry; ``docs/miniature.md`` explains each."""

    space = " "
    full_stop = "."
    capitals = True
    # Words written without a space before or after them.
    glued_before = frozenset(".,?")
    glued_after: frozenset[str] = frozenset()

    def gender(self, noun: Cell) -> str:
        """``m``, ``f`` or ``n``; ``m`` where the language has no genders."""
        return noun[1] if len(noun) > 1 and noun[1] in GENDERS else "m"

    def noun_phrase(self, noun: Cell, attribute: Cell | None, accusative: bool, person: bool) -> Words:
        """A definite singular noun phrase. Only subjects have an attribute; ``person`` is for Spanish objects."""
        return [(noun[0], "NOUN")] if attribute is None else [(attribute[0], "ADJ"), (noun[0], "NOUN")]

    def place(self, noun: Cell) -> Words:
        """The place someone is in."""
        return [(noun[0], "NOUN")]

    def verb(self, verb: Cell, gender: str) -> Words:
        """Third person singular present."""
        return _verb(verb[0])

    def second_verb(self, verb: Cell, gender: str) -> Words:
        """The form that negation (and, in English, a question) asks for."""
        return _verb(verb[1]) if len(verb) > 1 else self.verb(verb, gender)

    def quality(self, adjective: Cell, gender: str) -> Words:
        """A predicative adjective."""
        return [(adjective[0], "ADJ")]

    def not_quality(self, adjective: Cell, gender: str) -> Words:
        """A negated predicative adjective, where negation is part of it."""
        return self.quality(adjective, gender)

    def copula(self, adjective: Cell, negated: bool) -> Words:
        """The copula, where the adjective decides it."""
        return []

    def alternative(self, forms: list[str], gender: str, animate: bool) -> str:
        """Which of a template's ``a|b`` forms agrees with the subject: by gender, masculine first."""
        return forms[min(GENDERS.index(gender), len(forms) - 1)]

    def capital(self, letter: str) -> str:
        """The capital of a letter."""
        return letter.upper()

    def adjust(self, words: list[str]) -> list[str]:
        """Changes between neighbouring words of a finished sentence."""
        return words


def agree(adjective: Cell, gender: str) -> str:
    """The masculine, feminine or neuter form of an adjective given as one, two or three fields."""
    forms = [field for field in adjective[:3] if field]
    return forms[min(GENDERS.index(gender), len(forms) - 1)]


def _verb(form: str) -> Words:
    return [(word, "VERB") for word in form.split()]
