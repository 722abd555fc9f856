"""A study of many arms: what a command is told of them is longer than Linux takes in one argument."""

import yaml

from workflow import ROOT, Workplace
from xstilts.artifacts import canonical_json
from xstilts.study import Paths, alignment_runs, parse_study, recipes

LONGEST = 128 * 1024  # MAX_ARG_STRLEN


def many_recipes(study: dict) -> None:
    study["intermediate"] |= {f"a_recipe_of_its_own_number_{number}": {"tasks": ["mini_nli"]} for number in range(700)}
    study["alignment"] = {
        "task": "mini_bitext",
        "conditions": [],
        "checkpoints": ["pretrained", "intermediate", "target"],
    }


def test_its_tables_answers_figures_and_report_are_made(tmp_path):
    workplace = Workplace(tmp_path / "study")
    workplace.tools = ROOT / "tests" / "stub"
    workplace.edit(many_recipes)
    study = parse_study(yaml.safe_load(workplace.study.read_text()))
    paths, arms, runs = Paths.of(study), list(study.arms()), list(alignment_runs(study))
    for told in (arms, runs, recipes.report_context(study)):
        assert len(canonical_json(told)) > LONGEST
    made = [paths.evaluation(arm["encoder"], arm["intermediate"], arm["target"]) for arm in arms]
    made += [paths.alignment(run["encoder"], run["arm"]) for run in runs]
    for name in made:
        (workplace.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (workplace.folder / name).write_text("{}")
    allowed = ("scores", "alignment_table", "questions", "figures", "report")
    workplace.snakemake("--cores", "1", "--allowed-rules", *allowed, "--", f"{paths.root}/report.html")
    assert (workplace.results / "report.html").is_file()
