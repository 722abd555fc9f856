"""SQuADShifts: new English test sets for SQuAD, from Amazon reviews, new Wikipedia articles and Reddit."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.overlap import fingerprint
from xstilts.sources.squad import read_squad
from xstilts.tasks.base import Row, Task

DEV_SHARE = 0.05
DOMAINS = ("amazon_reviews", "new_wiki", "reddit")


def files(split: str, language: str) -> tuple[str, ...]:
    """The files of the three domains, and the English file that XQuAD scores, whose articles are left out."""
    return (*(f"squadshifts/{domain}_v1.0.json" for domain in DOMAINS), "xquad/xquad.en.json")


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of ``train`` or ``dev``; all questions on a passage are in the same part."""
    *own, scored = (root / name for name in files(split, language))
    titles, contexts = set(), set()
    for question in read_squad(scored):
        titles.add(fingerprint(question.title))
        contexts.add(fingerprint(question.context))
    # An article without a title is recognised by its passages only.
    titles.discard("")
    for path in own:
        for question in read_squad(path):
            context = fingerprint(question.context)
            if fingerprint(question.title) in titles or context in contexts:
                continue
            if held_out(context, DEV_SHARE, "squadshifts") == (split == "dev"):
                yield question.row(language)


TASK = Task(
    name="squadshifts",
    type="span_qa",
    languages={"train": ("en",), "dev": ("en",)},
    files=files,
    read=read,
    metrics=("f1", "exact_match"),
    rows={("train", "en"): 26_294, ("dev", "en"): 1332},
    licence="CC BY 4.0",
    citation="Miller et al. 2020, The Effect of Natural Distribution Shift on Question Answering Models (ICML)",
    splits_note="Stands in for SQuAD's training set (87,599 questions), which is not used: the published test sets of "
    "three domains (9,885 + 7,938 + 9,803 questions), of whose passages about 5 %, chosen by hash, form dev. Articles "
    "and passages of XQuAD are left out (the published files share none).",
)
