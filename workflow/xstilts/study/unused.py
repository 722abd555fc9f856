"""Keys of a study file that nothing reads: whoever wrote one meant something that would not happen."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from xstilts import tasks
from xstilts.errors import ConfigError
from xstilts.study.model import CLEAN, Study
from xstilts.study.question import REPRESENTATIONS

_SEARCH = ("layer", "sweep", "pooling", "scoring", "k", "threshold")
_SEED = re.compile(r"seed\d+")


def check_unused(written: Mapping[str, Any], study: Study, origin: str) -> None:
    """Check that everything a study says does something, and that no name stands for a folder of another kind.

    Args:
        written: the study file, before defaults are filled in.
        study: what became of it.
        origin: what to call it in messages.

    Raises:
        ConfigError: a key does nothing, or a name is taken.
    """
    if study.name == "raw":
        raise ConfigError(f"{origin}: study: raw is the folder of what is fetched; choose another name")
    for name in written.get("sources", {}):
        if name not in study.task_names() | study.vocabulary_tasks():
            raise ConfigError(f"{origin}: sources.{name}: the study reads no such task; remove the key")
    for name, value in written.get("conditions", {}).items():
        _check_condition(value, name, study, f"{origin}: conditions.{name}")
    for name, value in written["targets"].items():
        _check_target(value, name, study, f"{origin}: targets.{name}")
    for name, value in written["intermediate"].items():
        _check_intermediate(value, f"{origin}: intermediate.{name}")
    if study.difficulty and all(recipe.direct for recipe in study.intermediate.values()):
        raise ConfigError(f"{origin}: difficulty: no intermediate recipe to measure; add one or remove the key")
    for name, value in written.get("questions", {}).items():
        _check_question(value, study.questions[name], f"{origin}: questions.{name}")


def _refuse(value: Mapping[str, Any], keys: Iterable[str], where: str, why: str) -> None:
    # What is empty says nothing.
    for key in keys:
        if value.get(key) not in (None, {}):
            raise ConfigError(f"{where}.{key}: {why}; remove the key")


def _check_condition(value: Mapping[str, Any], name: str, study: Study, where: str) -> None:
    if "attack" not in value:
        _refuse(value, ("budget", "examples", "perturbations"), where, "only an attack has it")
    read = dict(study.conditions[name].languages)
    if study.alignment is not None and name in study.alignment.conditions:
        read["alignment"] = study.alignment.conditions[name]
    if not read:
        raise ConfigError(f"{where}.targets: nothing is scored under it; name targets, or remove the condition")
    if isinstance(value.get("languages"), list):
        spoken = {code for codes in read.values() for code in codes}
        for code in value["languages"]:
            if code not in spoken:
                offered = " ".join(sorted(_offered(study, read)))
                raise ConfigError(f"{where}.languages: nothing is scored in {code!r}; allowed: {offered}")


def _offered(study: Study, readers: Iterable[str]) -> set[str]:
    """The languages that the readers of a condition have in clean form."""
    clean = dict(study.conditions[CLEAN].languages)
    if study.alignment is not None:
        clean["alignment"] = study.alignment.languages
    return {code for reader in readers for code in clean[reader]}


def _check_target(value: Mapping[str, Any], name: str, study: Study, where: str) -> None:
    if _SEED.fullmatch(name):
        raise ConfigError(f"{where}: folders of seeds have such names; choose another")
    target = study.targets[name]
    if not target.retrieval:
        _refuse(value, _SEARCH, where, f"{target.task} is no retrieval")
        return
    _refuse(value, ("train", "text"), where, "a retrieval target is not fine-tuned")
    others = sorted(set(value.get("training", {})) - {"max_length"})
    _refuse(value.get("training", {}), others, f"{where}.training", "a retrieval target is not fine-tuned")
    mined = tasks.get(target.task).mined
    if not mined:
        _refuse(value, ("threshold",), where, f"no pairs are mined in {target.task}")
    if (target.search["scoring"] or ("ratio" if mined else "absolute")) == "absolute":
        _refuse(value, ("k",), where, "scoring absolute has no neighbours")


def _check_intermediate(value: Mapping[str, Any], where: str) -> None:
    if not value.get("tasks"):
        _refuse(value, ("training", "text", "sampling"), where, "direct fine-tuning has no intermediate training")
        return
    sampling = value.get("sampling", {})
    if sampling and sampling["kind"] != "temperature":
        _refuse(sampling, ("temperature",), f"{where}.sampling", f"kind {sampling['kind']} has none")
    if sampling and len(value["tasks"]) == 1 and sampling.get("cap") is None:
        _refuse(value, ("sampling",), where, "there is one task to draw from")


def _check_question(value: Mapping[str, Any], question: Mapping[str, Any], where: str) -> None:
    if question["covariate"] is not None:
        _refuse(value, ("baseline",), where, "a correlation has none")
    elif question["baseline"] in question["levels"]:
        raise ConfigError(
            f"{where}.levels: {question['baseline']} is the baseline, and would be compared with itself; remove it"
        )
    if question["outcome"] not in REPRESENTATIONS:
        _refuse(value, ("measure", "layer", "phase"), where, f"outcome {question['outcome']} has none")
