"""Token ids of many texts, each distinct word segmented once.

A multilingual tokenizer spends most of its time on finding the best pieces of words that it has seen before, and keeps
much more of every text than its ids. Where pieces are a function of the word (SentencePiece over words, as of XLM-R;
WordPiece, as of mBERT), texts are cut into words here and share what is known of them. Other tokenizers and texts that
spell a special token take the tokenizer's own call; ids are the same either way.
"""

import functools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from tokenizers import Tokenizer

from xstilts.errors import CheckpointError
from xstilts.models.normalise import Normaliser

# Texts handled at a time, and words remembered: both bound memory, neither changes a result.
_CHUNK, _MEMO = 4096, 2**18

Ids = list[int]


class Frame(NamedTuple):
    """The special tokens that a tokenizer puts around texts: before the first, between, after the last.

    Attributes:
        ids: three lists for a pair, two for a single text.
        types: token type ids beside them.
        parts: the token type of each text.
    """

    ids: tuple[Ids, ...]
    types: tuple[Ids, ...]
    parts: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of special tokens."""
        return sum(map(len, self.ids))

    def around(self, *texts: Ids) -> Ids:
        """Ids of the texts in their frame."""
        found = [*self.ids[0]]
        for text, after in zip(texts, self.ids[1:], strict=True):
            found += text
            found += after
        return found

    def types_around(self, *texts: Ids) -> Ids:
        """Token type ids of the same."""
        found = [*self.types[0]]
        for text, part, after in zip(texts, self.parts, self.types[1:], strict=True):
            found += [part] * len(text)
            found += after
        return found


def lengths_within(size: int, lengths: Sequence[int]) -> Sequence[int]:
    """How many tokens remain of a text, or of each text of a pair, as tokenizers cut them by ``longest_first``.

    Args:
        size: so many in all, fewer than there are. Of a pair the longer text is cut to the length of the shorter one if
            need be, then both; an odd token stays with the longer one.
        lengths: tokens there are of each.
    """
    if len(lengths) == 1:
        return [size]
    shorter = min(lengths)
    longer = max(shorter, size - shorter)
    if shorter + longer > size:
        shorter, longer = size // 2, size - size // 2
    return (longer, shorter) if lengths[0] > lengths[1] else (shorter, longer)


def frame(core: Tokenizer, *, pair: bool) -> Frame:
    """How a tokenizer frames a text or a pair.

    Raises:
        CheckpointError: not as every tokenizer does, with the texts whole and in their order.
    """
    # Any token will do to see what is put around it; which text it is of says the frame's ``sequence_ids``. A tokenizer
    # of its own puts it there: this one may still cut texts as its last call asked.
    probe = Tokenizer(core.model).encode(core.id_to_token(core.get_vocab_size() - 1), add_special_tokens=False)
    framer = Tokenizer(core.model)
    if core.post_processor is not None:
        framer.post_processor = core.post_processor
    framed = framer.post_process(probe, probe if pair else None, add_special_tokens=True)
    ids: list[Ids] = [[]]
    types: list[Ids] = [[]]
    parts: dict[int, int] = {}
    for token, kind, part in zip(framed.ids, framed.type_ids, framed.sequence_ids, strict=True):
        if part is None:
            ids[-1].append(token)
            types[-1].append(kind)
        elif part not in parts:
            parts[part] = kind
            ids.append([])
            types.append([])
    if list(parts) != list(range(1 + pair)):
        raise CheckpointError("the tokenizer's post-processor is of an unknown kind; use another encoder")
    return Frame(tuple(ids), tuple(types), tuple(parts.values()))


class Segmenter:
    """A tokenizer's call for ids alone.

    Args:
        tokenizer: a fast tokenizer.

    Attributes:
        typed: whether the encoder takes token type ids.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.typed = "token_type_ids" in tokenizer.model_input_names
        self._tokenizer = tokenizer
        self._core: Tokenizer = tokenizer.backend_tokenizer
        self._special = _special(self._core)
        self._words = _splitter(self._core)
        self._normalise = Normaliser(self._core.normalizer)
        self._memo: dict[str, Ids] = {}
        # Sees a word as the whole tokenizer does once the text is normalised.
        self._bare = Tokenizer(self._core.model)
        if self._words:
            self._bare.pre_tokenizer = self._core.pre_tokenizer

    def __call__(
        self, first: Sequence[str], second: Sequence[str] | None = None, *, max_length: int
    ) -> dict[str, list[Ids]]:
        """``input_ids``, and ``token_type_ids`` where the encoder takes them, of texts or pairs with special tokens.

        Args:
            first: texts.
            second: the other text of each pair.
            max_length: what is longer loses tokens, of a pair the longer text.
        """
        rows: list[tuple[str, ...]] = list(
            zip(first, strict=True) if second is None else zip(first, second, strict=True)
        )
        found: dict[str, list[Ids]] = {name: [] for name in ("input_ids", "token_type_ids")[: 1 + self.typed]}
        for start in range(0, len(rows), _CHUNK):
            for name, part in self._encode(rows[start : start + _CHUNK], max_length).items():
                found[name] += part
        return found

    def _encode(self, rows: Sequence[tuple[str, ...]], max_length: int) -> dict[str, list[Ids]]:
        around = self.pair if len(rows[0]) == 2 else self.single
        known = self.texts(chain.from_iterable(rows))
        parts = [self._cut([known[text] for text in row], max_length - around.size) for row in rows]
        found = {"input_ids": [around.around(*texts) for texts in parts]}
        if self.typed:
            found["token_type_ids"] = [around.types_around(*texts) for texts in parts]
        return found

    def _cut(self, texts: list[Ids], size: int) -> list[Ids]:
        lengths = [len(text) for text in texts]
        if sum(lengths) <= size:
            return texts
        kept = lengths_within(size, lengths)
        if self._tokenizer.truncation_side == "left":
            return [text[len(text) - length :] for text, length in zip(texts, kept, strict=True)]
        return [text[:length] for text, length in zip(texts, kept, strict=True)]

    def texts(self, texts: Iterable[str]) -> dict[str, Ids]:
        """Ids of each distinct text, without special tokens around it and however long."""
        distinct = dict.fromkeys(texts)
        words: dict[str, list[str]] = {}
        if self._words:
            normalise, special = self._normalise, self._special
            for text in distinct:
                normal = normalise(text)
                if special.search(normal) is None and (normal == text or special.search(text) is None):
                    words[text] = self._words(normal)
        if len(self._memo) > _MEMO:
            self._memo.clear()
        fresh = list(set(chain.from_iterable(words.values())) - self._memo.keys())
        encodings = self._bare.encode_batch_fast(fresh, add_special_tokens=False)
        self._memo.update(zip(fresh, (encoding.ids for encoding in encodings), strict=True))
        known = self._memo.__getitem__
        found = {text: list(chain.from_iterable(map(known, parts))) for text, parts in words.items()}
        rest = [text for text in distinct if text not in found]
        if rest:
            encoding = self._tokenizer(rest, add_special_tokens=False, return_attention_mask=False, verbose=False)
            found |= zip(rest, encoding["input_ids"], strict=True)
        return found

    @functools.cached_property
    def single(self) -> Frame:
        """The special tokens around one text."""
        return frame(self._core, pair=False)

    @functools.cached_property
    def pair(self) -> Frame:
        """The special tokens around a pair."""
        return frame(self._core, pair=True)


def _splitter(core: Tokenizer) -> Callable[[str], list[str]] | None:
    """How normalised text falls into words that the pre-tokenizer treats one by one; None if it does not."""
    if getattr(core.model, "dropout", None) or core.pre_tokenizer is None:
        return None
    spec = json.loads(core.pre_tokenizer.__getstate__())
    steps = spec["pretokenizers"] if spec["type"] == "Sequence" else [spec]
    whole = {step["type"]: step.get("prepend_scheme", "always") == "always" for step in steps}
    if steps[0]["type"] == "Metaspace" and len(steps) == 1 and whole["Metaspace"] and steps[0]["split"]:
        return functools.partial(_words_of_metaspace, steps[0]["replacement"])
    if steps[0]["type"] in ("WhitespaceSplit", "BertPreTokenizer") and whole.keys() <= _BY_WORD and all(whole.values()):
        return _words_of_whitespace
    return None


# Pre-tokenizers that may follow a split at white space: what they make of a word depends on nothing else.
_BY_WORD = {"WhitespaceSplit", "BertPreTokenizer", "Metaspace", "Punctuation", "Digits"}


def _words_of_metaspace(mark: str, text: str) -> list[str]:
    """Words with the mark that stands for the space before them."""
    marked = text.replace(" ", f" {mark}")
    return (marked if text.startswith((" ", mark)) or not text else mark + marked).split(" ")


def _words_of_whitespace(text: str) -> list[str]:
    """Words between white space as Unicode has it; for Python, four control characters are white space too."""
    return text.split() if _PYTHON_ONLY.search(text) is None else _WHITE_SPACE.split(text)


_PYTHON_ONLY = re.compile(r"[\x1c-\x1f]")
_WHITE_SPACE = re.compile(r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def _special(core: Tokenizer) -> re.Pattern[str]:
    """Finds the tokens that are taken out of a text before it is cut into words."""
    contents = {token.content for token in core.get_added_tokens_decoder().values()}
    if core.normalizer:
        contents |= {core.normalizer.normalize_str(content) for content in contents}
    return re.compile("|".join(map(re.escape, sorted(filter(None, contents)))) or r"(?!)")
