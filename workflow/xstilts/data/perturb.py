"""A perturbed copy of a prepared test set: made once, read by every run."""

import shutil
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


def perturb(prepared: Path, output: Path, name: str, strength: float, seed: int) -> dict[str, Any]:
    """Write a perturbed copy of every ``test-{language}.arrow`` of a prepared directory.

    Pools are copied as they are: the condition is about the queries.

    Args:
        prepared: directory with test rows and ``manifest.json``; splits for training are left out.
        output: directory of the copy, whole or absent, in the same layout.
        name: a perturbation.
        strength: in [0, 1].
        seed: of the condition, not of a training run.

    Returns:
        The copy's manifest: the perturbation, the parent manifest's sha256, the realised edit rate per language
        (edited grapheme clusters over clusters) and the files.

    Raises:
        XstiltsError: the prepared directory is not whole or has no test rows, the perturbation is unknown or not
            defined for one of its languages, or the strength is out of range.
    """
    parent = verify(prepared)
    perturbation = perturbations.get(name)
    spoken = languages(prepared, "test")
    if not spoken:
        raise DataError(f"{prepared}: no test rows to perturb; prepare the task's test split first")
    for language in spoken:
        perturbation.check(language)
    counts, edit_rate = {}, {}
    with atomic_directory(output) as folder:
        for language in spoken:
            found = [
                perturb_row(parent["type"], row, perturbation, strength, language, seed)
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
            "perturbation": name,
            "perturbation_version": perturbation.version,
            "strength": strength,
            "seed": seed,
            "parent": sha256_file(prepared / MANIFEST),
            "edit_rate": edit_rate,
            "libraries": {"regex": version("regex")},  # its Unicode tables define the grapheme clusters
            "files": file_table(folder),
        }
        write_json(folder / MANIFEST, manifest)
    return manifest


def _write(path: Path, rows: list[dict[str, Any]], schema: Any) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=schema), max_chunksize=1000)
