"""Character edits that the gradient ranks."""

from xstilts.robustness.base import GRADIENT, Attack, Candidate, Case, Search, merged

# Edits of a word whose effect is estimated, and the best of all that are tried together.
_ESTIMATED, _TRIED = 12, 8


def search(case: Case) -> Search:
    """Estimate every edit's effect to first order from one gradient, and try the most promising ones, best first.

    Each round keeps the edit that did most, if it helps, and goes on to words without an edit.
    """
    estimate = yield GRADIENT
    edits = [edit for word in case.words for edit in case.rewritings(word, _ESTIMATED)]
    order = sorted(range(len(edits)), key=lambda number: -estimate(edits[number]))
    best: Candidate = {}
    reached = case.loss
    while order and len(best) < case.budget.edits:
        joined = [(number, merged(best, edits[number])) for number in order]
        free = [(number, candidate) for number, candidate in joined if candidate is not None]
        tried = free[:_TRIED]
        if not tried:
            return
        losses = yield [candidate for _, candidate in tried]
        loss, place = max((loss, -index) for index, loss in enumerate(losses))
        if loss > reached:
            best, reached = tried[-place][1], loss
        seen = {number for number, _ in tried}
        order = [number for number in order if number not in seen]


ATTACK = Attack(
    name="gradient_flip",
    description="character edits ranked by the change of the loss that the gradient at the embeddings predicts",
    source="HotFlip (Ebrahimi et al. 2018), with sub-words in place of one-hot characters",
    search=search,
    version=2,
)
