"""XQuAD-R (LAReQA): find the sentences that answer a question among those of 11 languages."""

from xstilts.tasks._lareqa import lareqa_files, lareqa_reader
from xstilts.tasks.base import MULTILINGUAL, POOL, Task

LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")

TASK = Task(
    name="xquad_r",
    type="pool_retrieval",
    languages={"test": LANGUAGES, POOL: (MULTILINGUAL,)},
    files=lareqa_files("xquad-r", LANGUAGES),
    read=lareqa_reader("xquad-r", LANGUAGES),
    metrics=("map_20",),
    rows={("test", language): 1190 for language in LANGUAGES} | {(POOL, MULTILINGUAL): 13_014},
    licence="CC BY-SA 4.0",
    citation="Roy et al. 2020, LAReQA: Language-Agnostic Answer Retrieval from a Multilingual Pool (EMNLP)",
    splits_note="Scored whole: 13,090 questions, 13,014 candidate sentences. Each question has 11 right answers, one a "
    "language.",
)
