"""Pretrained encoders as artifacts: the small one built here, any other fetched from the hub."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts import tasks
from xstilts.artifacts import MANIFEST, atomic_directory, digest, file_table, read_json, sha256_file, write_json
from xstilts.data.fetch import raw_folder
from xstilts.errors import CheckpointError, XstiltsError
from xstilts.models.card import library_versions, model_card
from xstilts.models.quiet import quiet

HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.model", "*.txt")


def make_encoder(
    recipe: Mapping[str, Any], sources: Sequence[Path], data_dir: Path | None, output: Path, raw: Path | None = None
) -> None:
    """Write the encoder that ``recipe`` names as a checkpoint directory.

    Args:
        recipe: a resolved encoder recipe: ``kind`` is ``mini`` or ``hub``.
        sources: ``source.json`` of each task whose texts a trimmed vocabulary has to cover.
        data_dir: the folder those tasks' files lie in.
        output: the checkpoint's directory.
        raw: the folder of what was fetched for those tasks.

    Raises:
        XstiltsError: the hub cannot be reached or lacks what is asked for.
    """
    with atomic_directory(output) as temporary, quiet():
        if recipe["kind"] == "mini":
            facts = _mini(recipe, _texts(sources, data_dir, raw), temporary)
        else:
            facts = _hub(recipe, _texts(sources, data_dir, raw), temporary)
        manifest = {
            "recipe": dict(recipe),
            "recipe_digest": digest(dict(recipe)),
            "data": {path.parent.name: sha256_file(path) for path in sources},
            "encoder": facts,
            "versions": library_versions(),
        }
        (temporary / "README.md").write_text(model_card(output, manifest), encoding="utf-8")
        write_json(temporary / MANIFEST, manifest | {"files": file_table(temporary)})


def _mini(recipe: Mapping[str, Any], texts: Iterator[str], output: Path) -> dict[str, Any]:
    from xstilts.models.mini.build import build_mini_encoder

    sizes = {key: recipe[key] for key in ("seed", "layers", "hidden_size", "heads", "intermediate_size")}
    return build_mini_encoder(output, texts=None if recipe["vocabulary"] == "full" else texts, **sizes)


def _texts(sources: Sequence[Path], data_dir: Path | None, raw: Path | None) -> Iterator[str]:
    """Every text of the tasks in all their splits and languages."""
    for path in sources:
        fetched = read_json(path)
        task = tasks.get(fetched["task"]).at(fetched.get("edition", ""))
        root = raw_folder(task, data_dir, raw)
        for split, languages in task.languages.items():
            for language in languages:
                for row in task.read(root, split, language):
                    for value in row.values():
                        if isinstance(value, str):
                            yield value
                        elif isinstance(value, list):
                            yield from (part for part in value if isinstance(part, str))


def _hub(recipe: Mapping[str, Any], texts: Iterator[str], output: Path) -> dict[str, Any]:
    """Download a pinned revision and save it in float32 safetensors with a fast tokenizer.

    Its masked-language head is kept where it has one, for recipes that go on with masked-language modelling. Trimmed to
    the texts it has none, and :mod:`xstilts.models.restore` can put the dropped pieces back after training.
    """
    import tempfile

    from huggingface_hub import snapshot_download
    from transformers import AutoTokenizer

    from xstilts.models.restore import KEPT_IDS
    from xstilts.models.trim import trim_vocabulary

    name = f"{recipe['id']} at {recipe['revision'][:12]}"
    with tempfile.TemporaryDirectory(prefix=".download.", dir=output.parent) as folder:
        try:
            snapshot_download(
                recipe["id"], revision=recipe["revision"], local_dir=folder, allow_patterns=list(HUB_FILES)
            )
        except Exception as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise XstiltsError(
                f"{name}: cannot be fetched ({first}); check id, revision and network, then run again"
            ) from None
        if not list(Path(folder).glob("*.safetensors")):
            raise CheckpointError(
                f"{name}: has no safetensors weights; choose a revision that has (pickled weights are not loaded)"
            )
        trimmed = recipe["vocabulary"] != "full"
        model = _pretrained(folder, head=not trimmed)
        tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True, trust_remote_code=False)
        if not tokenizer.is_fast:
            raise CheckpointError(
                f"{name}: has no fast tokenizer, which word and character alignment needs; choose another encoder"
            )
        if trimmed:
            model, tokenizer, kept = trim_vocabulary(model, tokenizer, texts)
            write_json(output / KEPT_IDS, kept)
        model.save_pretrained(output)
        tokenizer.save_pretrained(output)
        files = {path.name: sha256_file(path) for path in sorted(Path(folder).glob("*.safetensors"))}
    return {
        "kind": "hub",
        "id": recipe["id"],
        "revision": recipe["revision"],
        "downloaded": files,
        "vocabulary": len(tokenizer),
        "trimmed": trimmed,
    }


def _pretrained(folder: str, *, head: bool) -> Any:
    from transformers import AutoModel, AutoModelForMaskedLM

    options = {"use_safetensors": True, "trust_remote_code": False, "dtype": "float32"}
    if not head:
        return AutoModel.from_pretrained(folder, **options)
    try:
        model, info = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True, **options)
    except ValueError:  # the architecture has no such head
        return AutoModel.from_pretrained(folder, **options)
    return AutoModel.from_pretrained(folder, **options) if info["missing_keys"] else model
