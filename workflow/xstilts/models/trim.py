"""Vocabulary trimming: drop the embedding rows that a corpus does not need.

Abdaoui et al. 2020, "Load What You Need: Smaller Versions of Multilingual BERT". The texts of the corpus are segmented
as before and get the same hidden states; other texts fall back on the short pieces of the same alphabet, all kept.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from xstilts.errors import CheckpointError

SHORT_PIECE = 2
WORD_START = "▁"

_BATCH = 4096
_SPECIAL_ROLES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


class Trimmed(NamedTuple):
    """What is left: row ``i`` of the new embeddings is row ``kept_ids[i]`` of the old ones."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    kept_ids: list[int]


def trim_vocabulary(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    texts: Iterable[str],
    *,
    short_piece: int = SHORT_PIECE,
) -> Trimmed:
    """Keep the special tokens, the pieces that the texts use, and the short pieces of the alphabet they use.

    Noise and attacks make the tokenizer split words that it would keep whole, so every piece of at most
    ``short_piece`` characters (word-start mark not counted) is kept when its characters all occur in used pieces.

    Args:
        model: an encoder without language-model head; its input embeddings are replaced in place.
        tokenizer: its fast tokenizer, of the Unigram or BPE kind; left as it is.
        texts: the corpus; read once, in batches.
        short_piece: length in characters of the longest piece that is kept without being used.

    Raises:
        CheckpointError: the model has a language-model head, or the tokenizer is of another kind.
    """
    if model.get_output_embeddings() is not None:
        raise CheckpointError(f"{type(model).__name__}: has a language-model head; load it with AutoModel to trim it")
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    kind = spec["model"]["type"]
    if kind not in ("Unigram", "BPE"):
        raise CheckpointError(f"{type(tokenizer).__name__}: cannot trim a {kind} vocabulary, only Unigram or BPE")
    spec["truncation"] = spec["padding"] = None  # left behind by an earlier call; they would hide or add tokens
    kept = _kept_ids(spec, tokenizer, texts, short_piece)
    new_id = {old: new for new, old in enumerate(kept)}
    _trim_spec(spec, new_id)
    _trim_embeddings(model, kept)
    _renumber_config(model, new_id)
    return Trimmed(model, _wrap(spec, tokenizer), kept)


def _kept_ids(
    spec: dict[str, Any], tokenizer: PreTrainedTokenizerFast, texts: Iterable[str], short_piece: int
) -> list[int]:
    """Sorted ids to keep, so that their order, and with it the ids of leading special tokens, survives."""
    pieces = _pieces(spec)
    used = _used_ids(Tokenizer.from_str(json.dumps(spec)), texts)
    alphabet = {character for index in used if index in pieces for character in pieces[index]}
    kept = used | {token["id"] for token in spec["added_tokens"]} | set(tokenizer.all_special_ids)
    kept |= {
        index
        for index, piece in pieces.items()
        if len(piece.removeprefix(WORD_START)) <= short_piece and alphabet.issuperset(piece)
    }
    if tokenizer.pad_token_id is not None:
        kept |= set(range(tokenizer.pad_token_id))  # models store the padding id, and count positions from it
    if spec["model"]["type"] == "Unigram":
        kept |= _unigram_anchors(spec["model"])
    else:
        kept |= _bpe_parts(spec["model"], kept)
    return sorted(kept)


def _pieces(spec: dict[str, Any]) -> dict[int, str]:
    vocabulary = spec["model"]["vocab"]
    if spec["model"]["type"] == "Unigram":
        return {index: piece for index, (piece, _) in enumerate(vocabulary)}
    return {index: piece for piece, index in vocabulary.items()}


def _used_ids(core: Tokenizer, texts: Iterable[str]) -> set[int]:
    seen = np.zeros(core.get_vocab_size(with_added_tokens=True), dtype=bool)
    for batch in _batches(texts):
        for encoding in core.encode_batch_fast(list(dict.fromkeys(batch)), add_special_tokens=False):
            seen[encoding.ids] = True
    return set(np.flatnonzero(seen).tolist())


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(texts)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _unigram_anchors(model: dict[str, Any]) -> set[int]:
    """The unknown piece; and the least probable one, from whose score the unknown's is derived."""
    scores = [score for _, score in model["vocab"]]
    anchors = {int(np.argmin(scores))}
    return anchors if model["unk_id"] is None else anchors | {model["unk_id"]}


def _bpe_parts(model: dict[str, Any], kept: set[int]) -> set[int]:
    """Every piece from which a kept piece can be merged, and the single bytes."""
    ids = model["vocab"]
    parts: dict[str, set[str]] = {}
    for left, right in _merges(model):
        parts.setdefault(left + right, set()).update((left, right))
    names = {index: piece for piece, index in ids.items()}
    pending = [names[index] for index in kept if index in names]
    pending += [piece for piece in ids if len(piece) == 1 or piece.startswith("<0x")]
    found: set[str] = set()
    while pending:
        piece = pending.pop()
        if piece not in found:
            found.add(piece)
            pending.extend(parts.get(piece, ()))
    return {ids[piece] for piece in found}


def _merges(model: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        yield left, right


def _trim_spec(spec: dict[str, Any], new_id: dict[int, int]) -> None:
    """Drop pieces from a tokenizer's JSON and renumber all that is left."""
    model = spec["model"]
    if model["type"] == "Unigram":
        model["vocab"] = [entry for index, entry in enumerate(model["vocab"]) if index in new_id]
        if model["unk_id"] is not None:
            model["unk_id"] = new_id[model["unk_id"]]
    else:
        model["vocab"] = {piece: new_id[index] for piece, index in model["vocab"].items() if index in new_id}
        vocabulary = model["vocab"]
        model["merges"] = [[left, right] for left, right in _merges(model) if left + right in vocabulary]
    for token in spec["added_tokens"]:
        token["id"] = new_id[token["id"]]
    _renumber_post_processor(spec["post_processor"], new_id)


def _renumber_post_processor(processor: dict[str, Any] | None, new_id: dict[int, int]) -> None:
    if processor is None:
        return
    for inner in processor.get("processors", ()):
        _renumber_post_processor(inner, new_id)
    for special in processor.get("special_tokens", {}).values():
        special["ids"] = [new_id[index] for index in special["ids"]]
    for role in ("cls", "sep"):
        if role in processor:
            token, index = processor[role]
            processor[role] = [token, new_id[index]]


def _trim_embeddings(model: PreTrainedModel, kept: list[int]) -> None:
    old = model.get_input_embeddings()
    new = torch.nn.Embedding.from_pretrained(
        old.weight.detach()[torch.tensor(kept)].clone(),
        freeze=not old.weight.requires_grad,
        padding_idx=old.padding_idx,
    )
    model.set_input_embeddings(new)


def _renumber_config(model: PreTrainedModel, new_id: dict[int, int]) -> None:
    model.config.vocab_size = len(new_id)
    for role in _SPECIAL_ROLES:
        index = getattr(model.config, f"{role}_id", None)
        if isinstance(index, int) and index in new_id:
            setattr(model.config, f"{role}_id", new_id[index])


def _wrap(spec: dict[str, Any], tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """The generic class, which takes its whole pipeline from the JSON (a model's own class rebuilds parts of it)."""
    roles = {role: value for role in _SPECIAL_ROLES if (value := getattr(tokenizer, role)) is not None}
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(spec)),
        model_max_length=tokenizer.model_max_length,
        model_input_names=list(tokenizer.model_input_names),
        padding_side=tokenizer.padding_side,
        truncation_side=tokenizer.truncation_side,
        clean_up_tokenization_spaces=False,
        **roles,
    )
