"""What a job is told: plain dictionaries, complete and free of paths, whose change re-runs the job and nothing else."""

from collections.abc import Mapping
from typing import Any

from xstilts import perturbations, robustness, tasks
from xstilts.analysis.difficulty import MEASURES
from xstilts.errors import ConfigError
from xstilts.study.model import Alignment, Condition, Intermediate, Study, Target
from xstilts.training import methods

# Raise one when the code of its stage changes what it makes of a recipe: the stage's artifacts are then made anew.
ENCODER_VERSION = 1
LEXICON_VERSION = 3
TRAINING_VERSION = 3
CONTEXT_CUTS_VERSION = 1  # of xstilts.models.cuts: part of the recipes that train on span QA
EVALUATION_VERSION = 2
PIECES_VERSION = 1  # of how sentences to be tagged are cut: part of the recipes that score tagging
ALIGNMENT_VERSION = 2
DIFFICULTY_VERSION = 2
ANSWERS_VERSION = 4


def encoder_recipe(study: Study, encoder: str) -> dict[str, Any]:
    """How an encoder is built or fetched."""
    found = study.encoders[encoder]
    return {"version": ENCODER_VERSION, "kind": found.kind, **found.options}


def intermediate_recipe(study: Study, encoder: str, intermediate: str, seed: int) -> dict[str, Any]:
    """How an intermediate checkpoint is trained."""
    recipe = study.intermediate[intermediate]
    found = _training(study, encoder, recipe, recipe.tasks, seed, "intermediate") | {
        "sampling": None if recipe.sampling is None else dict(recipe.sampling),
        "text_languages": list(recipe.text_languages),
    }
    # Only where it is asked for: a study without it shares the checkpoints of others.
    recorded = any(MEASURES[name].cartography for name in study.difficulty)
    return found | ({"cartography": True} if recorded else {})


def null_recipe(study: Study, encoder: str, intermediate: str, seed: int) -> dict[str, Any]:
    """How the null model of an intermediate recipe is trained: alike, on rows without content, for at most one epoch.

    One epoch is what Ethayarajh et al. 2022 train theirs for (their repository's ``finetune.sh``).
    """
    recipe = intermediate_recipe(study, encoder, intermediate, seed)
    recipe.pop("cartography", None)
    return recipe | {"blank": True, "epochs": min(1, recipe["epochs"])}


def difficulty_recipe(study: Study, intermediate: str) -> dict[str, Any]:
    """What is measured of an intermediate recipe's tasks."""
    return {
        "version": DIFFICULTY_VERSION,
        "measures": list(study.difficulty),
        "tasks": list(study.intermediate[intermediate].tasks),
        "batch_tokens": study.evaluation["batch_tokens"],
    }


def difficulty_words(study: Study, encoder: str, intermediate: str, seed: int) -> dict[str, Any]:
    """The words that name an intermediate checkpoint in the difficulty table."""
    return {"study": study.name, "encoder": encoder, "intermediate": intermediate, "seed": seed}


def target_recipe(study: Study, encoder: str, target: str, seed: int) -> dict[str, Any]:
    """How a target checkpoint is trained; the same for every intermediate recipe, so that the arms are comparable."""
    recipe = study.targets[target]
    return _training(study, encoder, recipe, recipe.train, seed, "target") | {"sampling": None, "text_languages": []}


def evaluation_recipe(study: Study, target: str) -> dict[str, Any]:
    """How a checkpoint is scored, under every condition that a test set is made for."""
    return _scoring(study, target) | {
        "conditions": [_under(study, target, condition) for condition in study.evaluated(target)]
    }


def _scoring(study: Study, target: str) -> dict[str, Any]:
    found = study.targets[target]
    recipe = {
        "version": EVALUATION_VERSION,
        "task": found.task,
        "batch_tokens": study.evaluation["batch_tokens"],
    }
    if found.retrieval:
        return recipe | dict(found.search) | {"max_length": found.training["max_length"]}
    return recipe | ({"pieces": PIECES_VERSION} if tasks.get(found.task).type == "tagging" else {})


def _under(study: Study, target: str, condition: str) -> dict[str, Any]:
    """What is a condition's own in how a checkpoint is scored."""
    found = study.conditions[condition]
    return {"condition": condition, "strength": found.strength, "languages": list(found.languages[target])}


def alignment_recipe(study: Study) -> dict[str, Any]:
    """How a checkpoint's alignment is measured, under every condition.

    Raises:
        ConfigError: the study does not measure any.
    """
    if study.alignment is None:
        raise ConfigError("the study has no alignment; add it to the study file")
    found = {key: value for key, value in vars(study.alignment).items() if key not in ("checkpoints", "languages")}
    return found | {
        "version": ALIGNMENT_VERSION,
        "measures": list(study.alignment.measures),
        "conditions": [
            {"name": name, "strength": study.conditions[name].strength, "languages": list(languages)}
            for name, languages in study.alignment.conditions.items()
        ],
        "batch_tokens": study.evaluation["batch_tokens"],
    }


def attack_recipe(study: Study, target: str, condition: str) -> dict[str, Any]:
    """How a checkpoint is attacked."""
    found = study.conditions[condition]
    assert found.attack is not None
    settings, _ = _split_options(found)
    return {
        **_scoring(study, target),
        **_under(study, target, condition),
        "attack": found.attack.name,
        "attack_version": robustness.get(found.attack.name).version,
        "budget": {"edits": found.attack.edits, "queries": found.attack.queries},
        "examples": found.attack.examples,
        "perturbations": {name: perturbations.get(name).version for name in found.perturbations},
        "options": settings,
    }


def arm_words(study: Study, encoder: str, intermediate: str, target: str) -> dict[str, Any]:
    """The words that name a run in the score table, but for its seed."""
    return {
        "study": study.name,
        "encoder": encoder,
        "intermediate": intermediate,
        "method": study.intermediate[intermediate].method,
        "target": target,
    }


def perturbation_recipe(study: Study, task: str, condition: str) -> dict[str, Any]:
    """How a perturbed test set is made."""
    found = study.conditions[condition]
    settings, _ = _split_options(found)
    return {
        "perturbations": {
            name: {"weight": weight, "version": perturbations.get(name).version}
            for name, weight in found.perturbations.items()
        },
        "options": settings,
        "strength": found.strength,
        "seed": 0,
        "languages": list(study.languages(task, condition)),
    }


def perturbation_files(study: Study, condition: str) -> dict[str, Any]:
    """The options of a condition that are paths: no part of the recipe."""
    return _split_options(study.conditions[condition])[1]


def _split_options(condition: Condition) -> tuple[dict[str, Any], dict[str, Any]]:
    """A condition's options: settings, and paths."""
    known = {key: option for name in condition.perturbations for key, option in perturbations.get(name).options.items()}
    return (
        {key: value for key, value in condition.options.items() if not known[key].path},
        {key: value for key, value in condition.options.items() if known[key].path},
    )


def report_context(study: Study) -> dict[str, Any]:
    """What figures and report say about a study besides its scores."""
    targets = {}
    for name, target in study.targets.items():
        task = study.task(target.task)
        targets[name] = {
            "task": task.name,
            "type": task.type,
            "metric": task.metrics[0],
            "chance": task.chance,
            "languages": list(target.languages),
            "train": list(target.train),
            "training": {} if target.retrieval else _settings(target.training),
        }
    return {
        "version": ANSWERS_VERSION,
        "study": study.name,
        "title": study.title,
        "description": study.description,
        "seeds": list(study.seeds),
        "encoders": {
            name: {"description": _describe(e.kind, e.options), "covered_languages": e.covered_languages}
            for name, e in study.encoders.items()
        },
        "intermediate": {
            name: {
                "method": recipe.method,
                "tasks": list(recipe.tasks),
                "sampling": None if recipe.sampling is None else _settings(recipe.sampling),
                "text": None
                if recipe.text is None
                else {**vars(recipe.text), "languages": list(recipe.text.languages)},
                "training": {} if recipe.direct else _settings(recipe.training),
            }
            for name, recipe in study.intermediate.items()
        },
        "targets": targets,
        "data": {name: _data_set(study.task(name)) for name in sorted(study.task_names())},
        "conditions": {
            name: {
                "strength": found.strength,
                "perturbation": found.label,
                "attack": None if found.attack is None else vars(found.attack),
                "targets": list(found.languages),
            }
            for name, found in study.conditions.items()
        },
        "questions": {name: _settings(question) for name, question in study.questions.items()},
        "alignment": None if study.alignment is None else _alignment(study.alignment),
        "difficulty": list(study.difficulty),
    }


def _settings(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in the order of their names: the order of names says something, that of settings does not."""
    return dict(sorted(mapping.items()))


def _alignment(alignment: Alignment) -> dict[str, Any]:
    conditions = {name: list(languages) for name, languages in alignment.conditions.items()}
    return {key: list(v) if isinstance(v, tuple) else v for key, v in vars(alignment).items()} | {
        "conditions": conditions
    }


def _data_set(task: tasks.Task) -> dict[str, str]:
    """Where a task's rows come from and whom they belong to."""
    source = f"{task.hub.id} at {str(task.hub.revision)[:12]}" if task.hub else task.source
    return {"source": source, "note": task.splits_note, "licence": task.licence, "citation": task.citation}


def _describe(kind: str, options: Any) -> str:
    if kind == "hub":
        return f"{options['id']} at {options['revision'][:12]}"
    return (
        f"mini: {options['layers']} layers of {options['hidden_size']} over frozen multilingual USE v3 token embeddings"
    )


def _training(
    study: Study, encoder: str, arm: Intermediate | Target, names: tuple[str, ...], seed: int, phase: str
) -> dict[str, Any]:
    training = dict(arm.training)
    training.setdefault("freeze_embeddings", study.encoders[encoder].kind == "mini")
    rate = training["learning_rate"]
    training["learning_rate"] = [rate] if isinstance(rate, (int, float)) else rate
    # Without a limit a recipe is what it was before there were limits.
    if training["dev_examples"] is None:
        del training["dev_examples"]
    cut = training.pop("cut_contexts")
    if any(tasks.get(name).type == "span_qa" for name in names):
        training["context_cuts"] = CONTEXT_CUTS_VERSION if cut else 0
    training["methods"] = methods.resolve(training["method"], training.pop("options"))
    text = None if arm.text is None else {**vars(arm.text), "languages": list(arm.text.languages)}
    return {"version": TRAINING_VERSION, "phase": phase, "tasks": list(names), "seed": seed, "text": text, **training}
