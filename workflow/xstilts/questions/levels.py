"""What the two sides of a loss score on clean inputs: who scores little has little to lose."""

import numpy as np
import pandas as pd

from xstilts.questions import statistics
from xstilts.questions.contrast import Evidence, pairings
from xstilts.questions.examples import Examples
from xstilts.questions.outcomes import OUTCOMES
from xstilts.questions.table import CLEAN, Context, Scores

Sides = dict[tuple[str, str], tuple[float, float]]


def clean_scores(scores: pd.DataFrame, context: Context, name: str) -> Sides:
    """Mean clean scores in percent of level and baseline over a question's targets and languages, by encoder and level.

    Nothing for a question that is not a contrast of losses of the score. NaN where a side has no score.
    """
    question = context["questions"][name]
    outcome = OUTCOMES[question["outcome"]]
    if question.get("covariate") is not None or outcome.representations or not outcome.loss:
        return {}
    clean = {**question, "outcome": "score", "condition": CLEAN}
    evidence = Evidence(Scores.of(scores, context), Examples(None, context), context, clean, 0, name)
    found: Sides = {}
    for pairing in pairings(context, clean):
        level, baseline = (
            float(np.mean([statistics.effect(cells.values) for cells in evidence.values(side)]))
            for side in zip(*pairing.pairs, strict=True)
        )
        found[pairing.encoder, pairing.level] = level, baseline
    return found
