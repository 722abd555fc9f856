"""The questions of a study: completed, and checked against what the study has."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from xstilts.analysis.difficulty import MEASURES
from xstilts.errors import ConfigError
from xstilts.questions.partners import partners
from xstilts.study.model import CLEAN, NONE, Intermediate, Study

# Outcomes that are read from the representations, and those that are no outcome of clean inputs.
REPRESENTATIONS = ("alignment", "stability")
# Of a covariate that is a measure of difficulty.
PREFIX = "difficulty."
PERTURBED = ("drop", "relative_drop", "accuracy_under_attack", "stability")


def known(values: Iterable[str], among: Iterable[str], where: str, whose: str = "the study has") -> None:
    """Check that names are among those there are; ``whose`` they are is said in the message.

    Raises:
        ConfigError: one is not; the message suggests the nearest.
    """
    for value in values:
        if value not in among:
            near = difflib.get_close_matches(value, list(among), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"{whose}: {', '.join(among)}"
            raise ConfigError(f"{where}: unknown {value!r}; {hint}")


def complete_question(question: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The question with the baseline that it means when it names none."""
    usual = {"intermediate": NONE, "method": "standard", "encoder": next(iter(raw["encoders"]))}
    return {**question, "baseline": question["baseline"] or usual[question["factor"]]}


def check_question(name: str, question: Mapping[str, Any], study: Study, origin: str) -> None:
    """Check that a question can be answered by the study.

    Raises:
        ConfigError: it names what the study has not, or keys that do not go together.
    """
    where = f"{origin}: questions.{name}"
    _check_compared(question, study, where)
    known([question["condition"]], study.conditions, f"{where}.condition")
    known(question["targets"] or (), study.targets, f"{where}.targets")
    if question["outcome"] in PERTURBED and question["condition"] == CLEAN:
        raise ConfigError(f"{where}.condition: {question['outcome']} is measured under a condition other than clean")
    if question["outcome"] == "accuracy_under_attack" and study.conditions[question["condition"]].attack is None:
        raise ConfigError(f"{where}.condition: {question['condition']} is no attack; name one, or ask for the score")
    if question["outcome"] not in REPRESENTATIONS or question["phase"] == "target":
        _check_runs(question, study, where)
    if question["outcome"] in REPRESENTATIONS:
        _check_representations(question, study, where)
        return
    scored = study.conditions[question["condition"]].languages
    for target in question["targets"] or study.targets:
        if target not in scored:
            raise ConfigError(
                f"{where}.targets: {target} is not scored under {question['condition']}; name those that are:"
                f" {', '.join(scored)}"
            )
        if question["languages"] == "english" and "en" not in scored[target]:
            raise ConfigError(f"{where}.languages: {target} is not scored in English; name other targets or languages")


def _check_runs(question: Mapping[str, Any], study: Study, where: str) -> None:
    """Check that every recipe compared goes on to every target of the question."""
    if question["covariate"] is not None:
        among = question["levels"] or [name for name, recipe in study.intermediate.items() if not recipe.direct]
    elif question["factor"] == "intermediate":
        among = [question["baseline"], *question["levels"]]
    elif question["factor"] == "method":
        # A recipe is compared with one of the same tasks.
        tasks = {recipe.tasks for recipe in study.intermediate.values() if recipe.method in question["levels"]}
        sides = {question["baseline"], *question["levels"]}
        compared = (name for name, recipe in study.intermediate.items() if recipe.method in sides)
        among = [name for name in compared if study.intermediate[name].tasks in tasks]
    else:
        among = list(study.intermediate)
    for name in among:
        leads_to = study.intermediate[name].leads_to
        if not all(map(leads_to, question["targets"] or study.targets)):
            shared = [target for target in study.targets if all(study.intermediate[n].leads_to(target) for n in among)]
            raise ConfigError(
                f"{where}.targets: recipe {name} does not go on to all of them; name such that all recipes compared"
                f" go on to: {', '.join(shared)}"
            )


def _check_representations(question: Mapping[str, Any], study: Study, where: str) -> None:
    if question["measure"] is None:
        raise ConfigError(f"{where}: outcome {question['outcome']} is of a measure; add the key measure")
    if question["languages"] == "english":
        raise ConfigError(f"{where}.languages: {question['outcome']} is between English and others; name others")
    if study.alignment is None:
        raise ConfigError(f"{where}: outcome {question['outcome']} needs the study's alignment; add the key alignment")
    known([question["measure"]], study.alignment.measures, f"{where}.measure")
    known([question["condition"]], study.alignment.conditions, f"{where}.condition")
    read = ("pretrained", "intermediate") if question["phase"] == "intermediate" else ("target",)
    known(read, study.alignment.checkpoints, f"{where}.phase")
    for name, encoder in study.encoders.items():
        last = encoder.options.get("layers")
        if question["layer"] is not None and last is not None and question["layer"] > last:
            raise ConfigError(f"{where}.layer: {question['layer']}, but {name} has {last} layers; name 0 to {last}")
    if question["targets"] and question["phase"] == "intermediate":
        raise ConfigError(f"{where}.targets: intermediate checkpoints have none; remove the key, or add phase: target")


def _check_compared(question: Mapping[str, Any], study: Study, where: str) -> None:
    levels = question["levels"]
    if question["covariate"] is not None:
        if question["factor"] != "intermediate":
            raise ConfigError(f"{where}.factor: a covariate is of the intermediate recipes; remove the key")
        known(levels or (), study.intermediate, f"{where}.levels")
        if not study.difficulty:
            raise ConfigError(f"{where}.covariate: the study measures no difficulty; add the key difficulty")
        known([question["covariate"]], [f"{PREFIX}{name}" for name in study.difficulty], f"{where}.covariate")
        _check_measured(question, study, where)
        return
    if levels is None:
        raise ConfigError(f"{where}: add levels to contrast, or a covariate to correlate")
    methods = {recipe.method for recipe in study.intermediate.values()}
    among = {"intermediate": study.intermediate, "method": methods, "encoder": study.encoders}[question["factor"]]
    known([question["baseline"]], among, f"{where}.baseline")
    known(levels, among, f"{where}.levels")
    if question["factor"] == "method":
        _check_partners(question, study, where)


def _check_measured(question: Mapping[str, Any], study: Study, where: str) -> None:
    """Check that there are recipes to correlate, and that the covariate is measured of each that is named."""
    measure = str(question["covariate"]).removeprefix(PREFIX)
    found = [name for name, recipe in study.intermediate.items() if _measured(recipe, measure, study)]
    for name in question["levels"] or ():
        if name not in found:
            direct = study.intermediate[name].direct
            why = "it has no intermediate task" if direct else "its tasks need several heads, and none is kept"
            raise ConfigError(f"{where}.levels: {name} has no {measure} ({why}); name others: {', '.join(found)}")
    if len(question["levels"] or found) < 2:
        raise ConfigError(f"{where}: {measure} of a single recipe goes with nothing; add recipes, better five or more")


def _measured(recipe: Intermediate, measure: str, study: Study) -> bool:
    """Whether a recipe has such a difficulty; of tasks whose labels only their data know it is assumed."""
    if recipe.direct or not MEASURES[measure].null:
        return not recipe.direct
    return len({(task.type, task.labels) for task in map(study.task, recipe.tasks)}) == 1


def _check_partners(question: Mapping[str, Any], study: Study, where: str) -> None:
    """Check that the recipes of each method have one recipe of the baseline to be compared with."""
    baseline = question["baseline"]
    trained = {name: (found.method, (found.tasks, found.sampling)) for name, found in study.intermediate.items()}
    for level in question["levels"]:
        found = partners(trained, level, baseline)
        for name, others in found.items():
            if len(others) > 1:
                raise ConfigError(
                    f"{where}: {name} could be compared with {' or '.join(others)}; compare recipes instead"
                    f" (factor: intermediate, levels: [{name}], baseline: one of them)"
                )
        if not any(found.values()):
            raise ConfigError(
                f"{where}: no recipe of method {baseline} has the tasks of one of method {level} ({', '.join(found)});"
                " add one, or compare recipes instead (factor: intermediate)"
            )
