"""What a study says about alignment, and the jobs that it asks for."""

import copy

import pytest
import yaml

from workflow import STUDY
from xstilts.analysis.measures import registry
from xstilts.errors import ConfigError
from xstilts.study import Paths, aligned_words, alignment_runs, parse_study, recipes

SWITCHED = {
    "perturbation": "code_switch",
    "strength": 0.5,
    "targets": ["pos"],
    "languages": "declared",
    "options": {"language": "en", "parallel": "mini_bitext"},
}


def study_with(extra=None, **alignment):
    config = copy.deepcopy(yaml.safe_load(STUDY.read_text()))
    config["conditions"] |= extra or {}
    return parse_study(config | {"alignment": {"task": "mini_bitext"} | alignment}, "study.yaml")


def test_without_the_key_nothing_is_measured():
    study = parse_study(yaml.safe_load(STUDY.read_text()))
    assert study.alignment is None
    assert list(alignment_runs(study)) == []
    assert recipes.report_context(study)["alignment"] is None


def test_the_defaults_are_every_measure_language_condition_and_checkpoint():
    study = study_with()
    assert study.alignment.measures == tuple(registry())
    assert list(study.alignment.conditions) == ["clean", "char_noise_20"]
    assert "en" not in study.alignment.languages
    assert len(study.alignment.languages) == 12
    runs = [(run["arm"], run["seeds"]) for run in alignment_runs(study)]
    assert runs == [("none", ["pretrained"]), ("nli", ["seed1"]), ("none/pos", ["seed1"]), ("nli/pos", ["seed1"])]


@pytest.mark.parametrize(
    ("arm", "seed", "folder", "phase", "method"),
    [
        ("none", "pretrained", "encoders/mini", "pretrained", "none"),
        ("nli", "seed1", "checkpoints/mini/nli/seed1", "intermediate", "standard"),
        ("none/pos", "seed1", "checkpoints/mini/none/pos/seed1", "target", "none"),
        ("nli/pos", "seed1", "checkpoints/mini/nli/pos/seed1", "target", "standard"),
    ],
)
def test_an_arm_names_its_checkpoint_and_its_rows(arm, seed, folder, phase, method):
    study = study_with()
    assert Paths("root").trained("mini", arm, seed) == f"root/{folder}"
    words = aligned_words(study, "mini", arm)
    assert (words["phase"], words["method"], words["intermediate"]) == (phase, method, arm.split("/")[0])
    assert words["target"] == ("pos" if phase == "target" else None)


def test_test_rows_are_prepared_for_it_though_no_target_scores_them():
    study = study_with({"switched": SWITCHED}, task="mini_nli", languages=["de", "zh"])
    assert study.languages("mini_nli", "clean") == ("de", "en", "zh")
    assert study.languages("mini_nli", "char_noise_20") == ("de", "zh")
    assert study.tested_tasks() == {"mini_nli", "mini_pos", "mini_bitext"}
    assert set(study.lexicons()["mini_bitext"]) == {"de", "ru", "zh"}
    found = {each["name"]: each["languages"] for each in recipes.alignment_recipe(study)["conditions"]}
    assert found["switched"] == ["de", "zh"]


def test_a_condition_is_measured_in_the_languages_it_is_declared_for():
    leet = {"perturbation": "leet", "strength": 0.2, "targets": ["pos"], "languages": "declared"}
    study = study_with({"leet": leet}, languages=["de", "th"])
    assert study.alignment.conditions["leet"] == ("de",)
    assert study.alignment.conditions["char_noise_20"] == ("de", "th")


@pytest.mark.parametrize(
    ("alignment", "conditions", "words"),
    [
        ({"measures": ["ckaa"]}, {}, ["alignment.measures", "'ckaa'", "did you mean 'cka'"]),
        ({"task": "tatoebaa"}, {}, ["alignment.task", "did you mean tatoeba"]),
        ({"task": "mini_pos"}, {}, ["alignment.task", "mini_pos has no parallel sentences"]),
        ({"languages": ["xx"]}, {}, ["alignment.languages", "'xx'"]),
        ({"conditions": ["char_noise"]}, {}, ["alignment.conditions", "did you mean 'char_noise_20'"]),
        ({"checkpoints": ["targte"]}, {}, ["alignment.checkpoints", "targte", "pretrained, intermediate, target"]),
        ({"poling": "cls"}, {}, ["alignment", "unknown key 'poling'", "did you mean 'pooling'"]),
        ({"examples": 1}, {}, ["alignment.examples", "1"]),
        ({}, {"switched": SWITCHED}, ["conditions.switched", "lexicon learned from its own", "alignment.conditions"]),
    ],
)
def test_mistakes_are_named_in_one_line_with_a_way_to_mend_them(alignment, conditions, words):
    with pytest.raises(ConfigError) as caught:
        study_with(conditions, **alignment)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in ["study.yaml", *words]), message
