"""What the two sides of a loss score on clean inputs: who scores little has little to lose."""

import numpy as np
import pandas as pd

from xstilts.questions.contrast import Evidence, pairings
from xstilts.questions.examples import Examples
from xstilts.questions.outcomes import OUTCOMES
from xstilts.questions.table import Context, Scores

Sides = dict[tuple[str, str], tuple[float, float]]


def clean_scores(scores: pd.DataFrame, context: Context, name: str) -> Sides:
    """Mean clean scores in percent of level and baseline over a question's targets and languages, by encoder and level.

    Nothing for a question that is not a contrast of losses of the score. NaN where a side has no score.
    """
    question = context["questions"][name]
    outcome = OUTCOMES[question["outcome"]]
    if question.get("covariate") is not None or outcome.representations or not outcome.loss:
        return {}
    evidence = Evidence(Scores.of(scores, context), Examples(None, context), context, question, 0, name)
    found: Sides = {}
    for pairing in pairings(context, question):
        # Both sides at once, in the languages that the loss is measured in: a condition is not defined in all.
        means = evidence.clean([arm for pair in pairing.pairs for arm in pair])
        found[pairing.encoder, pairing.level] = float(np.mean(means[::2])), float(np.mean(means[1::2]))
    return found
