"""HellaSwag: which of four endings continues an English text."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.jsonl import read_jsonl
from xstilts.sources.lines import bad_row
from xstilts.sources.overlap import fingerprint
from xstilts.tasks.base import Row, Task

DEV_SHARE = 0.05
N_ENDINGS = 4


def files(split: str, language: str) -> tuple[str, ...]:
    """The validation file; both parts are drawn from it."""
    return ("hellaswag/hellaswag_val.jsonl",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the contexts of ``train`` or ``dev`` with their endings."""
    path = root / files(split, language)[0]
    for record in read_jsonl(path):
        context, label = record.get("ctx", str), record.get("label", int)
        if not 0 <= label < N_ENDINGS:
            raise bad_row(path, record.line, f"unknown label {label}", f"allowed: 0 to {N_ENDINGS - 1}")
        if held_out(fingerprint(context), DEV_SHARE, "hellaswag") != (split == "dev"):
            continue
        yield {
            "id": str(record.get("ind", int)),
            "language": language,
            "prompt": context,
            "choices": record.texts("endings", N_ENDINGS),
            "label": label,
        }


TASK = Task(
    name="hellaswag",
    type="multiple_choice",
    n_choices=N_ENDINGS,
    languages={"train": ("en",), "dev": ("en",)},
    files=files,
    read=read,
    metrics=("accuracy",),
    rows={("train", "en"): 9548, ("dev", "en"): 494},
    licence="MIT",
    citation="Zellers et al. 2019, HellaSwag: Can a Machine Really Finish Your Sentence? (ACL)",
    splits_note="Both parts come from the published validation file (10,042 contexts; the 39,905 training contexts are "
    "not used): contexts are hashed, and about 5 % of them form dev. Segments of one video or article may fall on both "
    "sides, for the file does not say which belong together.",
)
