"""What a job will take: from jobs like it that have run, else from the arithmetic it is and the speed of the device."""

import functools
import stat
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.artifacts import MANIFEST, read_manifest, unlike
from xstilts.errors import ConfigError
from xstilts.plan.jobs import Job, Jobs
from xstilts.plan.work import FORWARD, Shape, training_flops
from xstilts.tasks import Task
from xstilts.training.cost import PEAKS

TRAINERS = ("intermediate", "target", "null")
SCORERS = ("evaluate", "attack", "alignment", "difficulty")
ENCODERS = ("mini_encoder", "hub_encoder")
# FLOP/s of a CPU core in fp32, measured: 187 GFLOP/s on two cores without AVX-512.
CORE_PEAK = 93.5e9
# Share of a device's peak that a run reaches before any was measured: assumptions, so the range is wide. On an
# H200 XLM-R Large reached 0.10 with MNLI's lengths and batches of 32, 0.21 with SQuAD's, and 0.30 in passes of 16,384
# tokens (benchmarks/README.md); of a slower GPU it is more.
CORE_SHARE, GPU_SHARE = (0.15, 0.3, 0.5), (0.1, 0.2, 0.4)
# Rows of a task whose number is not known before its data are prepared, and their tokens as a share of the longest.
UNKNOWN_ROWS, LENGTH_SHARE = 10000, (0.1, 0.3, 1.0)
# Seconds of jobs that only read, write and start up, before any has run: as long as the tiny study's took on two cores.
SMALL = {
    "fetch": 1.0,
    "prepare": 3.0,
    "perturb": 3.0,
    "scores": 3.0,
    "alignment_table": 3.0,
    "difficulty_table": 3.0,
    "questions": 3.0,
    "figures": 8.0,
    "report": 3.0,
}
START_UP = 10.0


@dataclass(frozen=True)
class Estimate:
    """Wall seconds of a job.

    Attributes:
        low: optimistic.
        seconds: what to count on.
        high: pessimistic.
        bytes: what it writes.
        basis: ``measured`` (jobs like it have run), ``scaled`` (a like job's speed) or ``modelled`` (nothing has run).
    """

    low: float
    seconds: float
    high: float
    bytes: int
    basis: str


@dataclass(frozen=True)
class Record:
    """A training run that is on disk.

    Attributes:
        encoder: its name in the study.
        recipe: that it was trained by.
        tokens_per_row: mean tokens of an example.
        seconds: wall time of the job, or of the process where Snakemake's record is gone.
        start_up: of them, what was not steps: imports, reading, writing.
        flops: operations, where the encoder's shape is known.
    """

    encoder: str
    recipe: Mapping[str, Any]
    tokens_per_row: float
    seconds: float
    start_up: float
    flops: float | None

    @classmethod
    def of(cls, folder: Path, encoder: str, shape: Shape | None, wall: float | None) -> "Record":
        """What a checkpoint's manifest tells.

        Args:
            folder: of the checkpoint.
            encoder: its name in the study.
            shape: of the encoder, where that is known.
            wall: seconds of the job; None where Snakemake's record is gone.

        Raises:
            XstiltsError: it is no manifest of a trained checkpoint.
        """
        made = read_manifest(folder)
        try:
            recipe, rows, history, cost = dict(made["recipe"]), made["rows"], made["history"], made["cost"]
            length = history["tokens_per_second"] / history["examples_per_second"]
            seconds = float(made["seconds"]) + START_UP / 2 if wall is None else wall
            # What steps drew, which a cap keeps below what there was.
            epoch = history["steps"] * recipe["batch_size"] / recipe["epochs"]
            work = None if shape is None else training_flops(shape, recipe, epoch, rows["dev"], length)
            start_up = max(seconds - cost["flops"] / cost["flops_per_second"], 0.0)
            return cls(encoder, recipe, length, seconds, start_up, work)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise unlike(folder / MANIFEST, f"not a trained checkpoint's ({error!r})") from None


class Estimator:
    """Estimates jobs of one study.

    Args:
        jobs: the study's jobs.
        root: the folder below which their paths lie.
        device: name of the GPU to count with where none has been measured.
        task: a task by its name, in the edition that the study reads: editions differ in their rows.

    Raises:
        ConfigError: the device is not in the table.
    """

    def __init__(self, jobs: Jobs, root: Path, device: str, task: Callable[[str], Task]) -> None:
        if device not in PEAKS:
            raise ConfigError(f"--device {device}: not in the table; allowed: {', '.join(sorted(PEAKS))}")
        self.root, self.device = root, device
        self._task = functools.cache(task)
        self._prepared: dict[str, Mapping[str, float]] = {}
        self._counted: dict[tuple[tuple[str, ...], str, tuple[str, ...]], float] = {}
        self._limits = {job.wildcards["task"]: job.limit for job in jobs if job.limit is not None}
        self.shapes = {
            job.wildcards["encoder"]: Shape.of(root / job.folder, job.recipe) for job in jobs if job.rule in ENCODERS
        }
        self.records = [record for job in jobs if (record := self._record(job)) is not None]
        # What a scoring job takes before it scores is nearly that of a training one: imports, a model, rows.
        self.start_up = statistics.median([record.start_up for record in self.records] or [0.0])
        self.walls: dict[tuple[str, ...], list[tuple[float, int]]] = defaultdict(list)
        self.sizes: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for job in jobs:
            size = sum(_size(root / name) for name in job.outputs)
            share = 0 if job.seconds is None or job.rule in TRAINERS else self._shares_done(job)
            for key in _likeness(job):
                if job.seconds is not None and share:
                    self.walls[key].append((job.seconds, share))
                if size:
                    self.sizes[key].append(size)

    def of(self, job: Job) -> Estimate:
        """The estimate of one job."""
        if job.rule in TRAINERS:
            return self._training(job)
        for key in _likeness(job):
            if self.walls[key]:
                walls = [self._again(job, seconds, shares) for seconds, shares in self.walls[key]]
                return self._measured(job, walls, "measured" if key == _likeness(job)[0] else "scaled")
        low, seconds, high = self._unseen(job)
        return Estimate(low, seconds, high, self._bytes(job), "modelled")

    def _again(self, job: Job, seconds: float, shares: int) -> float:
        """Seconds of a job, by those of one like it that scored so many shares."""
        start = min(self.start_up, seconds / 2)
        return start + self._shares_left(job) * (seconds - start) / shares

    def _shares_done(self, job: Job) -> int:
        """What a job's last run was spent on: runs, or runs under a condition, that it scored; or one thing."""
        if not job.seeds:
            return 1
        folder = self.root / job.folder
        return int(read_manifest(folder).get("scored") or 0) if (folder / MANIFEST).is_file() else 0

    def _shares_left(self, job: Job) -> int:
        """What it has before it: what is not there, or, where nothing is missing, all of it anew."""
        if not job.seeds:
            return 1
        names = _shares(job)
        folder = self.root / job.folder
        if not folder.is_dir():
            return len(names)
        missing = [name for name in names if not (folder / name).is_file()]
        return len(missing or names)

    def _training(self, job: Job) -> Estimate:
        assert job.recipe is not None
        related = [record for record in self.records if record.encoder == job.wildcards["encoder"]]
        same = [r.seconds for r in related if _without_seed(r.recipe) == _without_seed(job.recipe)]
        if same:
            return self._measured(job, same, "measured")
        shape = self.shapes.get(job.wildcards["encoder"])
        if related and shape is not None:
            alike = [r for r in related if r.recipe["tasks"] == job.recipe["tasks"]] or related
            work = self._flops(job, shape, statistics.median(r.tokens_per_row for r in alike))
            speeds = [r.flops / max(r.seconds - r.start_up, 1e-3) for r in alike if r.flops is not None]
            start = statistics.median(r.start_up for r in related)
            slow, usual, fast = min(speeds), statistics.median(speeds), max(speeds)
            seconds = start + work / usual
            return Estimate(
                min(start + work / fast, 0.7 * seconds),
                seconds,
                max(start + work / slow, 1.5 * seconds),
                self._bytes(job),
                "scaled",
            )
        low, seconds, high = self._modelled(job, shape)
        return Estimate(low, seconds, high, self._bytes(job), "modelled")

    def _modelled(self, job: Job, shape: Shape | None) -> tuple[float, float, float]:
        """Seconds from arithmetic alone; an encoder of unknown shape counts as XLM-R large."""
        shape = shape or Shape(24, 1024, 4096, 250002)
        peak = PEAKS[self.device] * 1e12 * job.gpus if job.gpus else CORE_PEAK * job.threads
        longest = float((job.recipe or {}).get("max_length", 256))
        low, usual, high = (
            START_UP + self._flops(job, shape, share * longest) / (peak * used)
            for share, used in zip(LENGTH_SHARE, reversed(GPU_SHARE if job.gpus else CORE_SHARE), strict=True)
        )
        return low, usual, high

    def _unseen(self, job: Job) -> tuple[float, float, float]:
        if job.rule in SCORERS:
            return self._modelled(job, self.shapes.get(job.wildcards["encoder"]))
        usual = SMALL.get(job.rule, 60.0)
        return usual / 3, usual, usual * 5

    def _measured(self, job: Job, walls: list[float], basis: str) -> Estimate:
        usual = statistics.median(walls)
        return Estimate(min(0.8 * usual, *walls), usual, max(1.25 * usual, *walls), self._bytes(job), basis)

    def _flops(self, job: Job, shape: Shape, length: float) -> float:
        recipe = job.recipe or {}
        if job.rule == "difficulty":
            pairs = list(zip(job.data, recipe["tasks"], strict=True))
            rows = 2 * sum(self._rows((path,), "dev-en", name) for path, name in pairs)
            return shape.flops(rows * length, length, FORWARD)
        if job.rule == "attack":
            splits = [f"test-{language}" for language in recipe["languages"]]
            known = [self._rows(job.data, split, recipe["task"]) for split in splits]
            # Each clean, and as often as the budget allows: what searches leave of it is not known before.
            texts = sum(min(rows, recipe["examples"] or rows) for rows in known) * (1 + recipe["budget"]["queries"])
            return shape.flops(texts * length, length, FORWARD)
        if job.rule in SCORERS:
            # Under several conditions, each in its languages.
            languages = [name for part in recipe.get("conditions", [recipe]) for name in part["languages"]]
            rows = self._test_rows(job.data, recipe["task"], tuple(languages))
            return shape.flops(rows * length, length, FORWARD) * self._shares_left(job) / _shares_per_run(job)
        return training_flops(shape, recipe, *self._examples(job, recipe), length)

    def _examples(self, job: Job, recipe: Mapping[str, Any]) -> tuple[float, float]:
        """Training examples of an epoch and dev examples, of streams as :mod:`xstilts.training.data` makes them."""
        sampling = recipe["sampling"]
        train: defaultdict[object, float] = defaultdict(float)
        dev: defaultdict[object, float] = defaultdict(float)
        for folder, name in zip(job.data, recipe["tasks"], strict=True):
            task = self._task(name)
            key = name if sampling else (task.type, task.labels)
            text = task.type == "mlm"
            english = not text and "en" in task.languages.get("train", ())
            for language in ["en"] if english else recipe["text_languages"]:
                train[key] += self._rows((folder,), f"train-{language}", name)
            dev[key] += self._rows((folder,), "dev-en", name) if english else 0
        limits = [recipe["examples"], sampling and sampling["cap"]]
        return (
            sum(min([rows, *filter(None, limits)]) for rows in train.values()),
            sum(min(rows, recipe.get("dev_examples", rows)) for rows in dev.values()),
        )

    def _test_rows(self, folders: tuple[str, ...], task: str, languages: tuple[str, ...]) -> float:
        """Test rows in several languages; counted once, because every checkpoint is scored on the same."""
        key = (folders, task, languages)
        if key not in self._counted:
            self._counted[key] = sum(self._rows(folders, f"test-{language}", task) for language in languages)
        return self._counted[key]

    def _rows(self, folders: Iterable[str], split: str, task: str) -> float:
        """Rows of a split: as prepared, else as published, else a guess."""
        for folder in folders:
            found = self._splits(folder).get(split)
            if found is not None:
                return found
        name, language = split.split("-", 1)
        published = self._task(task).rows.get((name, language), UNKNOWN_ROWS if name == "train" else UNKNOWN_ROWS / 5)
        limit = self._limits.get(task) if name == "test" else None
        return float(published if limit is None else min(published, limit))

    def _splits(self, folder: str) -> Mapping[str, float]:
        """Rows of prepared data by split; read once, because every arm asks for the same few."""
        if folder not in self._prepared:
            manifest = self.root / folder / MANIFEST
            self._prepared[folder] = _split_rows(manifest) if manifest.is_file() else {}
        return self._prepared[folder]

    def _record(self, job: Job) -> Record | None:
        if job.rule not in TRAINERS:
            return None
        manifest = self.root / job.folder / MANIFEST
        if not manifest.is_file():
            return None
        recipe = read_manifest(manifest.parent, "recipe")["recipe"]
        # A run of another version of the training code says neither how long this one takes nor what it records.
        if isinstance(recipe, dict) and recipe.get("version") != (job.recipe or {}).get("version"):
            return None
        encoder = job.wildcards["encoder"]
        return Record.of(manifest.parent, encoder, self.shapes.get(encoder), job.seconds)

    def _bytes(self, job: Job) -> int:
        for key in _likeness(job):
            if self.sizes[key]:
                return int(statistics.median(self.sizes[key]))
        shape = self.shapes.get(job.wildcards.get("encoder", ""))
        return shape.weight_bytes if shape is not None and job.rule in (*TRAINERS, *ENCODERS) else 100_000


def _likeness(job: Job) -> list[tuple[str, ...]]:
    """What jobs are compared by, closest first."""
    close = [job.wildcards[name] for name in ("encoder", "target", "task", "part") if name in job.wildcards]
    return [(job.rule, *close), (job.rule, *close[:1]), (job.rule,)]


def _shares(job: Job) -> list[str]:
    """The files of a job that scores several runs, each of which costs about as much as another."""
    assert job.recipe is not None
    if job.rule == "alignment":
        return [f"{seed}.json" for seed in job.seeds]
    return [f"{seed}/{found['condition']}.json" for seed in job.seeds for found in job.recipe["conditions"]]


def _shares_per_run(job: Job) -> float:
    """How many of them are in the arithmetic of one run."""
    return len(_shares(job)) / len(job.seeds) if job.seeds else 1


def _size(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _without_seed(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in recipe.items() if key != "seed"}


def _split_rows(manifest: Path) -> dict[str, float]:
    """Rows by split, as the manifest of prepared data has them."""
    splits = read_manifest(manifest.parent, "splits")["splits"]
    try:
        return {name: float(split["rows"]) for name, split in splits.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unlike(manifest, f"splits without rows ({error!r})") from None
