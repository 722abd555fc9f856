"""Finer tokens for the contexts of span questions: cuts where an answer may begin or end inside a token.

Who tags spans of tokens cannot answer with a part of one. Benchmarks' answers leave out what is written together with
them and does not belong to them: punctuation; where words are not spaced or carry clitics, function words. Only these
closed classes are cut off, by what a grammar lists, whatever the vocabulary; the tokenizer then segments the parts.

Sources: punctuation and symbols apart as BERT does (Devlin et al. 2019, ``BasicTokenizer``); Arabic conjunctions and
prepositions of one letter (Habash 2010, "Introduction to Arabic Natural Language Processing", section 4); the genitive
of German nouns and names (Duden); Korean particles (Sohn 1999, "The Korean Language"); Chinese function words (Li and
Thompson 1981, "Mandarin Chinese").
"""

import json

from tokenizers import Regex, Tokenizer, pre_tokenizers

_LETTER = r"[\p{L}\p{M}\p{N}]"
_START, _END = f"(?<!{_LETTER})", f"(?!{_LETTER})"
# The mark or space before a word stays with its first part, so that a cut adds one token.
_SPACE = "[▁ ]?"

# Alone after any stem; alone after a stem of two, as many nouns of two syllables end like them.
_PARTICLES = (
    "에게서|한테서|으로서|으로써|이라도|이라는|이라고|께서|에서|에게|한테|으로|로서|로써|하고|이랑|보다|처럼|같이|만큼|대로|"
    "까지|부터|마저|조차|밖에|마다|이나|라도|이야|이다|이며|이고|라는|라고|은|는|을|를|의|에"
)
_SHORT_PARTICLES = "이|가|께|로|와|과|랑|도|만|뿐|나|인"

_EVERYWHERE = (rf"{_SPACE}[[\p{{P}}\p{{S}}]&&[^▁]]",)
_BY_LANGUAGE = {
    "ar": (rf"{_SPACE}{_START}[وف](?=\p{{L}}{{3}})", rf"{_SPACE}{_START}[بكل](?=\p{{L}}{{3}})"),
    "de": (rf"{_START}\p{{Lu}}\p{{Ll}}{{3,}}\Ks{_END}",),
    "ko": (
        f"(?:(?<={_LETTER})(?:{_PARTICLES})|(?<={_LETTER}{_LETTER})(?:{_SHORT_PARTICLES}))"
        f"(?=(?:{_PARTICLES}|{_SHORT_PARTICLES})*{_END})",
    ),
    "zh": ("[的了是在和与與及為为之等于於以從从被把由對对而也或并並]",),
}


def context_tokenizer(core: Tokenizer, language: str, *, cut: bool = True) -> Tokenizer:
    """A tokenizer of the same model and vocabulary, without special tokens, that cuts finer.

    Args:
        core: the tokenizer; left as it is.
        language: of the contexts, ISO 639-1.
        cut: whether to cut finer at all.
    """
    finer = Tokenizer(core.model)
    if core.normalizer:
        finer.normalizer = core.normalizer
    splits = [
        pre_tokenizers.Split(Regex(pattern), "isolated")
        for pattern in (*_EVERYWHERE, *_BY_LANGUAGE.get(language, ()))
        if cut
    ]
    steps = _steps(core)
    # Bytes are no letters: what splits by them comes last.
    last = next((place for place, step in enumerate(steps) if _name(step) == "ByteLevel"), len(steps))
    if steps or splits:
        finer.pre_tokenizer = pre_tokenizers.Sequence([*steps[:last], *splits, *steps[last:]])
    return finer


def _steps(core: Tokenizer) -> list[pre_tokenizers.PreTokenizer]:
    if core.pre_tokenizer is None:
        return []
    return list(core.pre_tokenizer) if _name(core.pre_tokenizer) == "Sequence" else [core.pre_tokenizer]


def _name(step: pre_tokenizers.PreTokenizer) -> str:
    name: str = json.loads(step.__getstate__())["type"]
    return name
