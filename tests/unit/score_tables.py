"""Synthetic score tables with known effects, for the tests of the questions, figures and report."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xstilts.analysis.runs import collect_runs
from xstilts.seeds import derive_seed

COVERED = ("ar", "de", "es", "fr", "it", "ja", "ru", "th", "tr", "zh")
UNCOVERED = ("sw", "ur")
TARGETS = {
    "xnli": ("classification", "accuracy", 100 / 3),
    "pawsx": ("classification", "accuracy", 50.0),
    "udpos": ("tagging", "f1", None),
    "xquad": ("span_qa", "f1", None),
    "tatoeba": ("retrieval", "accuracy", 0.1),
}
# Points added to every zero-shot score, and points of the noise's damage taken away per unit of strength.
GAINS = {"none": 0.0, "nli": 4.0, "qa": 1.0, "commonsense": -3.0}
# What each recipe trains on, and how; "qa" trains on two tasks.
TASKS = {"nli": ["mnli"], "qa": ["squad", "squad_v2"], "commonsense": ["commonsenseqa"]}
ROBUSTNESS = {"none": 0.0, "nli": 10.0, "qa": 0.0, "commonsense": 0.0}
STRENGTHS = (0.0, 0.1, 0.2)


def context(
    gains: dict[str, float] = GAINS, targets: tuple[str, ...] = tuple(TARGETS), seeds: tuple[int, ...] = (1, 2, 3)
) -> dict[str, Any]:
    """What a study passes along with its scores."""
    languages = ["en", *COVERED, *UNCOVERED]
    return {
        "study": "synthetic",
        "title": "A synthetic study",
        "description": "Known effects.",
        "command": "snakemake --cores all",
        "seeds": list(seeds),
        "encoders": {"mini": {"description": "a small encoder", "covered_languages": ["en", *COVERED]}},
        "intermediate": {
            name: {"method": "none" if name == "none" else "standard", "tasks": [] if name == "none" else [name]}
            | {"learning_rate": 1e-5}
            for name in gains
        },
        "targets": {
            name: {
                "task": name,
                "type": TARGETS[name][0],
                "metric": TARGETS[name][1],
                "chance": TARGETS[name][2],
                "languages": [code for code in languages if code != "en" or name != "tatoeba"],
                "train": [] if name == "tatoeba" else [name],
            }
            for name in targets
        },
        "data": {
            name: {
                "source": "data_dir",
                "note": "",
                "licence": "CC-BY-4.0",
                "citation": "Someone et al. 2020, https://example.org/paper",
            }
            for name in targets
        },
        "conditions": {
            condition_name(strength): {
                "strength": strength,
                "perturbation": "swap" if strength else None,
                "attack": None,
                "targets": list(targets),
            }
            for strength in STRENGTHS
        },
        "questions": {
            "gain": question("Does an intermediate task help?", [name for name in gains if name != "none"]),
            "robust": question("Does it make the model robust?", ["nli"], condition="swap20", outcome="drop"),
        },
        "manifests": [{"path": "checkpoints/mini/nli/seed1/manifest.json", "kind": "checkpoint"}],
    }


def question(text: str, levels: list[str] | None, **others: Any) -> dict[str, Any]:
    """A question over intermediate recipes, with the study's defaults filled in."""
    defaults: dict[str, Any] = {"factor": "intermediate", "baseline": "none", "condition": "clean", "outcome": "score"}
    defaults |= {"targets": None, "languages": "covered", "covariate": None, "direction": "positive"}
    defaults |= {"measure": None, "layer": None, "phase": "intermediate"}
    return {"text": text, "levels": levels, **defaults, **others}


def condition_name(strength: float) -> str:
    """``clean``, ``swap10``, ``swap20``."""
    return f"swap{round(100 * strength)}" if strength else "clean"


def scores(study: dict[str, Any], gains: dict[str, float] = GAINS, noise: float = 0.8) -> pd.DataFrame:
    """Scores with ``gains`` and :data:`ROBUSTNESS`; ``noise`` points vary between languages and cells."""
    rows = []
    for target, recipe, strength in itertools.product(study["targets"], study["intermediate"], STRENGTHS):
        retrieval = target == "tatoeba"
        pretrained = retrieval and recipe == "none"
        for language in study["targets"][target]["languages"]:
            for seed in [None] if pretrained else study["seeds"]:
                value = _value(target, recipe, strength, language, seed, gains, noise)
                row = {"study": "synthetic", "encoder": "mini", "intermediate": recipe, "target": target}
                row |= {"method": study["intermediate"][recipe]["method"], "seed": seed, "language": language}
                row |= {"condition": condition_name(strength), "strength": strength, "n": 1000}
                main = study["targets"][target]["metric"]
                rows.append(row | {"metric": main, "value": value})
                rows.extend(
                    row | {"metric": f"accuracy_layer_{layer}", "value": value * (1 - (layer - 3) ** 2 / 16)}
                    for layer in range(5 * retrieval)
                )
    return pd.DataFrame(rows).astype({"seed": "Int64"})


def _value(
    target: str, recipe: str, strength: float, language: str, seed: int | None, gains: dict[str, float], noise: float
) -> float:
    level = {"xnli": 52.0, "pawsx": 62.0, "udpos": 60.0, "xquad": 35.0, "tatoeba": 45.0}[target]
    if language == "en":
        level += 18
    elif language in UNCOVERED:
        level = TARGETS[target][2] or 12.0
    language_part = _normal(4 if language != "en" else 1, target, language)
    gain = gains[recipe] if language in COVERED else 0.0
    shared = _normal(noise, "gain", recipe, target, language) if recipe != "none" else 0.0
    damage = strength * (45 - ROBUSTNESS.get(recipe, 0.0) + _normal(5, "damage", target, language))
    cell = _normal(noise, "cell", target, recipe, language, seed, strength)
    return float(np.clip(level + language_part + gain + shared - damage + cell, 0, 100))


def _normal(scale: float, *names: object) -> float:
    return float(np.random.default_rng(derive_seed(*names)).normal(0, scale))


def manifest(names: list[str], method: str, best: float, **others: Any) -> dict[str, Any]:
    """What the manifest of a checkpoint says of a run of 40 steps that ends at its best English dev score."""
    dev = [{"step": step, "score": best - 20 + step / 2} for step in (10, 20, 30, 40)]
    if len(names) > 1:
        dev = [entry | {"tasks": dict.fromkeys(names, entry["score"])} for entry in dev]
    reported = [{"step": entry["step"], "accuracy": 40.0 - entry["step"] / 2, "chance": 10.0} for entry in dev]
    return {
        "recipe": {"tasks": names, "method": method, "batch_size": 32},
        "rows": {"train": 1280, "dev": 150},
        "dev_metric": "accuracy",
        "learning_rate": 1e-5,
        "history": {
            "dev": dev,
            "loss": [{"step": entry["step"], "loss": 1 - entry["step"] / 100} for entry in dev],
            "method": reported if method == "dann" else [],
            "best_step": 40,
            "best_score": best,
            "steps": 40,
            "examples_per_second": 123.4,
            "tokens_per_second": 4567.8,
        },
        "seconds": 75.0,
        "cost": {"mfu": None},
        "peak_memory_mb": {"host": 900},
        "resumed": [],
        "device": "cpu, 2 thread(s)",
        **others,
    }


def write_training(study: dict[str, Any], folder: Path) -> None:
    """``training.csv`` and ``curves.csv`` in a folder, of runs whose seeds differ by a point."""
    folders = {}
    for recipe, target, seed in itertools.product(study["intermediate"], ["", *study["targets"]], study["seeds"]):
        if target in ("tatoeba",) or (recipe == "none" and not target):
            continue
        path = folder / "trained" / recipe / target / f"seed{seed}" / "manifest.json"
        path.parent.mkdir(parents=True)
        names = [target] if target else TASKS[recipe]
        method = study["intermediate"][recipe]["method"] if not target else "standard"
        path.write_text(json.dumps(manifest(names, method, 60.0 + seed)))
        folders["mini", recipe, target, f"seed{seed}"] = str(path.parent)
    collect_runs(folders, folder / "training.csv", folder / "curves.csv")
