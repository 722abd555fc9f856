"""The pages that a command writes say what the command says."""

from workflow import ROOT
from xstilts.cli import perturbations


def test_the_table_of_perturbations_is_in_step():
    written = (ROOT / "docs" / "perturbations.md").read_text(encoding="utf-8")
    assert written.endswith(perturbations.table(perturbations.declared()) + "\n"), "run: xstilts perturbations"
