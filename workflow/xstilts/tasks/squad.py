"""SQuAD v1.1: questions on English Wikipedia passages."""

from xstilts.sources.places import Download, Hub
from xstilts.tasks._squad import ADDRESS, ENGLISH, OVERLAPS, published_editions, validation_reader
from xstilts.tasks.base import Task

VERSION = "v1.1"

TASK = Task(
    name="squad",
    type="span_qa",
    languages=ENGLISH,
    files=lambda split, language: (f"squad/dev-{VERSION}.json",),
    read=validation_reader("squad", VERSION),
    metrics=("f1", "exact_match"),
    rows={("train", "en"): 10_037, ("dev", "en"): 533},
    licence="CC BY-SA 4.0",
    citation="Rajpurkar et al. 2016, SQuAD: 100,000+ Questions for Machine Comprehension of Text (EMNLP)",
    splits_note="Both parts come from the published validation file (10,570 questions; the 87,599 training questions "
    "are not there): passages are hashed, and about 5 % of them form dev. Its 48 articles are XQuAD's, so a study "
    "that scores XQuAD or XQuAD-R cannot train on it.",
    overlaps=OVERLAPS,
    editions=published_editions(
        VERSION,
        Hub("rajpurkar/squad", "7b6d24c440a36b6815f21b70d25016731768db1f"),
        "plain_text",
        {"train": 87_599, "dev": 10_570},
        {
            "squad/train-v1.1.json": Download(
                f"{ADDRESS}train-v1.1.json",
                "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955",
                30_288_272,
            ),
            "squad/dev-v1.1.json": Download(
                f"{ADDRESS}dev-v1.1.json",
                "95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9",
                4_854_279,
            ),
        },
    ),
)
