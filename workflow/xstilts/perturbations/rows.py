"""Perturbing whole rows so that their labels stay true; see :mod:`xstilts.tasks.base` for the columns of each type."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from xstilts import seeds
from xstilts.errors import ConfigError, DataError
from xstilts.perturbations.base import Perturbation, clusters, edit_distance
from xstilts.tasks.base import Row

# noise(field, texts): the perturbed texts of one field, in order.
Noise = Callable[[str, Sequence[str]], list[str]]


def perturb_row(
    task_type: str, row: Row, perturbation: Perturbation, strength: float, language: str, seed: int
) -> tuple[Row, int, int]:
    """Perturb the inputs of one row.

    The noise depends on the perturbation, the language, the seed and the row's id, and neither on other rows nor on
    the strength: a stronger copy of a row holds the weaker copy's noise and more.

    Args:
        task_type: a key of ``TASK_TYPES``.
        row: left as it is.
        perturbation: what to do to the text.
        strength: in [0, 1].
        language: ISO 639-1 code.
        seed: of the condition, not of the training run.

    Returns:
        The new row, the edit distance to the old one in grapheme clusters, and the old one's number of clusters, both
        summed over the perturbed fields.

    Raises:
        ConfigError: the perturbation is not defined for the language or the type of task, or the strength is out of
            range.
        DataError: an answer is not where the row says it is.
    """
    spoken = perturbation.check(language, task_type)
    if not 0 <= strength <= 1:
        raise ConfigError(f"perturbation {perturbation.name!r}: strength is {strength}; it must lie between 0 and 1")

    def noise(field: str, texts: Sequence[str]) -> list[str]:
        generator = seeds.rng(perturbation.name, language, seed, row["id"], field)
        return [perturbation.apply(text, spoken, strength, generator) for text in texts]

    changed = _BY_TYPE[task_type](row, noise)
    edits = units = 0
    for field, value in changed.items():
        if field == "answer_starts":
            continue
        pairs = [(row[field], value)] if isinstance(value, str) else zip(row[field], value, strict=True)
        for before, after in pairs:
            original = clusters(before)
            units += len(original)
            edits += edit_distance(original, clusters(after)) if before != after else 0
    return {**row, **changed}, edits, units


def editable_texts(task_type: str, row: Row) -> list[str]:
    """The texts of a row that noise may change, in the order in which :func:`with_texts` takes them back."""
    found: list[str] = []

    def collect(field: str, texts: Sequence[str]) -> list[str]:
        found.extend(texts)
        return list(texts)

    _BY_TYPE[task_type](row, collect)
    return found


def with_texts(task_type: str, row: Row, texts: Sequence[str]) -> Row:
    """The row with other texts and labels that are still true: a text that would break them goes back."""
    left = iter(texts)
    return {**row, **_BY_TYPE[task_type](row, lambda field, old: [next(left) for _ in old])}


def _classification(row: Row, noise: Noise) -> Row:
    return {field: noise(field, [row[field]])[0] for field in ("text_a", "text_b")}


def _text(row: Row, noise: Noise) -> Row:
    return {"text": noise("text", [row["text"]])[0]}


def _multiple_choice(row: Row, noise: Noise) -> Row:
    """Choices that noise made equal go back to what they were."""
    choices = noise("choices", row["choices"])
    while True:
        counts = Counter(choices)
        clashes = [i for i, choice in enumerate(choices) if counts[choice] > 1 and choice != row["choices"][i]]
        if not clashes:
            return {"prompt": noise("prompt", [row["prompt"]])[0], "choices": choices}
        for i in clashes:
            choices[i] = row["choices"][i]


def _tagging(row: Row, noise: Noise) -> Row:
    """A token that noise emptied or split goes back to what it was."""
    pairs = zip(row["tokens"], noise("tokens", row["tokens"]), strict=True)
    return {"tokens": [after if len(after.split()) == len(before.split()) else before for before, after in pairs]}


def _span_qa(row: Row, noise: Noise) -> Row:
    """Noise between the answers; their offsets move with them."""
    context = row["context"]
    bounds = [0, *(bound for span in _answer_spans(row) for bound in span), len(context)]
    parts = [context[start:end] for start, end in pairwise(bounds)]  # around, answer, around, answer, …, around
    parts[::2] = noise("context", parts[::2])
    moved = list(accumulate(map(len, parts), initial=0))
    holders = [(start, bisect_right(bounds, start) - 1) for start in row["answer_starts"]]
    return {
        "question": noise("question", [row["question"]])[0],
        "context": "".join(parts),
        "answer_starts": [moved[part] + start - bounds[part] for start, part in holders],
    }


def _answer_spans(row: Row) -> list[tuple[int, int]]:
    """The answers' spans in the context, widened to grapheme clusters, overlapping ones merged, in order.

    An annotated span may begin or end inside a cluster (in Thai and Hindi some do).
    """
    context = row["context"]
    edges = list(accumulate(map(len, clusters(context)), initial=0))
    merged: list[tuple[int, int]] = []
    for start, text in sorted(zip(row["answer_starts"], row["answer_texts"], strict=True)):
        if not text or start < 0 or context[start : start + len(text)] != text:
            raise DataError(f"row {row['id']!r}: the answer {text!r} is not at offset {start} of its context")
        first = edges[bisect_right(edges, start) - 1]
        last = edges[bisect_left(edges, start + len(text))]
        if merged and first < merged[-1][1]:
            first, last = merged[-1][0], max(last, merged.pop()[1])
        merged.append((first, last))
    return merged


_BY_TYPE: dict[str, Callable[[Row, Noise], Row]] = {
    "classification": _classification,
    "multiple_choice": _multiple_choice,
    "span_qa": _span_qa,
    "tagging": _tagging,
    "retrieval": _text,
    "pool_retrieval": _text,
    "mlm": _text,
}
