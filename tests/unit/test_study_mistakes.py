"""What is said when a study file is wrong."""

import pytest
import yaml
from studies import ATTACKED, MINIMAL, attack, changed, condition, covariate

from xstilts.errors import ConfigError
from xstilts.study import check_files, load_study, parse_study


def noisy(options, task="mini_nli"):
    """A study whose recipe trains on noise with these options."""
    training = {"method": "char_noise", "options": {"char_noise": options}}
    return changed("intermediate", "nli", {"tasks": [task], "training": training})


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (changed("sedes", [1]), ["unknown key 'sedes'", "did you mean 'seeds'"]),
        (changed("targets", "nli", {"task": "mini_nil"}), ["targets.nli.task", "unknown task 'mini_nil'", "mini_nli"]),
        (
            changed("results", "$SCRATCH/me"),
            ["results: $SCRATCH/me: variables are not read", "(--config results=$SCRATCH/me)"],
        ),
        (changed("data_dir", "${DATA}"), ["data_dir: ${DATA}: variables are not read"]),
        (changed("results", "runs/{me}"), ["results: runs/{me}: Snakemake takes", "name another folder"]),
        (changed("results", "~nobody-here/x"), ["results: ~nobody-here/x: no such user"]),
        (changed("seeds", 3), ["seeds: found 3; allowed: a list", "a list has brackets: [3]"]),
        (changed("seeds", [1.0]), ["seeds.0: found 1.0; allowed: a whole number of at least 0"]),
        (changed("seeds", [1, 2, 1]), ["seeds: 1 stands twice in [1, 2, 1]; remove one"]),
        (changed("targets", "nli", "languages", ["en", "xx"]), ["targets.nli.languages", "'xx'", "it has"]),
        (changed("training", {"learning_rate": -1}), ["training.learning_rate", "-1"]),
        (changed("training", {"epoch": 3}), ["training", "unknown key 'epoch'", "epochs"]),
        (changed("training", {"method": "standrad"}), ["study.yaml: training: unknown", "did you mean standard"]),
        (changed("targets", "nli", "training", {"method": "standrad"}), ["study.yaml: targets.nli.training: unknown"]),
        (changed("training", {"learning_rate": [1.0e-3, 0.001]}), ["training.learning_rate: 0.001 stands twice"]),
        (changed("targets", "bitext", "pooling", []), ["bitext.pooling", "each one of mean, cls, max"]),
        (changed("published", {"source": "x"}), ["published", "a list (each a mapping (keys: "]),
        (changed("training", {"method": "fgm+pgd"}), ["fgm and pgd both decide the objective", "keep one"]),
        (changed("training", {"method": "fgm", "options": {"fgm": {"eps": 1}}}), ["no option 'eps'", "epsilon"]),
        (noisy({"strength": 1.5}), ["nli.training", "'strength' is 1.5; it must be 1 or less"]),
        (noisy({"share": 2}), ["nli.training", "'share' is 2; it must be 1 or less"]),
        (noisy({"perturbation": "case_"}), ["nli.training", "did you mean case"]),
        (noisy({"perturbation": "code_switch"}), ["nli.training", "'code_switch' needs option 'language'"]),
        (noisy({"perturbation": "whitespace"}, "mini_pos"), ["not defined for tagging tasks such as mini_pos"]),
        (
            changed("intermediate", "qa", {"tasks": ["mini_qa"], "training": {"max_length": 64}}),
            ["intermediate.qa.training", "max_question_length 64 leaves no room", "lower max_question_length"],
        ),
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
        (covariate("pvi", ["nli", "none"]), ["q.levels: none has no pvi", "no intermediate task", "others: nli, two"]),
        (covariate("pvi", ["nli", "both"]), ["q.levels: both has no pvi", "several heads", "others: nli, two"]),
        (covariate("pvi", ["nli"]), ["questions.q: pvi of a single recipe goes with nothing"]),
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
        (
            condition({"perturbation": "char_noise", "budget": {"edits": 5}}),
            ["conditions.x.budget: only an attack has it; remove the key"],
        ),
        (condition({"perturbation": "char_noise", "targets": []}), ["conditions.x.targets", "nothing is scored"]),
        (
            condition({"perturbation": "char_noise", "languages": ["de", "sw"]}),
            ["conditions.x.languages: nothing is scored in 'sw'; allowed: ar de"],
        ),
        (changed("targets", "nli", "pooling", "mean"), ["targets.nli.pooling: mini_nli is no retrieval; remove"]),
        (changed("targets", "bitext", "k", 3), ["targets.bitext.k: scoring absolute has no neighbours; remove"]),
        (changed("targets", "bitext", "threshold", 0.5), ["bitext.threshold: no pairs are mined in mini_bitext"]),
        (
            changed("targets", "bitext", "training", {"max_length": 64, "epochs": 1}),
            ["targets.bitext.training.epochs: a retrieval target is not fine-tuned; remove"],
        ),
        (
            changed("intermediate", "none", {"training": {"epochs": 3}}),
            ["intermediate.none.training", "remove the key"],
        ),
        (changed("intermediate", "nli", "sampling", {"kind": "uniform"}), ["nli.sampling: there is one task"]),
        (
            changed(
                "intermediate",
                "nli",
                {"tasks": ["mini_nli", "mini_pos"], "sampling": {"kind": "uniform", "temperature": 3}},
            ),
            ["nli.sampling.temperature: kind uniform has none"],
        ),
        (changed("sources", "xnli", "hub"), ["sources.xnli: the study reads no such task; remove the key"]),
        (changed("intermediate", {"none": {}}) | {"difficulty": {}}, ["difficulty: no intermediate recipe to measure"]),
        (changed("questions", "q", {"text": "?", "levels": ["none"]}), ["questions.q.levels: none is the baseline"]),
        (
            changed("questions", "q", {"text": "?", "levels": ["nli"], "baseline": "non"}),
            ["questions.q.baseline: unknown 'non'; did you mean 'none'?"],
        ),
        (
            changed("questions", "q", {"text": "?", "levels": ["nli"], "phase": "target"}),
            ["questions.q.phase: outcome score has none; remove the key"],
        ),
        (changed("intermediate", "nli", "tasks", ["mini_nli", "mini_nli"]), ["intermediate.nli.tasks"]),
        (changed("training", {"learning_rate": "1e-5"}), ["YAML takes 1e-5 for text", "as in 1.0e-5"]),
        (changed("training", {"epochs": float("inf")}), ["training.epochs: found inf", "finite"]),
        (changed("study", False), ["study: found false", "quote it"]),
        (changed("results", ""), ["results"]),
        (changed("study", "../up"), ["study", "../up", "allowed: lower-case letters, digits"]),
        (changed("training", {"max_length": 600}), ["nli.training.max_length: 600", "positions for 512 tokens"]),
        (changed("study", "raw"), ["study: raw", "choose another name"]),
        (changed("targets", "seed1", {"task": "mini_pos"}), ["targets.seed1", "choose another"]),
        (changed("targets", {False: {"task": "mini_pos"}}), ["targets: found the key false", "quote it"]),
        (changed("intermediate", "none", None), ["intermediate.none", "nothing stands after the key: write {}"]),
        (changed("training.epochs", 3), ["unknown key 'training.epochs'; write training: {epochs: ...}"]),
        (changed("training", {"warmup": 10}), ["training.warmup: found 10", "a number of at least 0 and at most 1"]),
        (
            changed("training", {"learning_rate": ["1e-5"]}),
            ["training.learning_rate.0", "YAML takes 1e-5 for text", "as in 1.0e-5"],
        ),
        (changed("targets", "nli", "languages", ["en", False]), ["targets.nli.languages.1", "quote it"]),
        (
            changed("encoders", "mini", {"kind": "mini", "resources": {"runtime": "2h"}}),
            ['encoders.mini.resources.runtime: found "2h"; allowed: a whole number of at least 1'],
        ),
        (changed("encoders", "mini", {"layers": 2}), ["encoders.mini", "a mapping with kind: mini or hub"]),
        (changed("encoders", "mini", {"kind": "mimi"}), ["encoders.mini.kind", "mini, hub", "did you mean 'mini'?"]),
        (
            changed("encoders", "mini", {"kind": "mini", "vocabulary": "ful"}),
            ["encoders.mini.vocabulary", "did you mean 'full'?"],
        ),
        (changed("targets", "nli", {"task": "xnli"}), ["targets.nli names no train", "anli, mini_nli, mnli, snli"]),
        (
            changed("targets", "nli", "train", ["mini_pos"]),
            ["targets.nli.train", "allowed: anli, mini_nli, mnli, snli"],
        ),
        (
            changed("alignment", {"task": "mini_pos"}),
            ["alignment.task", "allowed: mini_bitext, mini_nli, tatoeba, xnli"],
        ),
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


def test_a_measure_that_needs_no_head_is_of_recipes_of_several_heads_too() -> None:
    assert parse_study(covariate("confidence", ["nli", "both"])).questions["q"]["levels"] == ["nli", "both"]
    assert parse_study(covariate("pvi", None)).questions["q"]["levels"] is None


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
