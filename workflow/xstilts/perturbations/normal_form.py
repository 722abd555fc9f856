"""Another Unicode normalisation form of the same text."""

import functools
import unicodedata
from functools import partial
from typing import Literal, cast

from xstilts.languages import LANGUAGES, Language
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Option, Options, Perturbation, Span, Units
from xstilts.perturbations.edits import perturbation

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
_FORMS = ("NFC", "NFD", "NFKC", "NFKD")
# Scripts and languages in whose everyday spelling no letter decomposes.
_UNDECOMPOSED_SCRIPTS = frozenset({"Geor", "Guru", "Gujr", "Hans", "Hebr", "Mymr", "Thai"})
_UNDECOMPOSED = frozenset({"en", "id", "jv", "ms", "sw", "tl"})


def configured(form: str) -> Perturbation:
    """The perturbation towards one form."""
    decomposing = frozenset(
        code
        for code, found in LANGUAGES.items()
        if found.script not in _UNDECOMPOSED_SCRIPTS and code not in _UNDECOMPOSED
    )
    return perturbation(
        Edits(partial(sites, cast(Form, form)), partial(rewrite, cast(Form, form))),
        name="normal_form",
        scripts=ALL_SCRIPTS,
        languages=decomposing if form == "NFD" else None,
        description="clusters go to another Unicode normalisation form, which looks the same (compatibility forms:"
        " nearly); NFC leaves text alone that is in NFC, as most is",
        source="Unicode Standard Annex #15",
        options={"form": Option("the form to go to", values=_FORMS, default="NFD")},
        configure=_configure,
    )


def sites(form: Form, units: Units, language: Language) -> list[Span]:
    """Clusters that differ from their form."""
    return [(index, index + 1) for index, unit in enumerate(units) if _normal(form, unit) != unit]


def rewrite(form: Form, units: Units, span: Span, language: Language, choice: float) -> str:
    """The cluster's form."""
    return _normal(form, units[span[0]])


@functools.cache
def _normal(form: Form, unit: str) -> str:
    return unicodedata.normalize(form, unit)


def _configure(options: Options, resources: Options) -> Perturbation:
    return configured(options["form"])


PERTURBATION = configured("NFD")
