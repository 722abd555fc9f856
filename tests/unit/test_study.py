"""What a user writes in a study file, and what is said when it is wrong."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from xstilts import tasks
from xstilts.cli import main
from xstilts.errors import ConfigError
from xstilts.study import check_files, load_study, parse_study, recipes
from xstilts.study.overrides import parsed
from xstilts.tasks.benchmarks import languages

ROOT = Path(__file__).parents[2]

MINIMAL = {
    "study": "tiny",
    "encoders": {"mini": {"kind": "mini"}},
    "intermediate": {"none": {}, "nli": {"tasks": ["mini_nli"]}},
    "targets": {"nli": {"task": "mini_nli"}, "bitext": {"task": "mini_bitext"}},
}


def changed(*path_and_value, two=None):
    """The smallest study with a value changed; its recipe also under the name ``two``."""
    *path, value = path_and_value
    config = copy.deepcopy(MINIMAL)
    if two:
        config["intermediate"][two] = config["intermediate"]["nli"]
    node = config
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value
    return config


ATTACKED = {"outcome": "accuracy_under_attack"}


def condition(value, target="nli"):
    """A study with one condition and, beside the retrieval target, one of that task."""
    config = changed("conditions", "x", {"strength": 0.1} | value)
    config["targets"][target] = {"task": f"mini_{target}"}
    return config


def attack(value):
    """A study with an attack on its target that is fine-tuned."""
    return changed("conditions", "x", {"targets": ["nli"]} | value)


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


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (changed("sedes", [1]), ["unknown key 'sedes'", "did you mean 'seeds'"]),
        (changed("targets", "nli", {"task": "mini_nil"}), ["targets.nli.task", "unknown task 'mini_nil'", "mini_nli"]),
        (changed("seeds", "one"), ["seeds", '"one"', "array"]),
        (changed("targets", "nli", "languages", ["en", "xx"]), ["targets.nli.languages", "'xx'", "it has"]),
        (changed("training", {"learning_rate": -1}), ["training.learning_rate", "-1"]),
        (changed("training", {"epoch": 3}), ["training", "unknown key 'epoch'", "epochs"]),
        (changed("training", {"method": "standrad"}), ["training", "'standrad'", "did you mean standard"]),
        (changed("training", {"method": "fgm+pgd"}), ["fgm and pgd both decide the objective", "keep one"]),
        (changed("training", {"method": "fgm", "options": {"fgm": {"eps": 1}}}), ["no option 'eps'", "epsilon"]),
        (changed("intermediate", "nli", "training", {"method": "dann"}), ["intermediate.nli", "dann wants", "text:"]),
        (changed("intermediate", "nli", "text", {"task": "mini_text"}), ["nli.text", "standard does not use"]),
        (changed("intermediate", "nli", "training", {"lr": 3}), ["intermediate.nli.training", "unknown key 'lr'"]),
        (changed("encoders", "mini", {"kind": "mini", "hidden_size": 250}), ["hidden_size", "multiple of heads"]),
        (changed("encoders", "mini", {"kind": "huge"}), ["encoders.mini", "huge"]),
        (
            changed("encoders", "big", {"kind": "hub", "id": "xlm-roberta-base", "revision": "main"}),
            ["encoders.big.revision", "main"],
        ),
        (changed("intermediate", "empty", {}), ["intermediate.empty", "none"]),
        (changed("targets", "nli", "train", ["mini_pos"]), ["targets.nli.train", "mini_pos"]),
        (changed("conditions", "clean", {"perturbation": "char_noise", "strength": 0.1}), ["conditions.clean"]),
        (changed("conditions", "lexicon", {"perturbation": "case", "strength": 1}), ["conditions.lexicon", "taken"]),
        (changed("conditions", "x", {"perturbation": "char_nose", "strength": 0.1}), ["conditions.x", "char_noise"]),
        (changed("conditions", "x", {"perturbation": "char_noise", "strength": 2}), ["conditions.x.strength", "2"]),
        (changed("conditions", "x", {"strength": 0.1}), ["conditions.x", "one of perturbation, mixture and attack"]),
        (changed("conditions", "x", {"perturbation": "case"}), ["conditions.x", "'strength' is missing"]),
        (condition({"perturbation": "case"}), ["conditions.x", "'case' is not defined for", "languages: declared"]),
        (condition({"perturbation": "keyboard"}, "pos"), ["'keyboard' is not defined for Chinese (zh)"]),
        (condition({"perturbation": "whitespace"}, "pos"), ["'whitespace' is not defined for tagging"]),
        (condition({"perturbation": "leet", "languages": ["th"]}, "pos"), ["'leet' is not defined for Thai"]),
        (condition({"perturbation": "leet", "languages": ["xx"]}, "pos"), ["unknown language 'xx'"]),
        (condition({"perturbation": "leet", "targets": ["nil"]}, "pos"), ["conditions.x.targets", "'nil'", "'nli'"]),
        (condition({"mixture": {"case": 1, "char_noise": 1}}), ["conditions.x", "'char_noise' is a mixture"]),
        (condition({"mixture": {"case": 1}}), ["conditions.x.mixture"]),
        (condition({"attack": "greedy_char"}), ["an attack has a budget, no strength; remove it"]),
        (attack({"attack": "greedy_chr"}), ["unknown attack 'greedy_chr'", "greedy_char"]),
        (attack({"attack": "greedy_char", "targets": None}), ["'greedy_char' is not defined for retrieval"]),
        (attack({"attack": "greedy_char", "perturbations": ["char_noise"]}), ["'char_noise' is a mixture"]),
        (attack({"attack": "greedy_char", "perturbations": ["case"]}), ["'case' is not defined for"]),
        (attack({"attack": "greedy_char", "budget": {"edit": 3}}), ["budget", "unknown key 'edit'", "'edits'"]),
        (attack({"attack": "code_mix", "perturbations": ["case"]}), ["'code_mix' has its own perturbation"]),
        (attack({"attack": "code_mix"}), ["'code_switch' needs option 'language'"]),
        (condition({"perturbation": "code_switch"}), ["'code_switch' needs option 'language'"]),
        (
            condition({"perturbation": "code_switch", "options": {"language": "de", "parallel": "mini_bitext"}}),
            ["not defined for German (de)"],
        ),
        (
            condition(
                {
                    "perturbation": "code_switch",
                    "languages": "declared",
                    "options": {"language": "de", "parallel": "mini_bitext"},
                }
            ),
            ["target bitext would be switched by a lexicon learned from its own test rows"],
        ),
        (changed("questions", "q", {"text": "?", "levels": ["nil"]}), ["questions.q.levels", "'nil'", "'nli'"]),
        (changed("questions", "q", {"text": "?"}), ["questions.q", "add levels to contrast, or a covariate"]),
        (
            changed("questions", "q", {"text": "?", "factor": "method", "levels": ["fmg"]}),
            ["questions.q.levels", "'fmg'"],
        ),
        (
            changed("questions", "q", {"text": "?", "levels": ["nli"], "outcome": "alignment"}),
            ["questions.q", "add the key measure"],
        ),
        (
            changed("questions", "q", {"text": "?", "levels": ["nli"], "languages": "english"}),
            ["questions.q.languages", "bitext is not scored in English"],
        ),
        (
            changed(
                "questions",
                "q",
                {"text": "?", "levels": ["nli"], "outcome": "alignment", "measure": "cka", "languages": "english"},
            ),
            ["questions.q.languages", "between English and others"],
        ),
        (
            changed("questions", "q", {"text": "?", "levels": ["nli"], "outcome": "accuracy_under_attack"}),
            ["questions.q.condition", "other than clean"],
        ),
        (
            changed("questions", "q", {"text": "?", "factor": "encoder", "covariate": "difficulty.pvi"}),
            ["questions.q.factor", "covariate"],
        ),
        (
            changed("questions", "q", {"text": "?", "levels": ["nli"], "targets": []}),
            ["questions.q.targets"],
        ),
        (
            changed(
                "questions",
                "q",
                {"text": "?", "levels": ["nli"], "outcome": "alignment", "measure": "cka", "layer": 14},
            )
            | {"alignment": {"task": "mini_bitext"}},
            ["questions.q.layer: 14, but mini has 2 layers"],
        ),
        (
            changed("intermediate", "noise", {"tasks": ["mini_pos"], "training": {"method": "char_noise"}})
            | {"questions": {"q": {"text": "?", "factor": "method", "levels": ["char_noise"]}}},
            ["questions.q", "no recipe of method standard has the tasks of one of method char_noise (noise)"],
        ),
        (
            changed("intermediate", "noise", {"tasks": ["mini_nli"], "training": {"method": "char_noise"}}, two="nli2")
            | {"questions": {"q": {"text": "?", "factor": "method", "levels": ["char_noise"]}}},
            ["questions.q: noise could be compared with nli or nli2", "factor: intermediate"],
        ),
        (
            condition({"perturbation": "char_noise"}, "pos")
            | {"questions": {"q": {"text": "?", "levels": ["nli"], "condition": "x"} | ATTACKED}},
            ["questions.q.condition: x is no attack"],
        ),
        (changed("targets", "bitext", "layer", 99), ["targets.bitext.layer: 99, but encoder mini has 2 layers"]),
        (changed("targets", "nli", "layer", 1), ["targets.nli.layer: mini_nli is no retrieval; remove the key"]),
        (changed("targets", "bitext", "text", {"task": "mini_text"}), ["bitext.text", "is not fine-tuned"]),
        (condition({"perturbation": "char_noise", "examples": 2}), ["conditions.x.examples", "only an attack has it"]),
        (changed("intermediate", "nli", "tasks", ["mini_nli", "mini_nli"]), ["intermediate.nli.tasks"]),
        (changed("training", {"learning_rate": "1e-5"}), ["YAML takes 1e-5 for text", "as in 1.0e-5"]),
        (changed("training", {"epochs": float("inf")}), ["training.epochs: found inf", "finite"]),
        (changed("study", False), ["study: found false", "quote it"]),
        (changed("results", ""), ["results"]),
        (changed("study", "../up"), ["study", "../up"]),
        (changed("source", "web"), ["source", "web", "auto, data_dir, hub, url"]),
        (changed("sources", "xnil", "hub"), ["sources.xnil", "did you mean xnli"]),
        (changed("sources", "bucc2018", "hub"), ["sources.bucc2018", "no source 'hub'; it has: data_dir"]),
        (changed("targets", "benchmark", "XTREEM"), ["targets.benchmark", "'XTREEM'", "did you mean XTREME?"]),
        (changed("targets", "benchmark", 3), ["targets.benchmark", "benchmarks: XTREME, XTREME-R"]),
        (changed("intermediate", "nli", "sampling", {"kind": "fair"}), ["nli.sampling.kind", "fair", "proportional"]),
        (
            changed("intermediate", "nli", {"tasks": ["mini_nli", "wikipedia"]}),
            ["intermediate.nli", "wikipedia", "text_languages"],
        ),
        (
            changed("intermediate", "nli", {"tasks": ["mini_nli", "panx_text"], "text_languages": ["th"]}),
            ["nli.text_languages", "panx_text has no 'th'"],
        ),
        (
            changed("intermediate", "nli", {"tasks": ["wikipedia"], "text_languages": ["de"]}),
            ["intermediate.nli.tasks", "no task has English training rows"],
        ),
        (
            changed("intermediate", "nli", {"tasks": ["mini_nli"], "text_languages": ["de"]}),
            ["nli.text_languages", "no task of the recipe reads them"],
        ),
        (
            changed("intermediate", "nli", {"tasks": ["mini_nli"], "targets": ["bitex"]}),
            ["intermediate.nli.targets", "did you mean 'bitext'?"],
        ),
    ],
)
def test_mistakes_are_named_in_one_line_with_a_way_to_mend_them(config, words):
    with pytest.raises(ConfigError) as caught:
        parse_study(config, "study.yaml")
    message = str(caught.value)
    assert message.startswith("study.yaml: ")
    assert "\n" not in message
    for word in words:
        assert word in message


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


def test_missing_and_malformed_files(tmp_path):
    with pytest.raises(ConfigError, match="no such study file"):
        load_study(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("study: [")
    with pytest.raises(ConfigError, match=r"broken\.yaml: not valid YAML"):
        load_study(broken)
    broken.write_text("study: a\ntargets: {nli: {task: mini_nli}, nli: {task: mini_pos}}\n")
    with pytest.raises(ConfigError, match=r"broken\.yaml: .*key 'nli' stands twice .*line 2"):
        load_study(broken)
    broken.write_bytes("title: café\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"broken\.yaml: not UTF-8 \(byte 11\); save it as UTF-8"):
        load_study(broken)
    with pytest.raises(ConfigError, match="a folder; name the study file in it"):
        load_study(tmp_path)


def test_a_file_that_a_condition_names_and_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typos = {"perturbation": "natural", "options": {"files": {"de": "typos.txt"}}, "languages": ["de"]}
    study = parse_study(condition(typos))
    with pytest.raises(ConfigError, match=r"conditions\.x\.options\.files\.de: typos\.txt: no such file"):
        check_files(study)
    (tmp_path / "typos.txt").write_text("hund\thudn\n")
    check_files(study)


def test_a_merged_mapping_may_be_overridden(tmp_path):
    written = tmp_path / "study.yaml"
    written.write_text(yaml.safe_dump(MINIMAL) + "training: {<<: {epochs: 3, batch_size: 8}, epochs: 1}\n")
    assert load_study(written).targets["nli"].training["epochs"] == 1


def test_parsing_a_study_imports_nothing_heavy():
    code = (
        "import sys; from pathlib import Path; from xstilts.study import load_study; load_study(Path('config.yaml'));"
        "print([m for m in ('torch', 'transformers', 'numpy', 'pandas', 'pyarrow', 'datasets') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
