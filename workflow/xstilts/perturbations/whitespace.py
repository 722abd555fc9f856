"""Words split and joined."""

from xstilts.languages import Language
from xstilts.perturbations._letters import runs
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import perturbation
from xstilts.tasks.base import TASK_TYPES


def sites(units: Units, language: Language) -> list[Span]:
    """Letters with a letter to their right, and single white space between letters."""
    found: list[Span] = []
    end = -2
    for start, stop, _ in runs(units, language):
        if end == start - 1 and units[end].isspace():
            found.append((end, start))
        found += [(index, index + 1) for index in range(start, stop - 1)]
        end = stop
    return found


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """Nothing for white space, the letter and a space for a letter."""
    unit = units[span[0]]
    return "" if unit.isspace() else f"{unit} "


PERTURBATION = perturbation(
    Edits(sites, rewrite),
    name="whitespace",
    scripts=ALL_SCRIPTS,
    description="a space appears after a letter, or the space between two words goes; in scripts that write no spaces"
    " between words (Thai, Chinese, Japanese, Burmese) the first is what there is to do",
    source="`insert space` of TextBugger (Li et al. 2019), and its reverse",
    task_types=frozenset(TASK_TYPES) - {"tagging"},
)
