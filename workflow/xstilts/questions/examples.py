"""Test examples behind the scores: each one's share of its metric, and bootstrap resamples of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xstilts import metrics
from xstilts.artifacts import made_again
from xstilts.errors import DataError
from xstilts.questions.statistics import Draws
from xstilts.questions.table import Context, run_folder
from xstilts.seeds import derive_seed

# More examples than these are drawn in random groups, whose sums vary as much; the cost is then bounded.
GROUPS = 1000
_CHUNK = 1000
_METRIC_COLUMNS = ("id", "language", "pred", "gold", "mined")

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """One run's predictions in one language: ids, and numerators and denominators of its metric (``(examples, 2)``)."""

    ids: tuple[str, ...]
    shares: Shares

    def only(self, ids: Sequence[str]) -> Shares:
        """The shares of some examples, in the order given."""
        if ids is self.ids or tuple(ids) == self.ids:
            return self.shares
        places = {name: place for place, name in enumerate(self.ids)}
        return self.shares[[places[name] for name in ids]]


class Examples:
    """Predictions of a study, read once.

    Args:
        folder: ``predictions/`` of the study; None where only scores are known.
        context: the study's.
    """

    def __init__(self, folder: Path | None, context: Context) -> None:
        self.folder, self.context = folder, context
        self._ids: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._read: dict[Path, Mapping[str, Counted]] = {}

    def of(self, encoder: str, recipe: str, target: str, condition: str, seed: int) -> Mapping[str, Counted] | None:
        """The examples of one run by language; None where it was not evaluated.

        Raises:
            DataError: it was, but its predictions are gone or damaged.
        """
        if self.folder is None:
            return None
        name = run_folder(self.context, recipe, target, seed)
        path = self.folder / encoder / recipe / target / name / f"{condition}.parquet"
        if path not in self._read and (path.is_file() or path.with_suffix(".json").is_file()):
            self._read[path] = self._count(path, target)
        return self._read.get(path)

    def _count(self, path: Path, target: str) -> dict[str, Counted]:
        import pyarrow as pa
        import pyarrow.parquet

        about = self.context["targets"][target]
        try:
            known = pyarrow.parquet.read_schema(path).names
            table = pyarrow.parquet.read_table(path, columns=[name for name in _METRIC_COLUMNS if name in known])
        except FileNotFoundError:
            raise DataError(f"{path}: no such file; {made_again(path)}") from None
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(f"{path}: damaged ({str(error).splitlines()[0]}); {made_again(path)}") from None
        by_language: dict[str, list[dict[str, object]]] = {}
        # In the order of their ids, so that the order in a file decides nothing.
        for row in sorted(table.to_pylist(), key=lambda row: str(row["id"])):
            by_language.setdefault(row["language"], []).append(row)
        found = {}
        for language, rows in by_language.items():
            ids = tuple(str(row["id"]) for row in rows)
            pairs = metrics.counts(about["type"], about["metric"], rows)
            # Runs share their test sets: one copy of the ids serves all.
            found[language] = Counted(self._ids.setdefault(ids, ids), np.array(pairs, dtype=float))
        return found


def common_ids(found: Sequence[Counted]) -> tuple[str, ...]:
    """Ids that every run predicted, in the first one's order: an attack may have seen only some of the test set."""
    first = found[0].ids
    others = {other.ids for other in found if other.ids is not first}
    if not others:
        return first
    shared = set(first).intersection(*others)
    return tuple(name for name in first if name in shared)


def resampled(
    shares: Mapping[str, Shares],
    ids: Mapping[str, tuple[str, ...]],
    resamples: int,
    names: Sequence[object],
) -> dict[str, Draws]:
    """Scores in percent of bootstrap resamples of the examples, for each language.

    Weights are Poisson (Chamandy et al. 2012). The same examples get the same weights in whatever run, condition and
    language they occur (a translated test set has the same ids in all), whichever call draws them.

    Args:
        shares: numerators and denominators by language, ``(examples, runs, 2)``.
        ids: the examples.
        resamples: how many.
        names: seed the draw, with the ids.

    Returns:
        ``(resamples, runs)`` by language.
    """
    found: dict[str, Draws] = {}
    for languages in _sharing(ids):
        examples = sorted(set().union(*(ids[language] for language in languages)))
        digest = hashlib.sha256("\x1f".join(examples).encode()).hexdigest()
        seed = derive_seed("examples", *names, digest)
        places = {name: place for place, name in enumerate(examples)}
        # An example that a language lacks counts nothing in it.
        columns = np.zeros((len(examples), *(len(languages), *shares[languages[0]].shape[1:])))
        for column, language in enumerate(languages):
            columns[[places[name] for name in ids[language]], column] = shares[language]
        sums = _weighted(columns.reshape(len(examples), -1), resamples, seed).reshape(resamples, *columns.shape[1:])
        totals = columns.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = 100 * np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], totals[..., 0] / totals[..., 1])
        found |= {language: ratios[:, column].astype(np.float32) for column, language in enumerate(languages)}
    return found


def _sharing(ids: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Languages grouped so that those of different groups have no example in common."""
    groups: list[tuple[set[str], list[str]]] = []
    known: dict[tuple[str, ...], list[str]] = {}
    for language, examples in ids.items():
        known.setdefault(examples, []).append(language)
    for examples, languages in known.items():
        names, members = set(examples), list(languages)
        apart = []
        for other, others in groups:
            if names.isdisjoint(other):
                apart.append((other, others))
            else:
                names, members = names | other, others + members
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _weighted(columns: Shares, resamples: int, seed: int) -> Draws:
    generator = np.random.default_rng(seed)
    if len(columns) > GROUPS:
        places = generator.permutation(len(columns)) % GROUPS
        columns = np.stack([np.bincount(places, weights=column, minlength=GROUPS) for column in columns.T], axis=1)
    values = columns.astype(np.float32)
    sums = np.empty((resamples, values.shape[1]), np.float32)
    for start in range(0, resamples, _CHUNK):
        stop = min(resamples, start + _CHUNK)
        drawn = generator.integers(0, len(_POISSON), (stop - start, len(values)), dtype=np.uint16)
        sums[start:stop] = _POISSON[drawn] @ values
    return sums


def _poisson_table() -> Draws:
    """Poisson numbers with mean 1, as often among 2 ** 16 as they occur."""
    quantiles = (np.arange(2**16) + 0.5) / 2**16
    masses = np.exp(-1.0) / np.cumprod([1.0, *range(1, 12)])
    return np.searchsorted(np.cumsum(masses), quantiles).astype(np.float32)


_POISSON: Draws = _poisson_table()
