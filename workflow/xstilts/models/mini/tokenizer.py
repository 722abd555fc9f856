"""The SentencePiece model as a fast tokenizer with XLM-R's special tokens."""

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from xstilts.models.mini.source import SentencePieceModel

BOS, PAD, EOS, UNK, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"
LEADING_SPECIALS = (BOS, PAD, EOS, UNK)  # XLM-R's order: ids 0-3, then the pieces, then <mask>


def build_tokenizer(source: SentencePieceModel, max_length: int) -> PreTrainedTokenizerFast:
    """A fast tokenizer that yields the same pieces as SentencePiece does.

    Unlike XLM-R's own, it says which of two texts a token belongs to (``token_type_ids``).

    Two differences remain, both in the ``tokenizers`` library. Of two equally probable segmentations (``??? ??`` and
    ``?? ???``) it may choose the other. And it normalises by character or by grapheme where SentencePiece takes the
    longest match, so in decomposed text (NFD) some combining marks stay apart, or vanish beside a character that is
    itself replaced (``！`` and a vowel mark).

    Args:
        source: the parsed model.
        max_length: longest input in tokens, special tokens included.
    """
    specials = [(token, 0.0) for token in LEADING_SPECIALS]
    vocabulary = [*specials, *source.pieces, (MASK, 0.0)]
    core = Tokenizer(models.Unigram(vocabulary, unk_id=LEADING_SPECIALS.index(UNK)))
    core.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(source.charsmap),
            normalizers.Replace(Regex("^ +| +$"), ""),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    core.decoder = decoders.Metaspace(prepend_scheme="always")
    core.post_processor = processors.TemplateProcessing(
        single=[BOS, "$A", EOS],
        pair=[BOS, "$A", EOS, f"{EOS}:1", "$B:1", f"{EOS}:1"],
        special_tokens=[(BOS, LEADING_SPECIALS.index(BOS)), (EOS, LEADING_SPECIALS.index(EOS))],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=BOS,
        eos_token=EOS,
        sep_token=EOS,
        cls_token=BOS,
        unk_token=UNK,
        pad_token=PAD,
        mask_token=AddedToken(MASK, lstrip=True, special=True),
        model_max_length=max_length,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
