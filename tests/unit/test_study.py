"""What a user writes in a study file."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from studies import MINIMAL, attack, changed, condition

from xstilts import tasks
from xstilts.cli import main
from xstilts.errors import ConfigError
from xstilts.study import load_study, parse_study, recipes
from xstilts.study.overrides import parsed
from xstilts.study.schema import schema
from xstilts.tasks.benchmarks import languages

ROOT = Path(__file__).parents[2]


def test_defaults_are_filled_in_and_the_argument_is_left_alone():
    config = copy.deepcopy(MINIMAL)
    study = parse_study(config)
    assert config == MINIMAL
    assert study.seeds == (1, 2, 3)
    assert study.targets["nli"].training["batch_size"] == 32
    assert list(study.conditions) == ["clean"]
    assert study.targets["nli"].languages[0] == "en" or "en" in study.targets["nli"].languages


def test_recipe_overrides_the_studys_training_and_the_rest_stays():
    config = changed("targets", "nli", "training", {"epochs": 7})
    config["training"] = {"epochs": 3, "batch_size": 8}
    study = parse_study(config)
    assert (study.targets["nli"].training["epochs"], study.targets["nli"].training["batch_size"]) == (7, 8)
    assert study.intermediate["nli"].training["epochs"] == 3


def test_keys_on_the_command_line_replace_those_of_the_file(tmp_path, capsys):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(changed("training", {"epochs": 3, "batch_size": 8})))
    study = load_study(path, parsed(["seeds=[1, 2, 3]", "training={epochs: 5}"]))
    assert list(study.seeds) == [1, 2, 3]
    training = study.targets["nli"].training
    assert (training["epochs"], training["batch_size"]) == (5, 8)
    main(["check", str(path), "--config", "seeds=[1,2,3]"])
    # Of each seed: NLI as intermediate task, and as target after it and directly.
    assert "9 checkpoints to train" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("item", "words"), [("data_dir", "not KEY=VALUE"), ("=3", "not KEY=VALUE"), ("seeds=[1", "not valid YAML")]
)
def test_a_key_on_the_command_line_that_cannot_be_read_is_one_line(item, words):
    with pytest.raises(ConfigError, match=words) as caught:
        parsed([item])
    assert "\n" not in str(caught.value)


def test_a_benchmark_is_one_word_and_targets_beside_it_go_before_its_own():
    targets = {"benchmark": "XTREME", "xnli": {"languages": ["de"]}, "udpos": None, "nli": {"task": "mini_nli"}}
    study = parse_study(changed("targets", targets))
    expected = ["xnli", "pawsx", "panx", "xquad", "mlqa", "tydiqa", "bucc2018", "tatoeba", "nli"]
    assert list(study.targets) == expected
    assert study.targets["xnli"].languages == ("de",)
    assert study.targets["xnli"].train == ("mnli",)
    assert len(study.targets["panx"].languages) == 40
    assert study.targets["bucc2018"].retrieval


def test_the_benchmarks_have_their_languages():
    expected = {
        "XTREME": {"xnli": 15, "pawsx": 7, "udpos": 33, "panx": 40, "xquad": 11, "mlqa": 7, "tydiqa": 9}
        | {"bucc2018": 4, "tatoeba": 36},
        "XTREME-R": {"xnli": 15, "xcopa": 11, "udpos": 38, "panx": 48, "xquad": 12, "mlqa": 7, "tydiqa": 9}
        | {"tatoeba": 41, "mewslix": 11, "xquad_r": 11},
    }
    counts = {name: {task: len(spoken) for task, spoken in found.items()} for name, found in languages().items()}
    assert counts == expected
    for found in languages().values():
        for name, spoken in found.items():
            task = tasks.get(name)
            assert any(set(spoken) <= set(edition.languages["test"]) for edition in (task, *task.editions))


@pytest.mark.parametrize(
    "name", ["phang2020", "adversarial_training", "xtreme_r", "task_difficulty", "domain_adversarial"]
)
def test_no_paper_sized_study_reads_files_whose_gold_xtremes_script_removed(name, tmp_path):
    blanked = {"pawsx", "udpos", "panx", "xcopa", "xquad", "mlqa", "tydiqa"}
    for task in map(tasks.get, blanked):
        for edition in (task, *(found for found in task.editions if found.source == "data_dir")):
            names = (edition.files(split, code) for split, spoken in edition.languages.items() for code in spoken)
            for file in {tmp_path / file for some in names for file in some}:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
    study = load_study(ROOT / f"studies/{name}.yaml", {"data_dir": str(tmp_path)})
    # XTREME-R's languages of UDPOS are not on the hub; its edition there reads labelled files of the user's.
    found = {task: study.task(task) for task in blanked & study.task_names()}
    assert {(t.source, t.edition) for t in found.values()} <= {("hub", "hub"), ("data_dir", "gold")}
    assert "pawsx" not in found or found["pawsx"].rows["train", "en"] == 49_401


def test_tasks_of_different_kinds_are_mixed_by_a_sampling():
    recipe = {
        "tasks": ["mini_nli", "mini_pos", "wikipedia"],
        "sampling": {"kind": "proportional", "cap": 500},
        "text_languages": ["de", "sw"],
    }
    study = parse_study(changed("intermediate", "mixed", recipe))
    resolved = recipes.intermediate_recipe(study, "mini", "mixed", 1)
    assert resolved["sampling"] == {"kind": "proportional", "cap": 500, "temperature": 2.0}
    assert resolved["text_languages"] == ["de", "sw"]
    assert study.training_languages("wikipedia") == {"de", "sw"}
    assert study.training_languages("mini_pos") == {"en"}
    assert recipes.intermediate_recipe(study, "mini", "nli", 1)["sampling"] is None


def test_machine_translated_data_are_read_in_the_languages_that_the_recipe_names():
    recipe = {"tasks": ["snli", "xnli_translate_train"], "text_languages": ["de"]}
    study = parse_study(changed("intermediate", "translated", recipe))
    assert study.training_languages("xnli_translate_train") == {"de"}


def test_without_a_folder_a_task_is_fetched_and_with_one_it_is_read_where_its_files_are(tmp_path):
    config = changed("targets", {"xnli": {"task": "xnli", "train": ["snli"]}})
    assert parse_study(config).task("xnli").edition == "hub"
    config["data_dir"] = str(tmp_path)
    assert parse_study(config).task("xnli").edition == "hub"
    (tmp_path / "xnli").mkdir()
    (tmp_path / "xnli" / "dev-ar.tsv").touch()
    assert parse_study(config).task("xnli").edition == ""
    (tmp_path / "snli").mkdir()
    for name in ("dev", "test"):
        (tmp_path / f"snli/{name}.jsonl").touch()
    assert parse_study(config).task("snli").edition == ""
    (tmp_path / "snli/train.jsonl").touch()
    assert parse_study(config).task("snli").edition == "published"
    config["sources"] = {"snli": "url"}
    assert parse_study(config).task("snli").edition == "url"


def test_what_is_scored_is_not_trained_on(tmp_path):
    (tmp_path / "squad").mkdir()
    (tmp_path / "squad/dev-v2.0.json").touch()
    config = changed("targets", {"xquad": {"task": "xquad", "train": ["squad_v2"]}})
    parse_study(config)
    config["data_dir"] = str(tmp_path)
    with pytest.raises(ConfigError, match=r"targets\.xquad\.train: squad_v2 .* that target xquad scores"):
        parse_study(config)


def test_a_recipe_goes_on_to_the_targets_that_score_nothing_it_was_trained_on(tmp_path):
    (tmp_path / "squad").mkdir()
    (tmp_path / "squad/dev-v1.1.json").touch()
    config = changed("intermediate", "squad", {"tasks": ["squad"]})
    config["targets"]["xquad"] = {"task": "xquad", "train": ["mini_qa"]}
    config["data_dir"] = str(tmp_path)
    with pytest.raises(ConfigError, match=r"intermediate\.squad\.tasks: squad .* target xquad scores"):
        parse_study(config)
    config["intermediate"]["squad"]["targets"] = ["nli", "bitext"]
    study = parse_study(config)
    arms = {(arm["intermediate"], arm["target"]) for arm in study.arms()}
    assert ("nli", "xquad") in arms
    assert {target for recipe, target in arms if recipe == "squad"} == {"nli", "bitext"}
    config["questions"] = {"q": {"text": "?", "levels": ["squad"]}}
    with pytest.raises(ConfigError, match=r"questions\.q\.targets: recipe squad .* go on to: nli, bitext"):
        parse_study(config)
    config["questions"]["q"]["targets"] = ["nli"]
    parse_study(config)


def test_a_language_that_the_folder_lacks_and_the_hub_has_is_said_to_be_there(tmp_path):
    config = changed("targets", {"tags": {"task": "udpos", "languages": ["en", "kk"]}})
    config |= {"data_dir": str(tmp_path), "source": "data_dir"}
    with pytest.raises(ConfigError, match=r"targets\.tags\.languages: .* no 'kk'; .*with sources: {udpos: hub} also"):
        parse_study(config)
    config["sources"] = {"udpos": "hub"}
    parse_study(config)


def test_a_method_is_asked_of_the_targets_that_its_recipes_and_those_of_the_same_tasks_go_on_to():
    config = changed("intermediate", "pos", {"tasks": ["mini_pos"], "targets": ["bitext"]})
    config["intermediate"] |= {"nli_fgm": {"tasks": ["mini_nli"], "training": {"method": "fgm"}}}
    config["questions"] = {"q": {"text": "?", "factor": "method", "levels": ["fgm"]}}
    parse_study(config)
    config["intermediate"]["nli_fgm"]["targets"] = ["bitext"]
    with pytest.raises(ConfigError, match=r"questions\.q\.targets: recipe nli_fgm .* go on to: bitext"):
        parse_study(config)


def test_arms_are_every_combination_and_retrieval_reads_the_pretrained_encoder_once():
    arms = {(arm["intermediate"], arm["target"]): arm["seeds"] for arm in parse_study(MINIMAL).arms()}
    assert arms == {
        ("none", "nli"): ["seed1", "seed2", "seed3"],
        ("none", "bitext"): ["pretrained"],
        ("nli", "nli"): ["seed1", "seed2", "seed3"],
        ("nli", "bitext"): ["seed1", "seed2", "seed3"],
    }


def test_every_arm_of_a_target_is_trained_by_the_same_recipe():
    study = parse_study(changed("training", {"learning_rate": [1e-3, 2e-3]}))
    recipe = recipes.target_recipe(study, "mini", "nli", 1)
    assert recipe["learning_rate"] == [1e-3, 2e-3]
    assert "intermediate" not in recipe
    assert recipe != recipes.target_recipe(study, "mini", "nli", 2)


def test_a_recipe_without_a_limit_of_dev_examples_does_not_name_it():
    plain, limited = (
        recipes.target_recipe(parse_study(changed("training", {"dev_examples": limit})), "mini", "nli", 1)
        for limit in (None, 50)
    )
    assert limited == plain | {"dev_examples": 50}
    assert plain == recipes.target_recipe(parse_study(changed("training", {})), "mini", "nli", 1)


def test_embeddings_are_frozen_for_the_small_encoder_and_trained_for_a_hub_encoder():
    config = changed("encoders", "big", {"kind": "hub", "id": "xlm-roberta-base", "revision": "0" * 40})
    study = parse_study(config)
    frozen = {e: recipes.target_recipe(study, e, "nli", 1)["freeze_embeddings"] for e in study.encoders}
    assert frozen == {"mini": True, "big": False}


@pytest.mark.parametrize(
    "path", [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))], ids=lambda p: p.name
)
def test_every_study_of_the_project_is_valid(path):
    study = load_study(path)
    assert any(recipe.direct for recipe in study.intermediate.values())
    assert yaml.safe_load(path.read_text())["study"] == study.name


def test_a_condition_applies_to_its_targets_in_the_languages_it_is_declared_for():
    value = {"perturbation": "case", "languages": "declared", "targets": ["nli"]}
    study = parse_study(condition(value))
    scored = study.conditions["x"].languages
    assert set(scored) == {"nli"}
    assert {"en", "de", "ru", "el"} <= set(scored["nli"])
    assert not {"zh", "th", "ja", "ar"} & set(scored["nli"])
    assert {arm["target"] for arm in study.arms() if "x" in arm["conditions"]} == {"nli"}
    assert recipes.evaluation_recipe(study, "nli")["conditions"][-1]["languages"] == list(scored["nli"])
    assert recipes.perturbation_recipe(study, "mini_nli", "x")["languages"] == sorted(scored["nli"])


def test_an_attack_is_a_condition_with_a_budget():
    study = parse_study(attack({"attack": "random_search", "budget": {"edits": 3}}))
    recipe = recipes.attack_recipe(study, "nli", "x")
    assert recipe["budget"] == {"edits": 3, "queries": 200}
    assert (recipe["attack"], recipe["strength"], recipe["examples"]) == ("random_search", 3, None)
    assert "char_swap" in recipe["perturbations"]
    assert recipes.report_context(study)["conditions"]["x"]["perturbation"] is None


def test_a_question_under_a_condition_names_targets_scored_under_it():
    config = condition({"perturbation": "case", "languages": "declared", "targets": ["nli"]})
    config["questions"] = {"q": {"text": "?", "levels": ["nli"], "condition": "x"}}
    with pytest.raises(
        ConfigError, match=r"questions\.q\.targets: bitext is not scored under x; name those that are: nli"
    ):
        parse_study(config)


def test_parsing_a_study_imports_nothing_heavy():
    code = (
        "import sys; from pathlib import Path; from xstilts.study import load_study; load_study(Path('config.yaml'));"
        "print([m for m in ('torch', 'transformers', 'numpy', 'pandas', 'pyarrow', 'datasets') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_check_says_where_data_come_from_and_which_files_are_missing(tmp_path, capsys):
    written = tmp_path / "study.yaml"
    config = MINIMAL | {"targets": {"xnli": {"task": "xnli", "train": ["mini_nli"], "languages": ["en", "de"]}}}
    written.write_text(yaml.safe_dump(config | {"sources": {"xnli": "data_dir"}, "data_dir": str(tmp_path)}))
    with pytest.raises(SystemExit, match="2"):
        main(["check", str(written)])
    assert "task xnli lacks xnli/" in capsys.readouterr().err
    study = load_study(written)
    for split, language in study.splits("xnli", "test"):
        for name in study.task("xnli").files(split, language):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
    main(["check", str(written)])
    assert "data read from data_dir: xnli\n" in capsys.readouterr().out


def test_check_reads_tables_of_misspellings(tmp_path, capsys):
    typos, written = tmp_path / "typos.txt", tmp_path / "study.yaml"
    typos.write_text("hund hudn\nkatze\n")
    natural = {"perturbation": "natural", "options": {"files": {"de": str(typos)}}, "languages": ["de"]}
    written.write_text(yaml.safe_dump(condition(natural)))
    with pytest.raises(SystemExit, match="2"):
        main(["check", str(written)])
    assert "typos.txt:2: 'katze' has no misspelling" in capsys.readouterr().err


def test_check_notes_texts_that_a_trimmed_vocabulary_leaves_out(tmp_path, capsys):
    written = tmp_path / "study.yaml"
    written.write_text(yaml.safe_dump(changed("encoders", "mini", "vocabulary", ["mini_nli"])))
    main(["check", str(written)])
    assert "encoders.mini.vocabulary leaves out mini_bitext: " in capsys.readouterr().out


def test_resources_that_are_not_named_stay_what_the_kind_of_encoder_usually_has():
    hub = {"kind": "hub", "id": "team/large", "revision": "0" * 40, "resources": {"gpus": 4}}
    resources = parse_study(changed("encoders", "large", hub)).encoders["large"].resources
    assert (resources["gpus"], resources["mem_mb"], resources["runtime"]) == (4, 32000, 240)


def test_every_key_is_described():
    def undescribed(node, where):
        for key, value in node.get("properties", {}).items():
            if "description" not in value and "description" not in schema()["$defs"].get(key, {}):
                yield f"{where}.{key}"
            yield from undescribed(value, f"{where}.{key}")

    nodes = {"study": schema()} | schema()["$defs"]
    assert [found for name, node in nodes.items() for found in undescribed(node, name)] == []


def test_an_empty_mapping_says_nothing_and_may_stand_anywhere():
    config = condition({"perturbation": "char_noise", "budget": {}})
    config["intermediate"]["none"] = {"training": {}}
    assert parse_study(config).intermediate["none"].direct
