"""Segmenting words once gives the ids of the tokenizer's own call."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from xstilts.models.mini import source
from xstilts.models.mini.tokenizer import build_tokenizer
from xstilts.models.normalise import Normaliser
from xstilts.models.segment import Segmenter

MIRROR = Path(os.environ.get("XSTILTS_DATA_DIR", "absent"))

PARTS = (
    *(
        "word",
        "Straße",
        "The\u0302\u0301",
        "\ufb01sh",
        "ＡＢＣ",
        "１２３",
        "a▁b",
        "▁",
        "U.S.",
        "(x)",
        "½",
        "...",
        "<s>",
        "<mask>",
    ),
    *(
        "مُحَمَّد",
        "नमस्ते",
        "กำลังกิน",
        "東京都に行く",
        "한국어는",
        "カ\u3099",
        "\uff76\uff9e",
        "\u0301",
        "\u0600",
        "\u1112\u1161\u11ab",
    ),
    *("zero\u200bwidth", "\u200f", "\u200d", "\x01", "\x1c", "\U0001f468\u200d\U0001f469", ""),
)
SPACES = (" ", "  ", "\n", "\t", "\u00a0", "\u3000", "\u2028", "\x85", "\x1f", "")
TEXT = st.lists(st.sampled_from(PARTS + SPACES) | st.text(max_size=3), max_size=12).map(" ".join) | st.text(max_size=20)


def wrapped(core, **options):
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=core, **names, mask_token="<mask>", **options)


def like_xlmr(model, charsmap):
    core = Tokenizer(model)
    core.normalizer = normalizers.Precompiled(charsmap)
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    core.decoder = decoders.Metaspace(prepend_scheme="always")
    return wrapped(core, model_input_names=["input_ids", "attention_mask"])


def like_mbert(**options):
    pieces = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "w",
        "##o",
        "##r",
        "##d",
        "word",
        "x",
        "(",
        ")",
        ".",
        "u",
        "##s",
        "東",
        "<mask>",
    ]
    core = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="<unk>"))
    core.normalizer = normalizers.BertNormalizer(lowercase=True)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return wrapped(core, **options)


def like_gpt():
    alphabet = ["<s>", "<pad>", "</s>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "<mask>"]
    core = Tokenizer(models.BPE({piece: number for number, piece in enumerate(alphabet)}, []))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return wrapped(core)


@pytest.fixture(scope="module")
def tokenizers():
    pieces = source.read_sentencepiece()
    small = build_tokenizer(pieces, 512)
    xlmr = like_xlmr(small.backend_tokenizer.model, pieces.charsmap)
    cut_left = like_mbert(truncation_side="left")
    return {"mini": small, "xlmr": xlmr, "mbert": like_mbert(), "cut left": cut_left, "gpt": like_gpt()}


def own(tokenizer, first, second, max_length):
    pair = () if second is None else (second,)
    return dict(tokenizer(first, *pair, truncation=True, max_length=max_length, return_attention_mask=False))


@pytest.mark.parametrize("name", ["mini", "xlmr", "mbert", "cut left", "gpt"])
@settings(deadline=None, max_examples=100)
@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4), max_length=st.integers(5, 14) | st.just(64))
def test_texts_and_pairs_get_the_ids_of_the_tokenizers_own_call(tokenizers, name, rows, max_length):
    first, second = map(list, zip(*rows, strict=True))
    segmenter = Segmenter(tokenizers[name])
    for _ in range(2):  # with nothing and with every word remembered
        for other in (None, second):
            assert segmenter(first, other, max_length=max_length) == own(tokenizers[name], first, other, max_length)


NORMALIZERS = {
    "strip and lowercase": normalizers.Sequence([normalizers.Strip(), normalizers.Lowercase(), normalizers.NFKC()]),
    "collapse": normalizers.Sequence([normalizers.Nmt(), normalizers.Replace(Regex(" {2,}"), " ")]),
    "bert": normalizers.BertNormalizer(lowercase=True),
    "prepend": normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
    "a pattern across words": normalizers.Replace("b c", "d"),
}
ASCII = st.lists(st.text(st.characters(max_codepoint=127), max_size=4), max_size=6).map(" ".join)


@pytest.mark.parametrize("name", ["mini", "xlmr", *NORMALIZERS])
@settings(deadline=None, max_examples=150)
@given(text=ASCII | st.sampled_from(["a b c", "a\tb", " a  b ", "A\r\n B", "a \x00 b"]))
def test_a_text_is_normalised_as_the_tokenizer_does_it(tokenizers, name, text):
    normalizer = NORMALIZERS[name] if name in NORMALIZERS else tokenizers[name].backend_tokenizer.normalizer
    assert Normaliser(normalizer)(text) == normalizer.normalize_str(text)


@pytest.mark.mirror
@pytest.mark.skipif(not MIRROR.is_dir(), reason="XSTILTS_DATA_DIR does not name the benchmarks' files")
@pytest.mark.parametrize("name", ["mini", "xlmr"])
def test_real_texts_of_many_languages_get_the_ids_of_the_tokenizers_own_call(tokenizers, name):
    texts = []
    for path in (*sorted((MIRROR / "xnli").glob("*.tsv")), *sorted((MIRROR / "tatoeba").glob("*"))):
        texts += path.read_text(encoding="utf-8").splitlines()[:60]
    for path in sorted((MIRROR / "xquad").glob("*.json")):
        texts += [p["context"] for d in json.loads(path.read_text())["data"][:3] for p in d["paragraphs"]]
    assert len(texts) > 4000
    assert Segmenter(tokenizers[name])(texts, max_length=128) == own(tokenizers[name], texts, None, 128)
