"""From a study file to a typed study; everything that can be wrong with it is found here."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from xstilts import tasks
from xstilts.analysis.difficulty import MEASURES
from xstilts.analysis.measures import registry
from xstilts.errors import ConfigError
from xstilts.models.mini import MAX_LENGTH
from xstilts.study.alignment import alignment_runs
from xstilts.study.benchmark import expand_benchmark
from xstilts.study.condition import clean, condition, spoken_under
from xstilts.study.finder import Finder, alike
from xstilts.study.model import (
    CLEAN,
    NONE,
    Alignment,
    Encoder,
    Intermediate,
    Study,
    Target,
)
from xstilts.study.overrides import overridden
from xstilts.study.published import published_scores
from xstilts.study.question import check_question, complete_question, known
from xstilts.study.recipes import perturbation_files
from xstilts.study.schema import schema, validate
from xstilts.study.source import read_study
from xstilts.study.unused import check_unused
from xstilts.tasks.base import RETRIEVAL_TYPES


def load_study(path: Path, overrides: Mapping[str, Any] = MappingProxyType({})) -> Study:
    """Read, validate and expand a study file.

    Args:
        path: of the file.
        overrides: keys that replace the file's.

    Raises:
        ConfigError: the file cannot be read, or says something that is not allowed.
    """
    return parse_study(overridden(read_study(path), overrides), str(path))


def parse_study(config: Mapping[str, Any], origin: str = "config") -> Study:
    """Build the typed study from a parsed configuration.

    Args:
        config: the mapping a study file holds.
        origin: what to call it in messages.

    Raises:
        ConfigError: on the first thing that is not allowed.
    """
    written = expand_benchmark(dict(config), origin)
    raw = validate(written, origin)
    for key in ("results", "data_dir"):
        raw[key] = raw[key] and _folder(raw[key], f"{origin}: {key}")
    find = Finder(raw, origin)
    encoders = {name: _encoder(name, value, find) for name, value in raw["encoders"].items()}
    defaults = raw["training"]
    targets = {n: _target(n, value, defaults, find) for n, value in raw["targets"].items()}
    intermediate = {n: _intermediate(n, value, defaults, targets, find) for n, value in raw["intermediate"].items()}
    conditions = {n: condition(n, value, targets, origin) for n, value in raw["conditions"].items()}
    alignment = _alignment(raw["alignment"], raw["conditions"], defaults, find) if "alignment" in raw else None
    study = Study(
        name=raw["study"],
        title=raw["title"] or raw["study"],
        description=raw["description"],
        results=raw["results"],
        data_dir=raw["data_dir"],
        source=raw["source"],
        sources=MappingProxyType(raw["sources"]),
        allow_unpinned=raw["allow_unpinned"],
        seeds=tuple(raw["seeds"]),
        encoders=MappingProxyType(encoders),
        intermediate=MappingProxyType(intermediate),
        targets=MappingProxyType(targets),
        conditions=MappingProxyType({CLEAN: clean(targets)} | conditions),
        evaluation=MappingProxyType(raw["evaluation"]),
        questions=MappingProxyType({n: complete_question(value, raw) for n, value in raw["questions"].items()}),
        figures=MappingProxyType(raw["figures"]),
        alignment=alignment,
        difficulty=_difficulty(raw.get("difficulty")),
        published=published_scores(raw["published"], encoders, intermediate, targets, find),
    )
    if alignment is not None and not list(alignment_runs(study)):
        raise ConfigError(f"{origin}: alignment.checkpoints: the study has none of them; add pretrained")
    _check_lengths(study, origin)
    _check_overlaps(study, origin)
    for name, question in study.questions.items():
        check_question(name, question, study, origin)
    check_unused(written, study, origin)
    return study


def check_data_dir(study: Study) -> None:
    """Check, before a study runs, that the folder of benchmark files it reads is there; a plan needs none.

    Raises:
        ConfigError: a task reads files and ``data_dir`` is not set or not a folder.
    """
    needing = sorted(name for name in study.task_names() if study.task(name).source == "data_dir")
    named = study.data_dir is not None and any(tasks.get(name).source != "generated" for name in study.task_names())
    if (needing or named) and (study.data_dir is None or not Path(study.data_dir).is_dir()):
        found = "is not set" if study.data_dir is None else f"{study.data_dir} is not a folder"
        why = f"task {needing[0]} reads files" if needing else "the study names it"
        raise ConfigError(
            f"data_dir {found}, and {why}; name the folder that XTREME's download script filled (--config data_dir=DIR)"
        )


def check_files(study: Study) -> None:
    """Check that the files which conditions name are there: Snakemake keeps an old result whose input is gone.

    Raises:
        ConfigError: one is not.
    """
    for name in study.conditions:
        for option, files in perturbation_files(study, name).items():
            for language, path in files.items():
                if not Path(path).is_file():
                    where = f"conditions.{name}.options.{option}.{language}"
                    raise ConfigError(f"{where}: {path}: no such file (looked for from {Path.cwd()}); mend the path")


def _folder(written: str, where: str) -> str:
    """A folder as a study names it, where ``~`` is the user's own."""
    if "$" in written:
        raise ConfigError(
            f"{where}: {written}: variables are not read, as nodes may know others; write the path, or let the shell "
            f"read them (--config {where.split()[-1]}={written})"
        )
    if "{" in written or "}" in written:
        raise ConfigError(f"{where}: {written}: Snakemake takes braces for wildcards; name another folder")
    try:
        return str(Path(written).expanduser())
    except RuntimeError:
        raise ConfigError(f"{where}: {written}: no such user; write the path") from None


def _encoder(name: str, value: dict[str, Any], find: Finder) -> Encoder:
    options = {key: option for key, option in value.items() if key not in ("kind", "resources")}
    if value["kind"] == "mini" and options["hidden_size"] % options["heads"]:
        raise ConfigError(
            f"{find.origin}: encoders.{name}: hidden_size must be a multiple of heads; change one of them"
        )
    if options["vocabulary"] != "full":
        for task in options["vocabulary"]:
            find(task, f"encoders.{name}.vocabulary")
    usual = schema()["$defs"][value["kind"]]["properties"]["resources"]["default"]
    return Encoder(name, value["kind"], MappingProxyType(options), MappingProxyType(usual | value["resources"]))


def _intermediate(
    name: str, value: dict[str, Any], defaults: dict[str, Any], targets: Mapping[str, Target], find: Finder
) -> Intermediate:
    where = f"intermediate.{name}"
    names = tuple(value.get("tasks", ()))
    if (name == NONE) != (not names):
        mend = "`none` has no tasks" if names else "name its tasks"
        raise ConfigError(f"{find.origin}: {where}: {mend}; `none: {{}}` is direct fine-tuning")
    sampling, spoken = value.get("sampling"), tuple(value.get("text_languages", ()))
    english = [task for task in names if not find.foreign(task, spoken, where)]
    if names and not english:
        raise ConfigError(f"{find.origin}: {where}.tasks: no task has English training rows to select on; add one")
    find.trainable(english, f"{where}.tasks")
    if spoken and len(english) == len(names):
        raise ConfigError(f"{find.origin}: {where}.text_languages: no task of the recipe reads them; remove the key")
    training = MappingProxyType(defaults | value["training"])
    if names:
        find.check_training(names, training, value["training"], where, spoken)
    text = find.text(value, training, where) if names else None
    chosen = value["targets"]
    known(chosen or (), targets, f"{find.origin}: {where}.targets")
    wanted = None if chosen is None else tuple(chosen)
    return Intermediate(name, names, training, sampling and MappingProxyType(sampling), spoken, text, wanted)


def _elsewhere(task: tasks.Task, language: str) -> str:
    """Where else a task is scored in a language, for a message."""
    for found in task.editions:
        if found.source not in ("data_dir", task.source) and language in found.languages.get("test", ()):
            return f"; with sources: {{{task.name}: {found.source}}} also {language}"
    return ""


def _target(name: str, value: dict[str, Any], defaults: dict[str, Any], find: Finder) -> Target:
    where, origin = f"targets.{name}", find.origin
    task = find(value["task"], f"{where}.task")
    available = task.languages.get("test", ())
    if not available:
        raise ConfigError(
            f"{origin}: {where}.task: {task.name} has no test rows; name it under `train` of another target"
        )
    wanted = available if value["languages"] == "all" else tuple(value["languages"])
    for language in wanted:
        if language not in available:
            raise ConfigError(
                f"{origin}: {where}.languages: task {task.name} has no {language!r}; it has: {' '.join(available)}"
                + _elsewhere(task, language)
            )
    train: tuple[str, ...] = ()
    if task.type not in RETRIEVAL_TYPES:
        train = tuple(value.get("train", (task.name,)))
        for other in find.trainable(train, f"{where}.train" if "train" in value else f"{where} names no train"):
            if other.type != task.type or other.labels != task.labels:
                raise ConfigError(
                    f"{origin}: {where}.train: {other.name} differs from {task.name} in type or labels; allowed:"
                    f" {', '.join(alike(task))}"
                )
    _check_layer(value, find, where)
    search = {key: value[key] for key in ("layer", "sweep", "scoring", "k", "threshold")}
    search["pooling"] = [value["pooling"]] if isinstance(value["pooling"], str) else value["pooling"]
    if search["sweep"] is None:
        search["sweep"] = task.type == "retrieval"
    training = MappingProxyType(defaults | value["training"])
    if train:
        find.check_training(train, training, value["training"], where)
    text = find.text(value, training, where) if train else None
    return Target(name, task.name, train, wanted, training, MappingProxyType(search), text)


def _check_layer(value: Mapping[str, Any], find: Finder, where: str) -> None:
    """Check that every encoder has the layer."""
    for name, last in find.layers.items():
        if value["layer"] is not None and value["layer"] > last:
            has = f"{value['layer']}, but encoder {name} has {last} layers; name 0 to {last}"
            raise ConfigError(f"{find.origin}: {where}.layer: {has}")


def _difficulty(value: Mapping[str, Any] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(MEASURES if value["measures"] == "all" else value["measures"])


def _alignment(
    value: dict[str, Any], conditions: Mapping[str, Any], defaults: Mapping[str, Any], find: Finder
) -> Alignment:
    origin = find.origin
    task = find(value["task"], "alignment.task")
    if task.type != "retrieval" and not task.parallel:
        parallel = [each.name for each in tasks.registry().values() if each.type == "retrieval" or each.parallel]
        raise ConfigError(
            f"{origin}: alignment.task: {task.name} has no parallel sentences; allowed: {', '.join(parallel)}"
        )
    available = tuple(code for code in task.languages["test"] if code != "en")
    spoken = available if value["languages"] == "all" else tuple(value["languages"])
    known(spoken, available, f"{origin}: alignment.languages", f"beside English, {task.name} has")
    names = list(registry()) if value["measures"] == "all" else value["measures"]
    known(names, registry(), f"{origin}: alignment.measures", "measures")
    # An attack changes inputs against one model's predictions; representations are compared on inputs shared by all.
    shared = [name for name, condition in conditions.items() if "attack" not in condition]
    applied = shared if value["conditions"] == "all" else [c for c in value["conditions"] if c != CLEAN]
    known(applied, shared, f"{origin}: alignment.conditions")
    measured = {CLEAN: spoken}
    for name in applied:
        try:
            measured[name] = spoken_under(conditions[name], task.name, spoken, "alignment", "alignment")
        except ConfigError as error:
            raise ConfigError(f"{origin}: conditions.{name}: {error}") from None
    return Alignment(
        task=task.name,
        languages=spoken,
        measures=tuple(names),
        pooling=value["pooling"],
        checkpoints=tuple(value["checkpoints"]),
        examples=value["examples"],
        max_length=defaults["max_length"],
        conditions=MappingProxyType(measured),
    )


def _check_lengths(study: Study, origin: str) -> None:
    """No run reads more tokens than the small encoder has positions for; of others only the job knows."""
    small = [name for name, encoder in study.encoders.items() if encoder.kind == "mini"]
    lengths = {f"intermediate.{n}": r.training["max_length"] for n, r in study.intermediate.items() if not r.direct}
    lengths |= {f"targets.{name}": target.training["max_length"] for name, target in study.targets.items()}
    for where, length in lengths.items() if small else ():
        if length > MAX_LENGTH:
            raise ConfigError(
                f"{origin}: {where}.training.max_length: {length}, but encoder {small[0]} has positions for"
                f" {MAX_LENGTH} tokens; allowed: 8 to {MAX_LENGTH}"
            )


def _check_overlaps(study: Study, origin: str) -> None:
    """No run is trained or selected on what it is scored on."""
    for name, target in study.targets.items():
        _check_run(study, f"{origin}: targets.{name}.train", target.train, name)
        for recipe in study.intermediate.values():
            if recipe.leads_to(name):
                _check_run(study, f"{origin}: intermediate.{recipe.name}.tasks", recipe.tasks, name)


def _check_run(study: Study, where: str, names: tuple[str, ...], target: str) -> None:
    scored = study.targets[target].task
    for name in names:
        if scored in study.task(name).overlaps:
            raise ConfigError(
                f"{where}: {name} as it is read here holds passages that target {target} scores; read its published "
                "training file, or leave one of the two out (an intermediate recipe by its key `targets`)"
            )
