"""Letters that look the same and are not."""

import functools
import unicodedata

from xstilts.languages import Language
from xstilts.perturbations.edits import perturbation, replacing

_LATIN = {
    **dict(zip("acdeghijlopqsvwxy", "асԁеɡһіјӏорԛѕѵԝху", strict=True)),
    **dict(zip("ABCEHIJKMNOPSTXYZ", "АВСЕНІЈКМΝОРЅТХΥΖ", strict=True)),
}
_CYRILLIC = {
    **dict(zip("аеорсухіјѕһ", "aeopcyxijsh", strict=True)),
    **dict(zip("вгклмнптАВЕКМНОРСТХУІ", "ʙᴦᴋᴫᴍʜᴨᴛABEKMHOPCTXYI", strict=True)),
}
_GREEK = {
    **dict(zip("αεηικνορτυ", "ɑɛƞɩĸvopᴛʋ", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
}
# Regional shapes of one letter, alike in at least one position of the word.
_ARABIC = {"ي": "یى", "ى": "ی", "ی": "يى", "ك": "ک", "ک": "ك", "ه": "ہ", "ہ": "ه", "ة": "ۃ", "ۃ": "ة"}
# The mathematical symbols and the wide letters of typesetting.
_HEBREW = dict(zip("אבגדהכלםרתע", "ﬡℶℷﬢﬣﬤﬥﬦﬧﬨﬠ", strict=True))
_KANA = dict(
    zip(
        "へべぺヘベペロニハカエタトーチ口二八力工夕卜一千",
        "ヘベペへべぺ口二八力工夕卜一千ロニハカエタトーチ",
        strict=True,
    )
)
_THAI = {"แ": ("เเ",)}
# Numerals that are letters by origin.
_BURMESE = {"ဝ": "၀", "ရ": "၇"}
_TAMIL = {"க": "௧", "உ": "௨", "ச": "௪", "எ": "௭", "அ": "௮"}


@functools.cache
def _table(script: str) -> dict[str, str | tuple[str, ...]]:
    if script == "Hans":
        return dict(_radicals())
    if script == "Jpan":
        return {**_radicals(), **_KANA}
    tables: dict[str, dict[str, str | tuple[str, ...]]] = {
        "Latn": {**_LATIN}, "Cyrl": {**_CYRILLIC}, "Grek": {**_GREEK}, "Arab": {**_ARABIC}, "Hebr": {**_HEBREW},
        "Thai": {**_THAI}, "Mymr": {**_BURMESE}, "Taml": {**_TAMIL},
    }  # fmt: skip
    return tables[script]


def _radicals() -> dict[str, str]:
    """Characters that Unicode holds a second time, as a Kangxi radical."""
    radicals = map(chr, range(0x2F00, 0x2FD6))
    return {unicodedata.normalize("NFKC", radical): radical for radical in radicals}


def table(language: Language) -> dict[str, str | tuple[str, ...]]:
    """Look-alikes of a letter in the language's script."""
    return _table(language.script)


PERTURBATION = perturbation(
    replacing(table),
    name="homoglyph",
    scripts=frozenset(["Arab", "Cyrl", "Grek", "Hans", "Hebr", "Jpan", "Latn", "Mymr", "Taml", "Thai"]),
    description="letters become look-alikes of another script or block; encoders that normalise to NFKC undo some",
    source="`substitute by a similar shape` of TextBugger (Li et al. 2019); own table in the sense of UTS #39",
)
