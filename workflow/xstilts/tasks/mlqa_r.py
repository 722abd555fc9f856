"""MLQA-R (LAReQA): find the sentences that answer a question among those of 7 languages."""

from xstilts.tasks._lareqa import lareqa_files, lareqa_reader
from xstilts.tasks.base import MULTILINGUAL, POOL, Task

LANGUAGES = ("ar", "de", "en", "es", "hi", "vi", "zh")

TASK = Task(
    name="mlqa_r",
    type="pool_retrieval",
    languages={"test": LANGUAGES, POOL: (MULTILINGUAL,)},
    files=lareqa_files("mlqa-r", LANGUAGES),
    read=lareqa_reader("mlqa-r", LANGUAGES),
    metrics=("map_20",),
    licence="CC BY-SA 3.0",
    citation="Roy et al. 2020, LAReQA: Language-Agnostic Answer Retrieval from a Multilingual Pool (EMNLP)",
    splits_note="Scored whole. A question has one right answer in each language that MLQA has it in. The number of "
    "rows is not checked: no source for it was found.",
)
