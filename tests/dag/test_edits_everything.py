"""Edits of a study that has what the tiny one lacks: a hub encoder, text, a lexicon, an attack, measures."""

import pytest

from workflow import ROOT, Workplace

pytestmark = pytest.mark.slow

REVISION = "0" * 40
TABLES = {"scores.csv", "alignment.csv", "difficulty.csv"}
REPORTED = {"answers.csv", "figures/figures.json", "report.html"}


def everything(study: dict) -> None:
    study["encoders"] = {"hub": {"kind": "hub", "id": "lab/encoder", "revision": REVISION}}
    study["targets"] = {"pos": {"task": "mini_pos", "languages": ["en", "de", "ru"]}}
    dann = {"tasks": ["mini_nli"], "text": {"task": "mini_text", "examples": 50}, "training": {"method": "dann"}}
    study["intermediate"] = {"none": {}, "nli": {"tasks": ["mini_nli"]}, "dann": dann}
    study["conditions"] |= {
        "switched": {
            "perturbation": "code_switch",
            "strength": 0.5,
            "languages": "declared",
            "options": {"language": "ru", "parallel": "mini_bitext"},
        },
        "attacked": {"attack": "greedy_char", "budget": {"edits": 2, "queries": 20}, "examples": 8},
    }
    study["alignment"] = {"task": "mini_bitext", "checkpoints": ["pretrained", "intermediate"], "conditions": []}
    study["difficulty"] = {"measures": ["dev_error", "pvi"]}
    study["questions"] = {"gain": {"text": "Does it help?", "levels": ["nli", "dann"]}}


@pytest.fixture(scope="module")
def everything_sketched(tmp_path_factory) -> Workplace:
    workplace = Workplace(tmp_path_factory.mktemp("everything") / "study")
    workplace.tools = ROOT / "tests" / "stub"
    workplace.edit(everything)
    workplace.run()
    return workplace


def trained(*names: str) -> set[str]:
    return {f"checkpoints/hub/{name}/seed1/manifest.json" for name in names}


def null(*names: str) -> set[str]:
    return {f"difficulty/hub/{name}/seed1/null/manifest.json" for name in names}


def hard(*names: str) -> set[str]:
    return {f"difficulty/hub/{name}/seed1.json" for name in names}


def aligned(*names: str) -> set[str]:
    return {f"alignment/hub/{name}/manifest.json" for name in names}


def scored(*names: str, files: tuple[str, ...] = ("manifest.json", "seed1/attacked.parquet")) -> set[str]:
    return {f"predictions/hub/{name}/pos/{file}" for name in names for file in files}


ARMS = ("none", "nli", "dann")
BELOW_DANN = (
    trained("dann", "dann/pos") | null("dann") | hard("dann") | aligned("dann") | scored("dann") | TABLES | REPORTED
)
EDITS = {
    "nothing": (lambda study: None, set()),
    "the encoder's revision": (
        lambda study: study["encoders"]["hub"].update(revision="1" * 40),
        {"encoders/hub/manifest.json"}
        | trained("nli", "dann", *(f"{name}/pos" for name in ARMS))
        | null("nli", "dann")
        | hard("nli", "dann")
        | aligned(*ARMS)
        | scored(*ARMS)
        | TABLES
        | REPORTED,
    ),
    "how much text the discriminator sees": (
        lambda study: study["intermediate"]["dann"]["text"].update(examples=60),
        BELOW_DANN,
    ),
    "a method's setting": (
        lambda study: study["intermediate"]["dann"]["training"].update(options={"dann": {"coefficient": 0.5}}),
        BELOW_DANN,
    ),
    "the language that words are switched to": (
        lambda study: study["conditions"]["switched"]["options"].update(language="fr"),
        # The other lexicons too: they are learned from the pairs that a task's one fingerprint names.
        {
            "data/mini_bitext/lexicon.source.json",
            *(f"data/mini_bitext/lexicon/{name}.tsv" for name in ("de", "fr", "ru")),
        }
        | {"data/mini_pos/switched/manifest.json"}
        | scored(*ARMS, files=("manifest.json",))
        | {"scores.csv"}
        | REPORTED,
    ),
    "an attack's budget": (
        lambda study: study["conditions"]["attacked"]["budget"].update(queries=30),
        scored(*ARMS, files=("seed1/attacked.parquet",)) | {"scores.csv"} | REPORTED,
    ),
    "what an attack may do": (
        lambda study: study["conditions"]["attacked"].update(perturbations=["char_swap"]),
        scored(*ARMS, files=("seed1/attacked.parquet",)) | {"scores.csv"} | REPORTED,
    ),
    "how sentences are pooled for alignment": (
        lambda study: study["alignment"].update(pooling="cls"),
        aligned(*ARMS) | {"alignment.csv"} | REPORTED,
    ),
    "checkpoints more to align": (
        lambda study: study["alignment"]["checkpoints"].append("target"),
        aligned(*(f"{name}/pos" for name in ARMS)) | {"alignment.csv"} | REPORTED,
    ),
    "a measure of difficulty less": (
        lambda study: study["difficulty"].update(measures=["pvi"]),
        hard("nli", "dann") | {"difficulty.csv"} | REPORTED,
    ),
    "a measure of difficulty that training must record": (
        lambda study: study["difficulty"]["measures"].append("confidence"),
        trained("nli", "dann", "nli/pos", "dann/pos")
        | hard("nli", "dann")
        | aligned("nli", "dann")
        | scored("nli", "dann")
        | TABLES
        | REPORTED,
    ),
    "a question's levels": (lambda study: study["questions"]["gain"].update(levels=["nli"]), REPORTED),
}


@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS)
def test_an_edit_of_a_study_with_everything(everything_sketched, tmp_path, edit, expected):
    workplace = everything_sketched.copy(tmp_path / "study")
    workplace.edit(edit)
    assert workplace.planned() == expected
