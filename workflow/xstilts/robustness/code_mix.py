"""Words switched into another language where it hurts most."""

from xstilts.robustness.base import Attack, Candidate, Case, Search, merged


def search(case: Case) -> Search:
    """Try every switch by itself, then add them up in the order of their effect, keeping those that help."""
    switches: list[Candidate] = []
    (perturbation,) = case.perturbations
    assert perturbation.edits is not None
    for number, units in enumerate(case.texts):
        for start, stop in perturbation.edits.sites(units, case.language):
            other = perturbation.edits.rewrite(units, (start, stop), case.language, case.random.random())
            switches.append({(number, start, stop): other})
    most = max(1, case.budget.queries // 2)
    if len(switches) > most:
        switches = case.random.sample(switches, most)
    if not switches:
        return
    losses = yield switches
    order = sorted(zip(losses, range(len(switches)), strict=True), key=lambda pair: (-pair[0], pair[1]))
    reached, best = order[0][0], switches[order[0][1]]
    if reached <= case.loss:
        return
    for _, number in order[1:]:
        if len(best) >= case.budget.edits:
            return
        joined = merged(best, switches[number])
        if joined is None:
            continue
        (loss,) = yield [joined]
        if loss > reached:
            best, reached = joined, loss


ATTACK = Attack(
    name="code_mix",
    description="words become counterparts in another language, those first whose switch hurts most",
    source="code-mixed adversaries (Tan & Joty 2021, PolyGloss); the lexicon is that of code_switch",
    search=search,
    perturbations=("code_switch",),
    fixed=True,
    version=2,
)
