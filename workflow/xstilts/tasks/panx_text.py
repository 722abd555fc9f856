"""Unlabelled text of PAN-X's languages: the tokens of its training sentences, without their tags."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.conll import read_conll
from xstilts.tasks._tagging import tagging_files
from xstilts.tasks.base import Row, Task
from xstilts.tasks.panx import LABELS

# Written without spaces, and divided into characters by the corpus.
UNSPACED = ("ja", "my", "zh")

# Sentences that are left.
ROWS = {
    **{"af": 4681, "ar": 17_587, "az": 9282, "bg": 15_985, "bn": 6366, "de": 18_293, "el": 15_697, "en": 19_591},
    **{"es": 17_652, "et": 13_214, "eu": 7547, "fa": 15_948, "fi": 18_845, "fr": 17_991, "gu": 97, "he": 18_203},
    **{"hi": 4303, "hu": 17_583, "id": 13_847, "it": 18_260, "ja": 18_925, "jv": 99, "ka": 8748, "kk": 854},
    **{"ko": 18_755, "lt": 8411, "ml": 9589, "mr": 4324, "ms": 13_595, "my": 97, "nl": 17_338, "pa": 95},
    **{"pl": 18_873, "pt": 17_870, "qu": 94, "ro": 15_365, "ru": 18_743, "sw": 882, "ta": 14_262, "te": 920},
    **{"tl": 7022, "tr": 18_302, "uk": 16_345, "ur": 18_195, "vi": 15_803, "yo": 88, "zh": 18_232},
}

files = tagging_files("panx")


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the training sentences that are not scored; the id is the line number of the first token."""
    train, scored = (root / name for name in files(split, language))
    left_out = {tuple(sentence.tokens) for sentence in read_conll(scored, LABELS)}
    between = "" if language in UNSPACED else " "
    for sentence in read_conll(train, LABELS):
        if tuple(sentence.tokens) not in left_out:
            yield {"id": str(sentence.line), "language": language, "text": between.join(sentence.tokens)}


TASK = Task(
    name="panx_text",
    type="mlm",
    languages={"train": tuple(ROWS)},
    files=files,
    read=read,
    metrics=("accuracy",),
    rows={("train", language): rows for language, rows in ROWS.items()},
    licence="as WikiANN (Wikipedia's text: CC BY-SA)",
    citation="Pan et al. 2017, Cross-lingual Name Tagging and Linking for 282 Languages (ACL); splits of Rahimi et al. "
    "2019 (ACL)",
    splits_note="Tokens of the published training files, joined; tags are dropped, and sentences identical to a scored "
    "one of their language are left out. th is not covered.",
)
