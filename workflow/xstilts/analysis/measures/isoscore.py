"""How uniformly a language's vectors use the dimensions of the space."""

from typing import TYPE_CHECKING

from xstilts.analysis.measures.base import Measure

if TYPE_CHECKING:
    from xstilts.analysis.pairs import Pairs


def isoscore(pairs: "Pairs") -> float:
    """IsoScore of the language's vectors.

    The paper rotates the vectors by PCA, scales the diagonal of their covariance to length √d, takes its distance to
    the diagonal of ones as the isotropy defect δ, and rescales ((d - δ²(d - √d))² - d) / (d (d - 1)). With λ the
    eigenvalues of the covariance, d - δ²(d - √d) is √d Σλ / √Σλ², so the score is ((Σλ)² / Σλ² - 1) / (d - 1), and
    both sums are had without the eigenvalues: the trace and the squared Frobenius norm of the covariance.
    """
    covariance = pairs.scatter("other")
    squares = float((covariance**2).sum())
    dimensions = len(covariance)
    return (float(covariance.trace()) ** 2 / squares - 1) / (dimensions - 1) if squares else float("nan")


MEASURES = (
    Measure(
        "isoscore",
        "IsoScore",
        "isotropy of the language's vectors, from 0 (a line) to 1 (all dimensions alike)",
        "Rudman et al. 2022 (Findings of ACL), IsoScore",
        6,
        isoscore,
        (0, 1),
    ),
)
