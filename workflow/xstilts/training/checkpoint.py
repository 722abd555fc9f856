"""Checkpoints: directories that `transformers` loads, whole or absent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from xstilts.artifacts import MANIFEST, atomic_directory, file_table, write_json
from xstilts.models.card import library_versions, model_card
from xstilts.models.quiet import quiet


def save_checkpoint(
    model: Any,
    tokenizer: Any,
    output: Path,
    facts: dict[str, Any],
    beside: Callable[[Path], None] = lambda folder: None,
) -> dict[str, Any]:
    """Write weights (safetensors), configuration, tokenizer, model card and manifest as one atomic directory.

    Args:
        model: a ``transformers`` model.
        tokenizer: its tokenizer.
        output: the checkpoint's directory; one already there is replaced.
        facts: what the manifest says besides files and versions.
        beside: writes what else lies in the directory.

    Returns:
        The manifest.
    """
    with atomic_directory(output) as temporary, quiet():
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        beside(temporary)
        (temporary / "README.md").write_text(model_card(output, facts), encoding="utf-8")
        manifest = facts | {"versions": library_versions(), "files": file_table(temporary)}
        write_json(temporary / MANIFEST, manifest)
    return manifest
