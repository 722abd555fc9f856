"""What stands beside weights: the model card, and the versions of what the bytes depend on."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xstilts import __version__


def library_versions() -> dict[str, str]:
    """Versions of what a checkpoint's bytes depend on."""
    libraries = {name: version(name) for name in ("torch", "transformers", "tokenizers", "safetensors", "numpy")}
    return libraries | {"xstilts": __version__, "python": platform.python_version()}


def model_card(output: Path, facts: dict[str, Any]) -> str:
    """The checkpoint's README: what it is, how it was trained, what it scored on English dev."""
    recipe = facts["recipe"]
    name = "/".join(output.parts[-3:])
    lines = ["---", "library_name: transformers", "tags: [xstilts, cross-lingual-transfer]", "---", "", f"# {name}", ""]
    if "history" not in facts:
        return "\n".join([*lines, f"Pretrained encoder of an xstilts study. Recipe: `{recipe}`.", ""])
    history = facts["history"]
    lines += [
        f"{recipe['phase'].capitalize()} fine-tuning on English {', '.join(recipe['tasks'])} "
        f"({facts['rows']['train']} rows), method `{recipe['method']}`, seed {recipe['seed']}.",
        "",
        f"- peak learning rate {facts['learning_rate']:g}, batch {recipe['batch_size']}, {history['steps']} steps",
        f"- English dev {facts['dev_metric']} {history['best_score']:.2f} at step {history['best_step']} "
        f"(n = {facts['rows']['dev']}; {recipe['selection']} of {len(history['dev'])} evaluations)",
        f"- {facts['device']}, {facts['seconds']} s",
        "",
        "Recipe, parents, data and checksums: `manifest.json`. Load with `AutoModel.from_pretrained`.",
        "",
    ]
    return "\n".join(lines)
