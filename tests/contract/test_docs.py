"""The pages that a command writes say what the command says."""

from workflow import ROOT
from xstilts.analysis.measures import registry
from xstilts.cli import perturbations


def test_the_table_of_perturbations_is_in_step():
    written = (ROOT / "docs" / "perturbations.md").read_text(encoding="utf-8")
    assert written.endswith(perturbations.table(perturbations.declared()) + "\n"), "run: xstilts perturbations"


def test_every_measure_of_alignment_is_explained():
    written = (ROOT / "docs" / "alignment.md").read_text(encoding="utf-8")
    named = [line.split("`")[1] for line in written.splitlines() if line.startswith("| `")]
    assert named == list(registry())
