"""Predictions made from gold data by seeded mistakes, so that only a scorer's numbers need to be stored."""

import unicodedata

from xstilts.seeds import rng


def answer(row):
    """A prediction for a question: right, nearly right or wrong, chosen by the row's id."""
    random = rng("golden", "answer", row["language"], row["id"])
    context = row["context"]
    if not row["answer_texts"]:
        return random.choice(["", "", context[: random.randint(1, 30)]])
    which = random.randrange(len(row["answer_texts"]))
    text, start = row["answer_texts"][which], row["answer_starts"][which]
    end = start + len(text)
    return random.choice(
        [
            text,
            context[max(0, start - random.randint(1, 8)) : end],
            context[start : end + random.randint(1, 8)],
            text[random.randint(0, 2) : len(text) - random.randint(0, 2)],
            context[end : end + 20],
            f" {text.upper()} ,.!",
            f"the {text}",
            unicodedata.normalize("NFD", text),
            unicodedata.normalize("NFKC", text),
            f"«{text}»。",
            "",
        ]
    )


def no_answer(row):
    """A score by which no answer is preferred; somewhat informed, with ties."""
    random = rng("golden", "no answer", row["id"])
    return round(random.gauss(0.0 if row["answer_texts"] else 1.0, 1.0), 2)


def tags(row, labels):
    """Predicted tags of a sentence, one in six wrong."""
    random = rng("golden", "tags", row["language"], row["id"])
    return [random.choice(labels) if random.random() < 1 / 6 else tag for tag in row["tags"]]


def label(row, labels):
    """A predicted label, one in three drawn at random."""
    random = rng("golden", "label", row["language"], row["id"])
    return random.choice(labels) if random.random() < 1 / 3 else row["label"]


def ranking(identifier, gold, pool):
    """Twenty candidates, right ones among them at random ranks."""
    random = rng("golden", "ranking", identifier)
    found = [*random.sample(sorted(gold), random.randint(0, len(gold))), *random.sample(pool, 25)]
    random.shuffle(found)
    return list(dict.fromkeys(found))[:20]
