"""The worst of many random perturbations."""

from xstilts.robustness.base import Attack, Candidate, Case, Search, merged

# Candidates shown at once: an early success saves the rest.
_STEP = 16


def search(case: Case) -> Search:
    """Spend the whole budget of edits at random places, as often as there are queries."""
    words = case.words
    if not words:
        return
    for _ in range(0, case.budget.queries, _STEP):
        candidates = [candidate for _ in range(_STEP) if (candidate := _draw(case, words))]
        if not candidates:
            return
        yield candidates


def _draw(case: Case, words: list[tuple[int, int, int]]) -> Candidate:
    found: Candidate = {}
    for word in case.random.sample(words, min(len(words), case.budget.edits)):
        edits = case.rewritings(word, len(case.perturbations))
        joined = merged(found, case.random.choice(edits)) if edits else None
        found = found if joined is None else joined
    return found


ATTACK = Attack(
    name="random_search",
    description="random edits at random places, the worst of as many as there are queries",
    source="worst-of-k, as in Engstrom et al. (2019) for images; the edits of DeepWordBug (Gao et al. 2018)",
    search=search,
    version=2,
)
