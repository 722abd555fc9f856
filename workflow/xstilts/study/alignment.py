"""The checkpoints whose alignment a study measures."""

from collections.abc import Iterator
from typing import Any

from xstilts.study.model import NONE, PRETRAINED, Study

INTERMEDIATE, TARGET = "intermediate", "target"
PHASES = (PRETRAINED, INTERMEDIATE, TARGET)


def alignment_runs(study: Study) -> Iterator[dict[str, Any]]:
    """Every arm whose checkpoints are measured: ``encoder``, ``arm``, the folders of its ``seeds``, its ``conditions``.

    An arm is an intermediate recipe (``nli``) or that and a target (``nli/pos``); ``none`` is the encoder as it was.
    """
    if study.alignment is None:
        return
    seeds = [f"seed{seed}" for seed in study.seeds]
    trained = [name for name, recipe in study.intermediate.items() if not recipe.direct]
    tuned = [name for name, target in study.targets.items() if not target.retrieval]
    arms = {
        PRETRAINED: {NONE: [PRETRAINED]},
        INTERMEDIATE: dict.fromkeys(trained, seeds),
        TARGET: {
            f"{name}/{target}": seeds
            for name, recipe in study.intermediate.items()
            for target in filter(recipe.leads_to, tuned)
        },
    }
    for encoder in study.encoders:
        for phase in PHASES:
            if phase in study.alignment.checkpoints:
                for arm, folders in arms[phase].items():
                    conditions = list(study.alignment.conditions)
                    yield {"encoder": encoder, "arm": arm, "seeds": folders, "conditions": conditions}


def aligned_words(study: Study, encoder: str, arm: str) -> dict[str, Any]:
    """The words that name an arm's checkpoints in the alignment table, but for the seed."""
    intermediate, _, target = arm.partition("/")
    pretrained = arm == NONE
    return {
        "study": study.name,
        "encoder": encoder,
        "intermediate": intermediate,
        "method": NONE if pretrained else study.intermediate[intermediate].method,
        "phase": PRETRAINED if pretrained else TARGET if target else INTERMEDIATE,
        "target": target or None,
    }
