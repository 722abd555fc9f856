"""How well a linear probe tells the language's sentences from English ones."""

from typing import TYPE_CHECKING

from xstilts.analysis.measures.base import Measure

if TYPE_CHECKING:
    from xstilts.analysis.pairs import Pairs

# Ridge penalty per sentence on standardised vectors: keeps the probe from fitting noise where vectors are wider than n.
RIDGE = 1.0


def language_probe(pairs: "Pairs") -> float:
    """Held-out accuracy of a ridge-regularised least-squares probe, English against the language, in percent.

    Fitted on every other pair and scored on the rest, and the other way round. Both sentences of a pair are on the same
    side of the split, so that the probe cannot know the languages by what the sentences say.
    """
    import numpy as np

    found = []
    for held in (0, 1):
        fitted = [vectors[1 - held :: 2].astype(np.float64) for vectors in (pairs.english, pairs.other)]
        fit = np.concatenate(fitted)
        centre, scale = fit.mean(0), fit.std(0)
        scale[scale == 0] = 1
        fit = (fit - centre) / scale
        side = np.repeat([1.0, -1.0], [len(part) for part in fitted])
        weights = np.linalg.solve(fit.T @ fit + RIDGE * len(fit) * np.eye(fit.shape[1]), fit.T @ side)
        for vectors, sign in ((pairs.english, 1), (pairs.other, -1)):
            scores = ((vectors[held::2] - centre) / scale) @ weights * sign
            found.append((scores > 0) + (scores == 0) / 2)
    return 100 * float(np.concatenate(found).mean())


MEASURES = (
    Measure(
        "language_probe",
        "linear probe of the language (%)",
        "held-out accuracy of a linear probe that tells the language from English; 50: cannot, 100: always",
        "Alain and Bengio 2017 (arXiv 1610.01644), linear classifier probes",
        9,
        language_probe,
        (0, 100),
    ),
)
