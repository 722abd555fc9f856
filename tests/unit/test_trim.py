import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForMaskedLM
from transformers.models.xlm_roberta import XLMRobertaForSequenceClassification, XLMRobertaModel

from xstilts.artifacts import MANIFEST, atomic_directory, file_table, verify, write_json
from xstilts.errors import CheckpointError
from xstilts.models.restore import KEPT_IDS, restore_vocabulary
from xstilts.models.trim import trim_vocabulary

CORPUS = [
    "the cat sat on the mat",
    "a cat and a hat",
    "die Katze sitzt auf der Matte",
    "кошка сидит на коврике",
    "แมวนั่งบนเสื่อ",
    "猫坐在垫子上",
    "القطة على السجادة",
]
TRAINING = [*CORPUS, "what a hat that bat has", "mattress catalogue sitting", "собака бежит по дороге", "狗在路上跑"]
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]
words = st.lists(st.sampled_from(sorted({word for line in CORPUS for word in line.split()})), max_size=8)


def unigram() -> PreTrainedTokenizerFast:
    core = Tokenizer(models.Unigram())
    core.normalizer = normalizers.NFKC()
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    core.train_from_iterator(
        TRAINING * 4,
        trainers.UnigramTrainer(vocab_size=160, special_tokens=SPECIALS, unk_token="<unk>", show_progress=False),
    )
    return wrap(core)


def metaspace_bpe() -> PreTrainedTokenizerFast:
    core = Tokenizer(models.BPE(unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return train_bpe(core)


def byte_level_bpe() -> PreTrainedTokenizerFast:
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel()
    core.decoder = decoders.ByteLevel()
    return train_bpe(core, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def train_bpe(core: Tokenizer, **options: object) -> PreTrainedTokenizerFast:
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=SPECIALS, show_progress=False, **options)
    core.train_from_iterator(TRAINING * 4, trainer=trainer)
    return wrap(core)


def wrap(core: Tokenizer) -> PreTrainedTokenizerFast:
    core.add_special_tokens(["<mask>"])  # after the model's vocabulary: the last id
    core.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<s>",
        cls_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=48,
    )


def encoder(tokenizer: PreTrainedTokenizerFast) -> XLMRobertaModel:
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer) + 3,  # some hub models pad the matrix
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=52,
        mask_token_id=tokenizer.mask_token_id,
    )
    return XLMRobertaModel(config).eval()


KINDS = [unigram, metaspace_bpe, byte_level_bpe]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def pair(request):
    tokenizer = request.param()
    original = encoder(tokenizer)
    return original, tokenizer, trim_vocabulary(encoder(tokenizer), tokenizer, CORPUS)


def hidden(model, tokenizer, texts, other=None):
    batch = tokenizer(texts, other, padding=True, return_tensors="pt")
    with torch.no_grad():
        return model(**batch).last_hidden_state


def test_something_is_dropped_and_sizes_agree(pair):
    original, tokenizer, (model, trimmed, kept) = pair
    assert len(kept) == len(trimmed) == model.config.vocab_size == model.get_input_embeddings().num_embeddings
    assert len(kept) < len(tokenizer) <= original.config.vocab_size


def test_corpus_keeps_its_pieces_and_hidden_states(pair):
    original, tokenizer, (model, trimmed, _) = pair
    assert [trimmed.tokenize(text) for text in CORPUS] == [tokenizer.tokenize(text) for text in CORPUS]
    shuffled = random.Random(0).sample(CORPUS, len(CORPUS))
    assert torch.equal(hidden(model, trimmed, CORPUS, shuffled), hidden(original, tokenizer, CORPUS, shuffled))


def test_kept_ids_map_the_new_ids_to_the_old_ones(pair):
    _, tokenizer, (_, trimmed, kept) = pair
    for text in CORPUS:
        assert [kept[index] for index in trimmed(text)["input_ids"]] == tokenizer(text)["input_ids"]
    assert trimmed.convert_ids_to_tokens(range(len(kept))) == tokenizer.convert_ids_to_tokens(kept)


def test_special_tokens_and_config_follow(pair):
    _, tokenizer, (model, trimmed, kept) = pair
    assert trimmed.special_tokens_map == tokenizer.special_tokens_map
    assert model.config.pad_token_id == trimmed.pad_token_id == 1
    assert model.config.mask_token_id == trimmed.mask_token_id == len(kept) - 1
    assert trimmed.convert_ids_to_tokens(trimmed("cat <mask>")["input_ids"])[-2:] == ["<mask>", "</s>"]


def test_survives_saving(pair, tmp_path):
    _, _, (model, trimmed, _) = pair
    model.save_pretrained(tmp_path)
    trimmed.save_pretrained(tmp_path)
    reloaded, tokenizer = AutoModel.from_pretrained(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.model_max_length == 48
    assert torch.equal(hidden(reloaded, tokenizer, CORPUS), hidden(model, trimmed, CORPUS))


@settings(max_examples=50, deadline=None)
@given(chosen=words)
def test_any_order_of_known_words_keeps_its_pieces(pair, chosen):
    _, tokenizer, (_, trimmed, _) = pair
    text = " ".join(chosen)
    assert trimmed.tokenize(text) == tokenizer.tokenize(text)


@settings(max_examples=50, deadline=None)
@given(text=st.text(alphabet="acehtms kк猫แ", max_size=20))
def test_noisy_text_of_the_same_alphabet_has_no_new_unknowns(pair, text):
    _, tokenizer, (_, trimmed, _) = pair
    assert trimmed(text)["input_ids"].count(3) == tokenizer(text)["input_ids"].count(3)


def test_longer_short_pieces_keep_more():
    tokenizer = unigram()
    sizes = [len(trim_vocabulary(encoder(tokenizer), tokenizer, CORPUS, short_piece=n).kept_ids) for n in (1, 2, 3)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_original_tokenizer_is_untouched_and_its_truncation_ignored():
    tokenizer = unigram()
    before = tokenizer.get_vocab()
    tokenizer(CORPUS[0], truncation=True, max_length=3)  # the library remembers this
    trimmed = trim_vocabulary(encoder(tokenizer), tokenizer, iter(CORPUS)).tokenizer
    assert tokenizer.get_vocab() == before
    assert trimmed.tokenize(CORPUS[0]) == unigram().tokenize(CORPUS[0])


def test_frozen_embeddings_stay_frozen():
    tokenizer = unigram()
    model = encoder(tokenizer)
    model.get_input_embeddings().requires_grad_(False)
    trim_vocabulary(model, tokenizer, CORPUS)
    assert not model.get_input_embeddings().weight.requires_grad


def test_refuses_a_language_model_head():
    tokenizer = unigram()
    model = XLMRobertaForMaskedLM(encoder(tokenizer).config)
    with pytest.raises(CheckpointError, match="AutoModel"):
        trim_vocabulary(model, tokenizer, CORPUS)


def test_refuses_other_tokenizers():
    core = Tokenizer(models.WordLevel({"<unk>": 0, "<pad>": 1}, unk_token="<unk>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", unk_token="<unk>")
    with pytest.raises(CheckpointError, match="WordLevel"):
        trim_vocabulary(encoder(tokenizer), tokenizer, CORPUS)


def saved(folder, model, tokenizer, kept=None):
    with atomic_directory(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        if kept is not None:
            write_json(temporary / KEPT_IDS, kept)
        write_json(temporary / MANIFEST, {"recipe": {"kind": "hub"}, "files": file_table(temporary)})
    return folder


@pytest.fixture
def trained(pair, tmp_path):
    """Folders of a whole encoder, its trimmed one, and a classifier trained from this."""
    original, tokenizer, (model, trimmed, kept) = pair
    torch.manual_seed(1)
    classifier = XLMRobertaForSequenceClassification(model.config).eval()
    classifier.base_model.load_state_dict(model.state_dict(), strict=False)
    with torch.no_grad():
        for parameter in classifier.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    folders = {
        "whole": saved(tmp_path / "whole", original, tokenizer),
        "trimmed": saved(tmp_path / "trimmed", model, trimmed, kept),
        "checkpoint": saved(tmp_path / "checkpoint", classifier, trimmed),
    }
    return folders, classifier, trimmed, kept


def test_a_restored_checkpoint_answers_as_the_trimmed_one_and_knows_all_pieces_again(trained, tmp_path):
    folders, classifier, trimmed, kept = trained
    back = restore_vocabulary(**folders, output=tmp_path / "restored")
    verify(tmp_path / "restored")
    model = XLMRobertaForSequenceClassification.from_pretrained(tmp_path / "restored").eval()
    whole = XLMRobertaModel.from_pretrained(folders["whole"])
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "restored")
    with torch.no_grad():
        ours = model(**tokenizer(CORPUS, padding=True, return_tensors="pt")).logits
        theirs = classifier(**trimmed(CORPUS, padding=True, return_tensors="pt")).logits
    assert torch.equal(ours, theirs)
    table, pretrained = (found.get_input_embeddings().weight for found in (model, whole))
    dropped = sorted(set(range(len(pretrained))) - set(kept))
    assert back == len(dropped) > 0
    assert torch.equal(table[dropped], pretrained[dropped])


def test_what_does_not_belong_together_is_not_restored(trained, tmp_path):
    folders, *_ = trained
    with pytest.raises(CheckpointError, match="has no kept_ids"):
        restore_vocabulary(**folders | {"trimmed": folders["whole"]}, output=tmp_path / "restored")
    with pytest.raises(CheckpointError, match="its embeddings are not those of"):
        restore_vocabulary(**folders | {"checkpoint": folders["whole"]}, output=tmp_path / "restored")
    with pytest.raises(CheckpointError, match="is there already"):
        restore_vocabulary(**folders, output=folders["whole"])
    assert not (tmp_path / "restored").exists()
