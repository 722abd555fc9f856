"""What a job is told: plain dictionaries, complete and free of paths, whose change re-runs the job and nothing else."""

from typing import Any

from xstilts import perturbations, tasks
from xstilts.study.model import PRETRAINED, Intermediate, Study, Target
from xstilts.training import methods

# Raise one when the code of its stage changes what it makes of a recipe: the stage's artifacts are then made anew.
ENCODER_VERSION = 1
TRAINING_VERSION = 2
EVALUATION_VERSION = 1


def encoder_recipe(study: Study, encoder: str) -> dict[str, Any]:
    """How an encoder is built or fetched."""
    found = study.encoders[encoder]
    return {"version": ENCODER_VERSION, "kind": found.kind, **found.options}


def intermediate_recipe(study: Study, encoder: str, intermediate: str, seed: int) -> dict[str, Any]:
    """How an intermediate checkpoint is trained."""
    recipe = study.intermediate[intermediate]
    return _training(study, encoder, recipe, recipe.tasks, seed, "intermediate") | {
        "sampling": None if recipe.sampling is None else dict(recipe.sampling),
        "text_languages": list(recipe.text_languages),
    }


def target_recipe(study: Study, encoder: str, target: str, seed: int) -> dict[str, Any]:
    """How a target checkpoint is trained; the same for every intermediate recipe, so that the arms are comparable."""
    recipe = study.targets[target]
    return _training(study, encoder, recipe, recipe.train, seed, "target") | {"sampling": None, "text_languages": []}


def evaluation_recipe(study: Study, target: str, condition: str) -> dict[str, Any]:
    """How a checkpoint is scored."""
    found = study.targets[target]
    recipe = {
        "version": EVALUATION_VERSION,
        "task": found.task,
        "languages": list(found.languages),
        "condition": condition,
        "strength": study.conditions[condition].strength,
        "batch_tokens": study.evaluation["batch_tokens"],
    }
    if found.retrieval:
        return recipe | {"layer": found.layer, "max_length": found.training["max_length"]}
    return recipe


def run_name(study: Study, encoder: str, intermediate: str, target: str, seed_dir: str) -> dict[str, Any]:
    """The words that name a run in the score table; ``seed`` is None for the pretrained encoder itself."""
    return {
        "study": study.name,
        "encoder": encoder,
        "intermediate": intermediate,
        "method": study.intermediate[intermediate].method,
        "target": target,
        "seed": None if seed_dir == PRETRAINED else int(seed_dir.removeprefix("seed")),
    }


def perturbation_recipe(study: Study, condition: str) -> dict[str, Any]:
    """How a perturbed test set is made."""
    found = study.conditions[condition]
    assert found.perturbation is not None
    version = perturbations.get(found.perturbation).version
    return {"perturbation": found.perturbation, "version": version, "strength": found.strength, "seed": 0}


def report_context(study: Study) -> dict[str, Any]:
    """What figures and report say about a study besides its scores."""
    targets = {}
    for name, target in study.targets.items():
        task = tasks.get(target.task)
        targets[name] = {
            "task": task.name,
            "type": task.type,
            "metric": task.metrics[0],
            "chance": task.chance,
            "languages": list(target.languages),
            "train": list(target.train),
            "training": {} if target.retrieval else dict(target.training),
            "note": task.splits_note,
            "licence": task.licence,
            "citation": task.citation,
        }
    return {
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
                "sampling": None if recipe.sampling is None else dict(recipe.sampling),
                "text": None
                if recipe.text is None
                else {**vars(recipe.text), "languages": list(recipe.text.languages)},
                "training": {} if recipe.direct else dict(recipe.training),
            }
            for name, recipe in study.intermediate.items()
        },
        "targets": targets,
        "conditions": {
            n: {"strength": c.strength, "perturbation": c.perturbation} for n, c in study.conditions.items()
        },
        "questions": {name: dict(question) for name, question in study.questions.items()},
    }


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
    training["methods"] = methods.resolve(training["method"], training.pop("options"))
    text = None if arm.text is None else {**vars(arm.text), "languages": list(arm.text.languages)}
    return {"version": TRAINING_VERSION, "phase": phase, "tasks": list(names), "seed": seed, "text": text, **training}
