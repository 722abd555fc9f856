"""The pages that a command writes say what the command says, and what they show as code runs."""

import re

import pytest
import torch

from tiny import LABELS, RECIPE, rows_of
from workflow import ROOT
from xstilts import seeds
from xstilts.analysis.measures import registry
from xstilts.cli import main, parser, perturbations
from xstilts.errors import ConfigError
from xstilts.models.heads import HEADS
from xstilts.models.learner import Learner
from xstilts.models.load import load_tokenizer
from xstilts.training.passes import Passes

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_table_of_perturbations_is_in_step():
    written = (ROOT / "docs" / "perturbations.md").read_text(encoding="utf-8")
    assert written.endswith(perturbations.table(perturbations.declared()) + "\n"), "run: xstilts perturbations"


def test_every_measure_of_alignment_is_explained():
    written = (ROOT / "docs" / "alignment.md").read_text(encoding="utf-8")
    named = [line.split("`")[1] for line in written.splitlines() if line.startswith("| `")]
    assert named == list(registry())


def shown(attribute):
    """What the example of docs/extending.md that declares this attribute declares."""
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.S) if f"{attribute} = " in block]
    namespace = {}
    exec(code, namespace)
    return namespace[attribute]


def test_the_perturbation_that_is_shown_works():
    found = shown("PERTURBATION")
    text = found.apply("Das rote Schaf ist da.", found.check("de", "tagging"), 1.0, seeds.rng("shown"))
    assert text == "Ds rt Schf ist d."
    with pytest.raises(ConfigError, match="'vowel_drop' is not defined for Thai"):
        found.check("th")


def test_the_method_that_is_shown_works(encoder):
    head = HEADS["classification"](LABELS["classification"], load_tokenizer(encoder), RECIPE)
    items = head.encode(rows_of("classification", 12), train=True)
    torch.manual_seed(0)
    model = Learner(encoder, {"head": head}).models["head"]
    method = shown("METHOD")(shown("METHOD").resolve({}))
    passes = Passes(model, head, items, len(items), torch.device("cpu"))
    model.eval()
    plain = passes.loss(passes.outputs()).item()
    assert float(method.backward(passes)) == pytest.approx(2 * plain, abs=1e-6)
    model.train()
    torch.manual_seed(1)
    different = sum(passes.loss(passes.outputs()).item() for _ in range(2))
    torch.manual_seed(1)
    assert float(method.backward(passes)) > different + 1e-6


def test_the_first_study_is_valid_and_says_what_it_reads(tmp_path, capsys):
    page = (ROOT / "docs" / "first-study.md").read_text(encoding="utf-8")
    written = tmp_path / "my_study.yaml"
    written.write_text(re.search(r"```yaml\n(.*?)```", page, re.S)[1])
    main(["check", str(written)])
    assert "data made here: mini_nli, mini_pos" in capsys.readouterr().out


def test_messages_that_are_explained_are_said():
    """All but Snakemake's own; a part that varies is written as dots."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `([^`]+)` \|", page, re.M)
    assert len(messages) > 8
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "workflow" / "xstilts").rglob("*.py")]
    said = [re.sub(r'"\s+f?"', "", source) for source in sources]
    for message in messages:
        parts = message.split("…")
        assert any(all(part.strip() in source for part in parts) for source in said), message


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert link.startswith("http") or (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_subcommands_that_a_page_names_exist(page):
    commands = parser()._subparsers._group_actions[0].choices
    for name in re.findall(r"^ *(?:`?xstilts|.*`xstilts) ([a-z-]+)", page.read_text(encoding="utf-8"), re.M):
        assert name in commands, name
