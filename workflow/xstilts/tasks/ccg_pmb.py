"""CCG categories of the Parallel Meaning Bank 4.0, an open substitute for CCGbank."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.lines import bad_row, read_lines
from xstilts.tasks.base import Row, Task

COLUMNS = 7
TOKEN, CATEGORY = 0, 4


def files(split: str, language: str) -> tuple[str, ...]:
    """The file of gold documents of a split."""
    return (f"ccg_pmb/{language}.{split}.conll",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the sentences; the id is the line number of the first token."""
    path = root / files(split, language)[0]
    first, tokens, tags = 0, list[str](), list[str]()
    for line in read_lines(path):
        if not line.text and tokens:
            yield {"id": str(first), "language": language, "tokens": tokens, "tags": tags}
            tokens, tags = [], []
        elif line.text and not line.text.startswith("#"):
            cells = line.text.split("\t")
            if len(cells) != COLUMNS or not cells[TOKEN] or not cells[CATEGORY]:
                what = f"{len(cells)} tab-separated columns instead of {COLUMNS}"
                raise bad_row(path, line.number, what, "correct the line, or download the file again if it is cut off")
            first = first if tokens else line.number
            tokens.append(cells[TOKEN])
            tags.append(cells[CATEGORY])
    if tokens:
        yield {"id": str(first), "language": language, "tokens": tokens, "tags": tags}


TASK = Task(
    name="ccg_pmb",
    type="tagging",
    languages={"train": ("en",), "dev": ("en",)},
    files=files,
    read=read,
    metrics=("accuracy",),
    open_labels=True,
    rows={("train", "en"): 7745, ("dev", "en"): 1174},
    licence="ODC-BY 1.0",
    citation="Abzianidze et al. 2017, The Parallel Meaning Bank (EACL)",
    splits_note="Not CCGbank: the sentences of the gold English documents of the Parallel Meaning Bank 4.0 (short "
    "ones, other category notation), published training and validation parts. The labels are the categories that "
    "occur in them.",
)
