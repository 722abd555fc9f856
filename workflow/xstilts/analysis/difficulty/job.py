"""The difficulty of one intermediate recipe, and the table of all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.analysis.difficulty import MEASURES
from xstilts.analysis.difficulty.dynamics import cartography, curve_area, dev_error
from xstilts.analysis.difficulty.usable_information import usable_information
from xstilts.artifacts import read_manifest, write_json
from xstilts.evaluation.tidy import Tidy
from xstilts.seeds import seed_number
from xstilts.training.cartography import FILE

DIFFICULTY = Tidy.of("difficulty", row="measure", job="a difficulty job", remake="measure it", digits=".6g")


def measure_difficulty(
    recipe: Mapping[str, Any],
    run: Mapping[str, Any],
    checkpoint: Path,
    null: Path | None,
    data: Sequence[Path],
    output: Path,
) -> None:
    """Write the difficulty of the tasks that a checkpoint was trained on (JSON).

    Args:
        recipe: ``measures``, ``tasks`` and ``batch_tokens``.
        run: the words that name the checkpoint in the table.
        checkpoint: after intermediate training.
        null: the null model, where a measure needs one.
        data: prepared rows of the tasks, in their order.
        output: JSON file to write.
    """
    manifest = read_manifest(checkpoint)
    found: list[dict[str, Any]] = []
    for name in recipe["measures"]:
        if MEASURES[name].cartography:
            found += cartography(checkpoint / FILE, name)
        elif MEASURES[name].null:
            assert null is not None
            found += usable_information(recipe["tasks"], data, checkpoint, null, recipe["batch_tokens"])
        else:
            found += {"dev_error": dev_error, "curve_area": curve_area}[name](manifest)
    write_json(output, {**run, "measures": found, "recipe": dict(recipe)})


def collect_difficulty(files: Sequence[Path], output_csv: Path, output_parquet: Path) -> None:
    """Gather the jobs' measures into one tidy table, as CSV and Parquet.

    Args:
        files: ``{encoder}/{intermediate}/{seed}.json``.
        output_csv: written whole or not at all, like the next.
        output_parquet: the same rows.

    Raises:
        XstiltsError: a file is missing, malformed or belongs to another checkpoint or study; a row breaks the schema.
    """
    rows = []
    for path in files:
        encoder, intermediate, seed = path.with_suffix("").parts[-3:]
        named = {"encoder": encoder, "intermediate": intermediate, "seed": seed_number(seed)}
        rows += DIFFICULTY.read(path, named, "measures")
    DIFFICULTY.write(rows, output_csv.parent, output_csv, output_parquet)
