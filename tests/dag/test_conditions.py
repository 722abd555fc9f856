"""Perturbed test sets as the workflow makes them: lexicons first, each made once, and only where they apply."""

import json

import pytest

from workflow import Workplace

SWITCHED = {"perturbation": "code_switch", "strength": 0.5, "targets": ["pos"], "languages": "declared"}
CONDITIONS = {
    "mixed": {"mixture": {"keyboard": 2, "char_swap": 1}, "strength": 0.2, "targets": ["pos"]},
    "switched": SWITCHED | {"options": {"language": "ru", "parallel": "mini_bitext"}},
    "misspelt": {"perturbation": "natural", "strength": 1, "targets": ["pos"], "languages": ["en"]},
}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    workplace = Workplace(tmp_path_factory.mktemp("conditions") / "study")
    table = workplace.folder / "errors.txt"
    table.write_text("dog dgo\ncat act\n", encoding="utf-8")
    conditions = CONDITIONS | {"misspelt": CONDITIONS["misspelt"] | {"options": {"files": {"en": str(table)}}}}
    workplace.edit(lambda study: study["conditions"].update(conditions))
    workplace.run(*(f"results/tiny/data/mini_pos/{name}/manifest.json" for name in conditions))
    return workplace


def manifest(workplace, condition):
    return json.loads((workplace.results / f"data/mini_pos/{condition}/manifest.json").read_text())


def test_conditions_leave_their_test_sets_with_realised_rates(workplace):
    assert set(manifest(workplace, "mixed")["splits"]) == {"test-de", "test-en", "test-ru"}
    assert set(manifest(workplace, "switched")["edit_rate"]) == {"de", "en"}
    assert all(rate > 0.1 for rate in manifest(workplace, "switched")["edit_rate"].values())
    assert set(manifest(workplace, "misspelt")["splits"]) == {"test-en"}


def test_a_lexicon_per_language_is_learned_and_named_in_the_manifest(workplace):
    made = {path.name for path in (workplace.results / "data/mini_bitext/lexicon").iterdir()}
    assert made == {"de.tsv", "ru.tsv"} == set(manifest(workplace, "switched")["resources"])


def test_changing_a_users_table_makes_its_test_set_again_and_nothing_else(workplace):
    (workplace.folder / "errors.txt").write_text("dog dogg\n", encoding="utf-8")
    made = {output for output in workplace.planned() if output.startswith("data/mini_pos/")}
    assert "data/mini_pos/misspelt/manifest.json" in made
    assert not made & {f"data/mini_pos/{name}/manifest.json" for name in ("clean", "mixed", "switched")}


@pytest.mark.slow
def test_an_attack_writes_what_an_evaluation_writes(workplace):
    attack = {"attack": "greedy_char", "budget": {"edits": 2, "queries": 20}, "examples": 8, "targets": ["pos"]}
    workplace.edit(lambda study: study["conditions"].update(attacked=attack))
    folder = "results/tiny/predictions/mini/none/pos/seed1"
    workplace.run(f"{folder}/attacked.json")
    scores = json.loads((workplace.folder / folder / "attacked.json").read_text())
    assert (scores["condition"], scores["strength"]) == ("attacked", 2)
    values = {(row["language"], row["metric"]): row["value"] for row in scores["metrics"]}
    assert {language for language, _ in values} == {"de", "en", "ru"}
    assert all(values[language, "f1"] <= values[language, "clean_f1"] + 1e-9 for language in ("de", "en", "ru"))
    assert (workplace.folder / folder / "attacked.parquet").is_file()
    assert not list((workplace.results / "state").rglob("*.jsonl"))
