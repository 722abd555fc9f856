"""Running the searches of many examples at once, so that the model always sees full batches."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from xstilts import seeds
from xstilts.languages import Language
from xstilts.perturbations import Perturbation
from xstilts.perturbations.base import clusters, edit_distance
from xstilts.perturbations.rows import editable_texts, with_texts
from xstilts.robustness.base import GRADIENT, Attack, Budget, Candidate, Case, Search
from xstilts.robustness.success import Judge
from xstilts.robustness.victim import Estimate, Victim

Row = dict[str, Any]

# Examples whose searches run side by side.
_TOGETHER = 64


@dataclass
class Outcome:
    """What became of one example.

    Attributes:
        prediction: on the text found if the attack succeeded, else on the clean text.
        clean: prediction on the clean text.
        attacked: whether it was right to begin with.
        success: whether it is not any more.
        edits: grapheme clusters changed (Levenshtein) where the attack succeeded, else 0.
        queries: texts that the model was shown, the clean one not counted.
        row: the texts found where the attack succeeded, else the row as it was.
    """

    prediction: Mapping[str, Any]
    clean: Mapping[str, Any]
    attacked: bool
    row: Row
    success: bool = False
    edits: int = 0
    queries: int = 0


@dataclass
class _Running:
    """A search under way, and what it is to be told next."""

    case: Case
    search: Search
    outcome: Outcome
    reply: Any = None

    def ask(self) -> list[Candidate] | str:
        """What the search wants now, within its budget; nothing where it has ended."""
        left = self.case.budget.queries - self.outcome.queries
        if left <= 0:
            return []
        try:
            wanted = self.search.send(self.reply)
        except StopIteration:
            return []
        return wanted if isinstance(wanted, str) else wanted[:left]


def run(
    attack: Attack,
    victim: Victim,
    judge: Judge,
    rows: Iterable[Row],
    language: Language,
    perturbations: Sequence[Perturbation],
    budget: Budget,
) -> Iterator[Outcome]:
    """Attack rows; outcomes come as they are finished, each depending on its own row alone.

    Args:
        attack: the search.
        victim: the model.
        judge: says when it has succeeded.
        rows: clean rows.
        language: of the rows.
        perturbations: what the search may do.
        budget: of each row.
    """
    waiting = iter(rows)
    running: list[_Running] = []
    while True:
        fresh = list(islice(waiting, _TOGETHER - len(running)))
        for row, clean in zip(fresh, victim.predict(fresh), strict=True):
            outcome = Outcome(clean, clean, judge.right(clean), row)
            if not outcome.attacked:
                yield outcome
                continue
            random = seeds.rng("attack", attack.name, language.code, row["id"])
            texts = editable_texts(judge.task_type, row)
            case = Case.of(texts, language, tuple(perturbations), victim.blank, budget, random, judge.loss(clean))
            running.append(_Running(case, attack.search(case), outcome))
        if not running and not fresh:
            return
        asked = [(one, one.ask()) for one in running]
        _estimate(victim, [one for one, wanted in asked if wanted == GRADIENT])
        _try(victim, judge, [(one, wanted) for one, wanted in asked if wanted and not isinstance(wanted, str)])
        running = []
        for one, wanted in asked:
            if wanted and not one.outcome.success:
                running.append(one)
            else:
                yield one.outcome


def _estimate(victim: Victim, running: Sequence[_Running]) -> None:
    """Send searches that want it an estimate of their candidates' effects; a gradient costs one query."""
    if not running:
        return
    for one, estimate in zip(running, victim.estimates([one.outcome.row for one in running]), strict=True):
        one.outcome.queries += 1
        one.reply = functools.partial(_effect, one.case, estimate)


def _effect(case: Case, estimate: Estimate, candidate: Candidate) -> float:
    """Sum of a candidate's estimated effects, word by word."""
    total = 0.0
    for place, text in candidate.items():
        number, start, stop = next(word for word in case.words if word[0] == place[0] and word[2] >= place[2])
        units = case.texts[number]
        before, (_, first, last) = "".join(units[start:stop]), place
        total += estimate(before, "".join([*units[start:first], text, *units[last:stop]]))
    return total


def _try(victim: Victim, judge: Judge, asked: Sequence[tuple[_Running, list[Candidate]]]) -> None:
    """Put all candidates through the model together and tell each search how its own did."""
    texts = [(one, _texts(one.case, candidate)) for one, wanted in asked for candidate in wanted]
    rows = [with_texts(judge.task_type, one.outcome.row, changed) for one, changed in texts]
    predictions = iter(zip(rows, victim.predict(rows), strict=True))
    for one, wanted in asked:
        outcome, clean = one.outcome, one.outcome.clean
        found = list(islice(predictions, len(wanted)))
        outcome.queries += len(wanted)
        one.reply = [judge.loss(prediction) for _, prediction in found]
        winners = [
            (_cost(judge.task_type, outcome.row, row), number)
            for number, (row, prediction) in enumerate(found)
            if judge.broken(clean, prediction) and not _hides(one.case, wanted[number])
        ]
        if winners:
            outcome.edits, number = min(winners)
            outcome.success = True
            outcome.row, outcome.prediction = found[number]


def _hides(case: Case, candidate: Candidate) -> bool:
    """Whether a candidate only asks how much a word matters: no attack leaves the unknown token in a text."""
    return any(text == case.blank for text in candidate.values())


def _texts(case: Case, candidate: Candidate) -> list[str]:
    pieces = [list(units) for units in case.texts]
    for (number, start, stop), text in candidate.items():
        pieces[number][start:stop] = [text, *[""] * (stop - start - 1)]
    return ["".join(units) for units in pieces]


def _cost(task_type: str, before: Row, after: Row) -> int:
    """Grapheme clusters that changed, over all texts."""
    pairs = zip(editable_texts(task_type, before), editable_texts(task_type, after), strict=True)
    return sum(edit_distance(clusters(old), clusters(new)) for old, new in pairs if old != new)
