"""From the evaluations' JSON files to the score table."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.artifacts import digest, read_json
from xstilts.evaluation.tidy import Tidy
from xstilts.seeds import seed_number

SCORES = Tidy.of("scores", row="score", job="an evaluation", remake="evaluate it", digits=".4f")


def collect(predictions: Path, runs: Sequence[Mapping[str, Any]], output_csv: Path, output_parquet: Path) -> None:
    """Gather the scores of all runs into one tidy table, sorted by its columns, as CSV and Parquet.

    The CSV has values with four decimals, the Parquet file all digits.

    Args:
        predictions: folder of ``{encoder}/{intermediate}/{target}/{seed}/{condition}.json``.
        runs: what the table must hold, each ``{"encoder", "intermediate", "target", "seeds": ["seed1", …],
            "conditions": ["clean", …]}``. Other files in the folder are not read.
        output_csv: written whole or not at all, like the next.
        output_parquet: the same rows. It differs where any prediction does, so that who needs all predictions need only
            look at it.

    Raises:
        XstiltsError: a file is missing, malformed or belongs to another run or study; a score breaks the schema; two
            scores share everything but their value.
    """
    files = [file for run in runs for file in _files(predictions, run)]
    scores = [score for file in files for score in SCORES.read(file, _named_by(file), "metrics")]
    behind = sorted((str(file.relative_to(predictions)), read_json(file).get("predictions")) for file in files)
    SCORES.write(scores, predictions, output_csv, output_parquet, made_of=digest(behind))


def _files(predictions: Path, run: Mapping[str, Any]) -> Iterator[Path]:
    folder = predictions / run["encoder"] / run["intermediate"] / run["target"]
    for seed in run["seeds"]:
        for condition in run["conditions"]:
            yield folder / seed / f"{condition}.json"


def _named_by(path: Path) -> dict[str, Any]:
    *_, encoder, intermediate, target, seed, _ = path.parts
    run = {"encoder": encoder, "intermediate": intermediate, "target": target, "seed": seed_number(seed)}
    return run | {"condition": path.stem}
