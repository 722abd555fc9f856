"""Character edits in the words that matter most."""

from xstilts.robustness.base import Attack, Candidate, Case, Search, merged

# Candidates tried per word.
_TRIES = 8


def search(case: Case) -> Search:
    """Rank words by what hiding each does, then edit them in that order, keeping the best edit of each that helps.

    At most half of the queries go into the ranking; of longer texts a random part of the words is ranked.
    """
    words = case.words
    most = max(1, case.budget.queries // 2)
    ranked = words if len(words) <= most else sorted(case.random.sample(words, most))
    effects = yield [{word: case.blank} for word in ranked]
    order = sorted(zip(effects, ranked, strict=True), key=lambda pair: (-pair[0], pair[1]))
    best: Candidate = {}
    reached = case.loss
    for _, word in order:
        tries = [joined for edit in case.rewritings(word, _TRIES) if (joined := merged(best, edit)) is not None]
        if not tries:
            continue
        losses = yield tries
        loss, place = max((loss, -number) for number, loss in enumerate(losses))
        if loss > reached:
            best, reached = tries[-place], loss
        if len(best) >= case.budget.edits:
            return


ATTACK = Attack(
    name="greedy_char",
    description="words are ranked by hiding each, then edited character by character in that order",
    source="DeepWordBug (Gao et al. 2018) and TextBugger (Li et al. 2019): word importance ranking, greedy edits",
    search=search,
    version=2,
)
