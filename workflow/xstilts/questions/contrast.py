"""One contrast: a level of a factor against its baseline, paired over target, language, seed and example."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from xstilts.errors import ConfigError
from xstilts.questions.examples import Counted, Examples, common_ids, resampled
from xstilts.questions.outcomes import OUTCOMES
from xstilts.questions.partners import partners
from xstilts.questions.statistics import Array, Draws
from xstilts.questions.table import CLEAN, Context, Scores, languages_of, run_folder

Question = Mapping[str, Any]


class Arm(NamedTuple):
    """One of the things compared: an encoder after an intermediate recipe."""

    encoder: str
    recipe: str


@dataclass(frozen=True)
class Pairing:
    """What a row of answers compares: the arms of a level with those of the baseline, one with one."""

    encoder: str
    level: str
    baseline: str
    pairs: tuple[tuple[Arm, Arm], ...]


@dataclass(frozen=True)
class Cells:
    """A question's outcome of one arm, or the paired differences of two.

    Attributes:
        targets: targets with at least one language in the question's selection; the first axis of ``values``.
        languages: their languages, the second axis.
        seeds: the third axis.
        values: outcome, or level - baseline; NaN where the target lacks the language or a score is missing.
        draws: the same of resampled examples, ``(resamples, targets, languages, seeds)``; None where examples are not
            known.
        missing: per target, what is missing, as ``encoder/intermediate/target/seed/condition (languages)``.
        examples: test examples by target and language.
    """

    targets: tuple[str, ...]
    languages: tuple[str, ...]
    seeds: tuple[int, ...]
    values: Array
    draws: Draws | None
    missing: Mapping[str, tuple[str, ...]]
    examples: Mapping[tuple[str, str], int]

    def part(self, targets: Sequence[str], languages: Sequence[str]) -> tuple[Array, Draws | None]:
        """Values and draws of some targets and languages, without those languages that none of the targets has."""
        rows = [self.targets.index(target) for target in targets]
        columns = [self.languages.index(language) for language in languages]
        values = self.values[np.ix_(rows, columns)]
        known = np.flatnonzero(np.isfinite(values).any(axis=(0, 2)))
        draws = None if self.draws is None else self.draws[:, rows][:, :, [columns[place] for place in known]]
        return values[:, known], draws


class Evidence:
    """Everything that one question is answered from.

    Args:
        scores: of the study, or values of the representations in their place.
        examples: the predictions behind them.
        context: the study's.
        question: the question.
        resamples: of the examples; 0 leaves them fixed.
        name: the question's, which seeds the resamples.

    Raises:
        ConfigError: the question names an outcome, recipe, target or condition that there is not.
    """

    def __init__(
        self, scores: Scores, examples: Examples, context: Context, question: Question, resamples: int, name: str
    ) -> None:
        self.scores, self.examples, self.context, self.question = scores, examples, context, question
        self.resamples, self.name = resamples, name
        self.outcome = _checked_outcome(context, question)
        condition = question["condition"]
        self.conditions = (CLEAN, condition) if self.outcome.loss and condition != CLEAN else (condition,)
        self.seeds = tuple(sorted(context["seeds"]))
        self._ids: dict[tuple[str, str], tuple[str, ...]] | None = {}
        self._spoken: dict[str, list[str]] = {}
        self._kept: dict[Arm, Cells] = {}

    def compare(self, pairing: Pairing) -> Cells:
        """Level - baseline, the mean over the pairing's pairs."""
        self._prepare([arm for pair in pairing.pairs for arm in pair])
        found = [(self._cells(level), self._cells(baseline)) for level, baseline in pairing.pairs]
        first = found[0][0]
        sampled = [a.draws - b.draws for a, b in found if a.draws is not None and b.draws is not None]
        draws: Draws | None = np.asarray(np.mean(sampled, axis=0, dtype=np.float32)) if sampled else None
        missing = {
            target: tuple(dict.fromkeys(run for pair in found for cells in pair for run in cells.missing[target]))
            for target in first.targets
        }
        values = np.mean([a.values - b.values for a, b in found], axis=0)
        return Cells(first.targets, first.languages, first.seeds, values, draws, missing, first.examples)

    def values(self, arms: Sequence[Arm]) -> list[Cells]:
        """The outcome of each arm, on the same examples."""
        self._prepare(arms)
        return [self._cells(arm) for arm in arms]

    def clean(self, arms: Sequence[Arm]) -> list[float]:
        """Mean clean score of each arm over what its outcome is measured in; NaN where one is missing."""
        self._prepare(arms)
        if not self._spoken:
            return [np.nan] * len(arms)
        return [
            float(
                np.mean(
                    [
                        self.scores.cells(*arm, target, CLEAN, spoken, self.seeds).mean()
                        for target, spoken in self._spoken.items()
                    ]
                )
            )
            for arm in arms
        ]

    def _prepare(self, arms: Sequence[Arm]) -> None:
        """Settle the languages and examples that all arms have; what was settled for other arms is forgotten."""
        encoders = list(dict.fromkeys(arm.encoder for arm in arms))
        spoken = {
            target: self._languages(encoders, target)
            for target in self.question.get("targets") or self.context["targets"]
        }
        spoken = {target: languages for target, languages in spoken.items() if languages}
        ids = self._common_examples(arms, spoken)
        if (spoken, ids) != (self._spoken, self._ids):
            self._kept.clear()
        self._kept = {arm: cells for arm, cells in self._kept.items() if arm in arms}
        self._spoken, self._ids = spoken, ids

    def _languages(self, encoders: Sequence[str], target: str) -> list[str]:
        """Those of the selection in which some recipe was evaluated: a condition is not defined for the others."""
        shared: list[str] | None = None
        for encoder in encoders:
            found = languages_of(self.context, encoder, target, self.question["languages"])
            for condition in self.conditions:
                found = self.scores.defined(encoder, target, condition, found)
            shared = found if shared is None else [language for language in shared if language in found]
        return shared or []

    def _common_examples(
        self, arms: Sequence[Arm], spoken: Mapping[str, Sequence[str]]
    ) -> dict[tuple[str, str], tuple[str, ...]] | None:
        """The test examples that every run of the arms predicted; None where one run's are not known."""
        if not self.resamples or self.outcome.representations:
            return None
        found: dict[tuple[str, str], list[Counted]] = {}
        for arm, target, condition, seed in self._runs(arms, spoken):
            predicted = self.examples.of(arm.encoder, arm.recipe, target, condition, seed)
            for language in spoken[target]:
                if predicted is None or language not in predicted:
                    return None
                found.setdefault((target, language), []).append(predicted[language])
        ids = {key: common_ids(runs) for key, runs in found.items()}
        return ids if all(ids.values()) else None

    def _runs(self, arms: Sequence[Arm], spoken: Mapping[str, Sequence[str]]) -> Iterator[tuple[Arm, str, str, int]]:
        for arm in dict.fromkeys(arms):
            for target in spoken:
                for condition in self.conditions:
                    for seed in self.seeds:
                        yield arm, target, condition, seed

    def _cells(self, arm: Arm) -> Cells:
        """The outcome of one arm."""
        if arm in self._kept:
            return self._kept[arm]
        targets = tuple(self._spoken)
        languages = tuple(sorted({language for spoken in self._spoken.values() for language in spoken}))
        shape = (len(targets), len(languages), len(self.seeds))
        values = np.full(shape, np.nan)
        draws = None if self._ids is None else np.full((self.resamples, *shape), np.nan, np.float32)
        missing: dict[str, tuple[str, ...]] = {}
        for row, (target, spoken) in enumerate(self._spoken.items()):
            columns = [languages.index(language) for language in spoken]
            tables = [self.scores.cells(*arm, target, name, spoken, self.seeds)[0] for name in self.conditions]
            absent = self._absent(arm, target, spoken, tables)
            drawn: list[Draws] = []
            if self._ids is not None:
                tables, drawn = self._from_examples(arm, target, spoken)
            values[row, columns] = self.outcome.compute(tables[0], tables[-1])
            if draws is not None:
                changed = self.outcome.compute(drawn[0], drawn[-1])
                # A resample may have no right answer on clean inputs; what its relative drop would be is not known.
                draws[:, row, columns] = np.where(np.isfinite(changed), changed, values[row, columns])
            if not absent and np.isnan(values[row, columns]).any():
                absent = [f"{target}: no relative drop from a clean score of 0"]
            missing[target] = tuple(absent)
        counts = {} if self._ids is None else {key: len(ids) for key, ids in self._ids.items()}
        self._kept[arm] = Cells(targets, languages, self.seeds, values, draws, missing, counts)
        return self._kept[arm]

    def _from_examples(self, arm: Arm, target: str, spoken: Sequence[str]) -> tuple[list[Array], list[Draws]]:
        """Per condition: scores of the common examples (languages x seeds), and of their resamples."""
        assert self._ids is not None
        ids = {language: self._ids[target, language] for language in spoken}
        runs = [(condition, seed) for condition in self.conditions for seed in self.seeds]
        found = [self.examples.of(*arm, target, *run) for run in runs]
        shares = {
            language: np.stack([run[language].only(ids[language]) for run in found if run is not None], axis=1)
            for language in spoken
        }
        # Targets of one task have the same test examples.
        drawn = resampled(shares, ids, self.resamples, (self.name, self.context["targets"][target]["task"]))
        shape = (len(self.conditions), len(self.seeds))
        tables = np.empty((shape[0], len(spoken), shape[1]))
        sampled = np.empty((shape[0], self.resamples, len(spoken), shape[1]), np.float32)
        for place, language in enumerate(spoken):
            totals = shares[language].sum(axis=0)
            ratios = np.divide(totals[:, 0], totals[:, 1], out=np.zeros(len(totals)), where=totals[:, 1] > 0)
            tables[:, place] = 100 * ratios.reshape(shape)
            sampled[:, :, place] = drawn[language].reshape(-1, *shape).swapaxes(0, 1)
        return list(tables), list(sampled)

    def _absent(self, arm: Arm, target: str, spoken: Sequence[str], tables: Sequence[Array]) -> list[str]:
        """Each run with missing scores once, and the languages where only a part is missing."""
        named: dict[str, str] = {}
        for condition, table in zip(self.conditions, tables, strict=True):
            for seed, column in zip(self.seeds, table.T, strict=True):
                lacking = [language for language, value in zip(spoken, column, strict=True) if np.isnan(value)]
                folder = run_folder(self.context, arm.recipe, target, seed)
                if lacking:
                    gap = "" if len(lacking) == len(spoken) else f" ({', '.join(lacking)})"
                    named[f"{arm.encoder}/{arm.recipe}/{target}/{folder}/{condition}"] = gap
        return [run + gap for run, gap in named.items()]


def pairings(context: Context, question: Question) -> list[Pairing]:
    """What a contrast question compares.

    Levels of the factor ``intermediate`` are recipes, each compared with the baseline recipe in every encoder. Levels
    of ``method`` are training methods: every recipe that optimises so is compared with the recipe of the same tasks
    that optimises as the baseline does. Levels of ``encoder`` are compared after every recipe.

    Raises:
        ConfigError: a level or baseline is not in the study, or a method has no recipe to compare with, or several.
    """
    factor, baseline = question["factor"], question["baseline"]
    recipes = context["intermediate"]
    if factor == "encoder":
        _known("levels", question["levels"], context["encoders"])
        _known("baseline", [baseline], context["encoders"])
        return [
            Pairing(level, level, baseline, tuple((Arm(level, name), Arm(baseline, name)) for name in recipes))
            for level in question["levels"]
        ]
    among = recipes if factor == "intermediate" else {recipe["method"]: None for recipe in recipes.values()}
    _known("levels", question["levels"], among)
    _known("baseline", [baseline], among)
    if factor == "intermediate":
        matched = {level: [(level, baseline)] for level in question["levels"]}
    else:
        matched = {level: _same_tasks(recipes, level, baseline) for level in question["levels"]}
    return [
        Pairing(encoder, level, baseline, tuple((Arm(encoder, one), Arm(encoder, other)) for one, other in pairs))
        for encoder in context["encoders"]
        for level, pairs in matched.items()
    ]


def _same_tasks(recipes: Mapping[str, Any], level: str, baseline: str) -> list[tuple[str, str]]:
    trained = {
        name: (recipe["method"], (tuple(recipe["tasks"]), recipe.get("sampling"))) for name, recipe in recipes.items()
    }
    pairs = [(name, other) for name, others in partners(trained, level, baseline).items() for other in others]
    if not pairs:
        raise ConfigError(f"questions: no recipe of method {level} has the tasks of one of method {baseline}; add it")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ConfigError(
            f"questions: several recipes of method {baseline} have the tasks of one of method {level}; compare recipes"
            " instead (factor: intermediate)"
        )
    return pairs


def _known(key: str, names: Sequence[str], among: Any) -> None:
    for name in names:
        if name not in among:
            raise ConfigError(f"questions: {key} {name!r} is not one of {', '.join(among)}; mend the study file")


def _checked_outcome(context: Context, question: Question) -> Any:
    _known("outcome", [question["outcome"]], OUTCOMES)
    _known("targets", list(question.get("targets") or []), context["targets"])
    _known("condition", [question["condition"]], context["conditions"])
    return OUTCOMES[question["outcome"]]
