"""MLQA-R (LAReQA): find the sentences that answer a question among those of 7 languages."""

from xstilts.tasks._lareqa import lareqa_files, lareqa_reader
from xstilts.tasks.base import MULTILINGUAL, POOL, Task
from xstilts.tasks.mlqa import DEV_ROWS, LANGUAGES

TASK = Task(
    name="mlqa_r",
    type="pool_retrieval",
    languages={"test": LANGUAGES, POOL: (MULTILINGUAL,)},
    files=lareqa_files("mlqa-r", LANGUAGES),
    read=lareqa_reader("mlqa-r", LANGUAGES),
    metrics=("map_20",),
    # The publishers' table has the numbers of MLQA's dev files, which the questions are from.
    rows={("test", language): questions for language, questions in DEV_ROWS.items()},
    licence="CC BY-NC 4.0, by its publishers' page (MLQA itself: CC BY-SA 3.0)",
    citation="Roy et al. 2020, LAReQA: Language-Agnostic Answer Retrieval from a Multilingual Pool (EMNLP)",
    splits_note="Scored whole: 4,199 questions, those of MLQA's dev files. A question has one right answer in each "
    "language that MLQA has it in. The publishers count 20,534 candidate sentences; that is not checked. In "
    "their repository the folder is mlqa-r in early commits and mlqa-dev-r in later ones.",
)
