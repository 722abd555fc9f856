"""The whole vocabulary again, under a checkpoint that was trained with a trimmed one."""

from pathlib import Path

import torch

from xstilts.artifacts import MANIFEST, atomic_directory, file_table, read_json, sha256_file, verify, write_json
from xstilts.errors import CheckpointError
from xstilts.models.load import load_tokenizer
from xstilts.models.quiet import quiet

# In a trimmed encoder: row i of its embeddings is row KEPT_IDS[i] of the whole one's.
KEPT_IDS = "kept_ids.json"


def restore_vocabulary(checkpoint: Path, trimmed: Path, whole: Path, output: Path) -> int:
    """Write a checkpoint with the whole vocabulary: trained embeddings for kept pieces, pretrained ones for the rest.

    Texts that the trimmed tokenizer segments as the whole one does get the same outputs (Abdaoui et al. 2020).

    Args:
        checkpoint: what was trained, encoder and head.
        trimmed: the encoder that the training began with.
        whole: the same pretrained encoder with its full vocabulary.
        output: a directory that does not exist yet.

    Returns:
        The number of pieces that came back.

    Raises:
        CheckpointError: the three do not belong together, the head predicts pieces, or ``output`` exists.
    """
    import transformers

    if output.exists():
        raise CheckpointError(f"{output}: is there already; name a folder that is not")
    for folder in (checkpoint, trimmed, whole):
        verify(folder)
    if not (trimmed / KEPT_IDS).is_file():
        raise CheckpointError(f"{trimmed}: has no {KEPT_IDS}; name the encoder whose vocabulary a study trimmed")
    kept = read_json(trimmed / KEPT_IDS)
    architecture = read_json(checkpoint / "config.json")["architectures"][0]
    with quiet():
        model = getattr(transformers, architecture).from_pretrained(checkpoint, use_safetensors=True)
        full = transformers.AutoModel.from_pretrained(whole, use_safetensors=True)
    trained, table = model.get_input_embeddings(), full.get_input_embeddings().weight.detach().clone()
    if model.get_output_embeddings() is not None:
        raise CheckpointError(f"{checkpoint}: its head predicts pieces of the trimmed vocabulary; restore another one")
    if trained.weight.shape != (len(kept), table.shape[1]) or max(kept) >= len(table):
        raise CheckpointError(
            f"{checkpoint}: its embeddings are not those of {trimmed} trimmed from {whole}; name its own"
        )
    table[torch.tensor(kept)] = trained.weight.detach().to(table.dtype)
    model.set_input_embeddings(torch.nn.Embedding.from_pretrained(table, padding_idx=full.config.pad_token_id))
    for key in ("vocab_size", "bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(model.config, key, getattr(full.config, key, None))
    with atomic_directory(output) as temporary:
        model.save_pretrained(temporary)
        load_tokenizer(whole).save_pretrained(temporary)
        sources = {"checkpoint": checkpoint, "trimmed": trimmed, "whole": whole}
        made = {"restored": {name: sha256_file(folder / MANIFEST) for name, folder in sources.items()}}
        trained_as = {key: value for key, value in read_json(checkpoint / MANIFEST).items() if key != "files"}
        write_json(temporary / MANIFEST, trained_as | made | {"files": file_table(temporary)})
    return len(table) - len(kept)
