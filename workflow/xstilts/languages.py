"""The languages of XTREME (Hu et al. 2020) and XTREME-R (Ruder et al. 2021).

Scripts are the likely ones of Unicode's CLDR for the bare language code; families are those of the benchmarks' own
language tables, with the branch for Indo-European. English is included as the language everything is transferred from.
"""

import difflib
from dataclasses import dataclass

from xstilts.errors import ConfigError


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        code: ISO 639-1.
        name: English name.
        script: ISO 15924 code of the script its benchmark texts are written in.
        family: language family; Indo-European languages name their branch after a colon.
    """

    code: str
    name: str
    script: str
    family: str

    @property
    def distance_to_english(self) -> int:
        """In how many classes it differs from English: branch, family and script, so 0 (Dutch) to 3 (Thai).

        A count of classes, not a measured typological distance such as lang2vec's.
        """
        english = LANGUAGES["en"]
        stem, _, _ = english.family.partition(":")
        return (
            (self.family != english.family) + (self.family.partition(":")[0] != stem) + (self.script != english.script)
        )


_TABLE = (
    ("af", "Afrikaans", "Latn", "Indo-European: Germanic"),
    ("ar", "Arabic", "Arab", "Afro-Asiatic"),
    ("az", "Azerbaijani", "Latn", "Turkic"),
    ("bg", "Bulgarian", "Cyrl", "Indo-European: Slavic"),
    ("bn", "Bengali", "Beng", "Indo-European: Indo-Aryan"),
    ("de", "German", "Latn", "Indo-European: Germanic"),
    ("el", "Greek", "Grek", "Indo-European: Greek"),
    ("en", "English", "Latn", "Indo-European: Germanic"),
    ("es", "Spanish", "Latn", "Indo-European: Romance"),
    ("et", "Estonian", "Latn", "Uralic"),
    ("eu", "Basque", "Latn", "Basque"),
    ("fa", "Persian", "Arab", "Indo-European: Iranian"),
    ("fi", "Finnish", "Latn", "Uralic"),
    ("fr", "French", "Latn", "Indo-European: Romance"),
    ("gu", "Gujarati", "Gujr", "Indo-European: Indo-Aryan"),
    ("he", "Hebrew", "Hebr", "Afro-Asiatic"),
    ("hi", "Hindi", "Deva", "Indo-European: Indo-Aryan"),
    ("ht", "Haitian Creole", "Latn", "Creole"),
    ("hu", "Hungarian", "Latn", "Uralic"),
    ("id", "Indonesian", "Latn", "Austronesian"),
    ("it", "Italian", "Latn", "Indo-European: Romance"),
    ("ja", "Japanese", "Jpan", "Japonic"),
    ("jv", "Javanese", "Latn", "Austronesian"),
    ("ka", "Georgian", "Geor", "Kartvelian"),
    ("kk", "Kazakh", "Cyrl", "Turkic"),
    ("ko", "Korean", "Kore", "Koreanic"),
    ("lt", "Lithuanian", "Latn", "Indo-European: Baltic"),
    ("ml", "Malayalam", "Mlym", "Dravidian"),
    ("mr", "Marathi", "Deva", "Indo-European: Indo-Aryan"),
    ("ms", "Malay", "Latn", "Austronesian"),
    ("my", "Burmese", "Mymr", "Sino-Tibetan"),
    ("nl", "Dutch", "Latn", "Indo-European: Germanic"),
    ("pa", "Punjabi", "Guru", "Indo-European: Indo-Aryan"),
    ("pl", "Polish", "Latn", "Indo-European: Slavic"),
    ("pt", "Portuguese", "Latn", "Indo-European: Romance"),
    ("qu", "Quechua", "Latn", "Quechuan"),
    ("ro", "Romanian", "Latn", "Indo-European: Romance"),
    ("ru", "Russian", "Cyrl", "Indo-European: Slavic"),
    ("sw", "Swahili", "Latn", "Niger-Congo"),
    ("ta", "Tamil", "Taml", "Dravidian"),
    ("te", "Telugu", "Telu", "Dravidian"),
    ("th", "Thai", "Thai", "Kra-Dai"),
    ("tl", "Tagalog", "Latn", "Austronesian"),
    ("tr", "Turkish", "Latn", "Turkic"),
    ("uk", "Ukrainian", "Cyrl", "Indo-European: Slavic"),
    ("ur", "Urdu", "Arab", "Indo-European: Indo-Aryan"),
    ("vi", "Vietnamese", "Latn", "Austro-Asiatic"),
    ("wo", "Wolof", "Latn", "Niger-Congo"),
    ("yo", "Yoruba", "Latn", "Niger-Congo"),
    ("zh", "Chinese", "Hans", "Sino-Tibetan"),
)

LANGUAGES: dict[str, Language] = {row[0]: Language(*row) for row in _TABLE}


def get(code: str) -> Language:
    """The language with this ISO 639-1 code.

    Raises:
        ConfigError: there is none; the message suggests the code of a language so named, or the nearest codes.
    """
    try:
        return LANGUAGES[code]
    except KeyError:
        raise ConfigError(f"unknown language {code!r}; {_hint(code)}") from None


def _hint(code: str) -> str:
    by_name = {language.name.lower(): language.code for language in LANGUAGES.values()}
    named = difflib.get_close_matches(code.lower(), by_name, n=1, cutoff=0.75)
    primary = code.lower().replace("_", "-").split("-")[0]
    near = [by_name[name] for name in named] or [known for known in LANGUAGES if known == primary]
    near = near or difflib.get_close_matches(code.lower(), LANGUAGES, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"languages: {' '.join(LANGUAGES)}"
