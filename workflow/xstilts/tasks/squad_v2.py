"""SQuAD v2.0: questions on English Wikipedia passages, about half of the validation ones without an answer."""

from xstilts.sources.places import Download, Hub
from xstilts.tasks._squad import ADDRESS, ENGLISH, OVERLAPS, published_editions, validation_reader
from xstilts.tasks.base import Task

VERSION = "v2.0"

TASK = Task(
    name="squad_v2",
    type="span_qa",
    languages=ENGLISH,
    files=lambda split, language: (f"squad/dev-{VERSION}.json",),
    read=validation_reader("squad_v2", VERSION),
    metrics=("squad_v2_f1", "squad_v2_exact_match"),
    rows={("train", "en"): 11_307, ("dev", "en"): 566},
    licence="CC BY-SA 4.0",
    citation="Rajpurkar et al. 2018, Know What You Don't Know: Unanswerable Questions for SQuAD (ACL)",
    splits_note="Both parts come from the published validation file (11,873 questions, 5,945 of them unanswerable; the "
    "130,319 training questions are not there): passages are hashed, and about 5 % of them form dev. Its 35 articles "
    "are among XQuAD's, so a study that scores XQuAD or XQuAD-R cannot train on it.",
    overlaps=OVERLAPS,
    editions=published_editions(
        VERSION,
        Hub("rajpurkar/squad_v2", "3ffb306f725f7d2ce8394bc1873b24868140c412"),
        "squad_v2",
        {"train": 130_319, "dev": 11_873},
        {
            "squad/train-v2.0.json": Download(
                f"{ADDRESS}train-v2.0.json",
                "68dcfbb971bd3e96d5b46c7177b16c1a4e7d4bdef19fb204502738552dede002",
                42_123_633,
            ),
            "squad/dev-v2.0.json": Download(
                f"{ADDRESS}dev-v2.0.json",
                "80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8",
                4_370_528,
            ),
        },
    ),
)
