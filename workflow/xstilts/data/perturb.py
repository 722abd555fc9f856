"""A perturbed copy of a prepared test set: made once, read by every run."""

import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from xstilts import perturbations
from xstilts.artifacts import MANIFEST, atomic_directory, file_table, sha256_file, verify, write_json
from xstilts.data.prepare import arrow_schema
from xstilts.data.read import languages, load_rows
from xstilts.errors import DataError
from xstilts.perturbations.rows import perturb_row


def perturb(
    prepared: Path, output: Path, recipe: Mapping[str, Any], resources: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a perturbed copy of the ``test-{language}.arrow`` of a prepared directory.

    Pools are copied as they are: the condition is about the queries.

    Args:
        prepared: directory with test rows and ``manifest.json``; splits for training are left out.
        output: directory of the copy, whole or absent, in the same layout.
        recipe: a resolved perturbation recipe (:mod:`xstilts.study.recipes`): ``perturbations`` (name to weight and
            version), ``options``, ``strength`` in [0, 1], ``seed`` (of the condition, not of a training run), and
            ``languages`` (null: all there are).
        resources: paths that the options stand for.

    Returns:
        The copy's manifest: the recipe, the parent manifest's sha256, the realised edit rate per language (edited
        grapheme clusters over clusters) and the files.

    Raises:
        XstiltsError: the prepared directory is not whole or has no such test rows, a perturbation is unknown or not
            defined for one of the languages, or the strength is out of range.
    """
    parent = verify(prepared)
    weights = {name: part["weight"] for name, part in recipe["perturbations"].items()}
    perturbation = perturbations.configured(weights, recipe["options"], resources)
    spoken = recipe["languages"] or languages(prepared, "test")
    if not spoken:
        raise DataError(f"{prepared}: no test rows to perturb; prepare the task's test split first")
    for language in spoken:
        perturbation.check(language, parent["type"])
    counts, edit_rate = {}, {}
    with atomic_directory(output) as folder:
        for language in spoken:
            found = [
                perturb_row(parent["type"], row, perturbation, recipe["strength"], language, recipe["seed"])
                for row in load_rows(prepared, "test", language)
            ]
            _write(folder / f"test-{language}.arrow", [row for row, _, _ in found], arrow_schema(parent["type"]))
            counts[f"test-{language}"] = {"rows": len(found)}
            edit_rate[language] = sum(edits for _, edits, _ in found) / max(1, sum(units for _, _, units in found))
        for pool in sorted(prepared.glob("pool-*.arrow")):
            shutil.copyfile(pool, folder / pool.name)
            counts[pool.stem] = parent["splits"][pool.stem]
        manifest = {
            **{key: parent[key] for key in ("task", "task_version", "type", "labels", "licence", "citation")},
            "splits": counts,
            "recipe": dict(recipe),
            "resources": {path.name: sha256_file(path) for path in _files(resources or {})},
            "parent": sha256_file(prepared / MANIFEST),
            "edit_rate": edit_rate,
            "libraries": {"regex": version("regex")},  # its Unicode tables define the grapheme clusters
            "files": file_table(folder),
        }
        write_json(folder / MANIFEST, manifest)
    return manifest


def _files(resources: Mapping[str, Any]) -> list[Path]:
    """The files that resources name, alone, by language, or all of a folder."""
    named = [
        value for entry in resources.values() for value in (entry.values() if isinstance(entry, dict) else [entry])
    ]
    return [file for path in map(Path, named) for file in (sorted(path.glob("*.tsv")) if path.is_dir() else [path])]


def _write(path: Path, rows: list[dict[str, Any]], schema: Any) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=schema), max_chunksize=1000)
