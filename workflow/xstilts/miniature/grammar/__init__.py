"""Inflection: one small class per language, over the fields of a lexicon cell."""

from xstilts.miniature.grammar.arabic_greek import Arabic, Greek
from xstilts.miniature.grammar.base import Cell, Grammar, Words
from xstilts.miniature.grammar.germanic import English, German
from xstilts.miniature.grammar.romance import French, Italian, Portuguese, Spanish
from xstilts.miniature.grammar.russian_turkish import Russian, Turkish
from xstilts.miniature.grammar.unspaced import Chinese, Japanese, Thai

__all__ = ["GRAMMARS", "Cell", "Grammar", "Words"]

GRAMMARS: dict[str, Grammar] = {
    "en": English(),
    "de": German(),
    "es": Spanish(),
    "fr": French(),
    "it": Italian(),
    "pt": Portuguese(),
    "ru": Russian(),
    "zh": Chinese(),
    "ja": Japanese(),
    "ar": Arabic(),
    "tr": Turkish(),
    "th": Thai(),
    "el": Greek(),
}
