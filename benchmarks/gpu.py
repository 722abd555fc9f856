"""What does fine-tuning do on this GPU? XLM-R Large's shape with random weights, real lengths, batches of 32.

    CUDA_VISIBLE_DEVICES=0 python benchmarks/gpu.py [--size large] [--examples 512] [--repeats 5] [--compile]

It reads no data and needs no network; accelerate must be installed (requirements.txt). Measured, each after a warm-up:

- trainer: Hugging Face's Trainer at its best (dynamic padding, examples grouped by length, fused AdamW, bf16)
- xstilts: as a recipe runs it: passes without padding, replayed as CUDA graphs
- started: the same without CUDA graphs, every kernel started by itself
- compiled: the same with `compile: true`, which takes minutes to start; with --compile
- for sentence pairs of MNLI's lengths and for half as many questions with passages of SQuAD's, the ways in turn
- passes: forward and backward as CUDA graphs, by tokens, and what share of the peak they reach
- update: clipping and AdamW alone
- resume: how far the weights of a run that was stopped half way and taken up are from those of one that was not, and
  how far two undisturbed runs are from each other; of four layers
- memory: whether a run with half the memory goes on

The last line is one JSON object. Tokens per second are of the examples, without padding. `mfu` counts their operations
over the data sheet's bf16 peak (training/cost.py) and is null for a device that is not in the table;
`share_of_matmul_peak` sets them against a large matrix product measured in the same run. No weights are copied for
selection: a run does that `evaluations` times, not every few steps.
On a machine without a GPU, `--size tiny` runs all of it but `passes`, `update` and `memory`, to see that it works.
"""

import argparse
import contextlib
import gc
import json
import os
import statistics
from collections.abc import Callable
from typing import Any

# Before cuBLAS is first used, as in training/parallel.py.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import numpy as np
import torch
from torch import Tensor
from training import (
    BATCH,
    attempt_of,
    examples_of,
    fresh_model,
    matmul_peak,
    timed,
    train_on,
    trainer_of,
)

from xstilts.models import graphs, packing
from xstilts.training.attempt import Attempt
from xstilts.training.cost import named_peak, training_flops
from xstilts.training.methods import get
from xstilts.training.parallel import deterministic, prepare_torch
from xstilts.training.passes import Passes
from xstilts.training.streams import Mixture

SIZES = {
    "large": {"vocabulary": 250_002, "layers": 24, "width": 1024, "heads": 16},
    "base": {"vocabulary": 250_002, "layers": 12, "width": 768, "heads": 12},
    "tiny": {"vocabulary": 1_000, "layers": 2, "width": 64, "heads": 2},
}
# Tokens by SentencePiece of 128k pieces, every twentieth part: of 9,295 pairs of MNLI's matched dev set, and of 538
# windows of 533 questions of SQuAD v1.1's dev set, of at most 384 tokens.
LENGTHS = {
    "mnli": [8, 17, 21, 23, 26, 28, 30, 32, 35, 37, 39, 41, 44, 47, 50, 53, 57, 61, 67, 77, 128],
    "squad": [55, 112, 123, 129, 136, 142, 147, 151, 158, 165, 175, 184, 194, 201, 208, 215, 231, 241, 272, 299, 384],
}
PASS_TOKENS = (1024, 2048, 4096, 8192, 16384)
ON_GPU = torch.cuda.is_available()


class Stopped(Exception):
    """The run was stopped half way."""


def lengths_of(name: str, count: int, longest: int) -> list[int]:
    """Token counts drawn from a task's distribution."""
    drawn = np.interp(np.random.default_rng(0).random(count), np.linspace(0, 1, len(LENGTHS[name])), LENGTHS[name])
    return [min(longest, round(length)) for length in drawn]


def peak_memory(call: Callable[[], Any]) -> tuple[float, int | None]:
    """Seconds of a call, and the most memory that it had on the GPU beside what was there before (MB)."""
    if not ON_GPU:
        return timed(call), None
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    seconds = timed(call)
    return seconds, (torch.cuda.max_memory_allocated() - before) // 2**20


def freed() -> None:
    """Give back what the last measurement held."""
    gc.collect()
    if ON_GPU:
        torch.cuda.empty_cache()


def model_of(size: dict[str, int]) -> Any:
    """The same random model every time, drawn where it is used."""
    with torch.device("cuda" if ON_GPU else "cpu"):
        model = fresh_model(**size, longest=384)
    packing.enable(model)
    return model


def run_of(model: Any, examples: list[dict[str, Any]], precision: str) -> tuple[Attempt, Mixture]:
    """A run of xstilts that copies no weights."""
    attempt, mixture = attempt_of(model, examples, precision)
    attempt.keep = lambda: None
    return attempt, mixture


def trains(way: str, size: dict[str, int], examples: list[dict[str, Any]], precision: str) -> Callable[[], Any]:
    """A call that trains a model of its own over all examples, in one of the ways."""
    model = model_of(size)
    if way == "trainer":
        model.set_attn_implementation("sdpa")

        def train() -> None:
            torch.use_deterministic_algorithms(False)
            trainer_of(model, examples, precision, best=True).train()

        return train
    if way == "compiled":
        layers = model.base_model.encoder
        layers.forward = torch.compile(layers.forward, dynamic=True)
    if way == "xstilts" and ON_GPU:
        graphs.enable(model.base_model)
    return lambda: train_on(*run_of(model, examples, precision))


def compare(
    ways: list[str], size: dict[str, int], lengths: list[int], precision: str, repeats: int, peaks: tuple[float, Any]
) -> dict[str, Any]:
    """Seconds of every way, in turn, and what follows from them."""
    examples = examples_of(lengths, size["vocabulary"])
    calls, found = {}, {}
    for way in ways:
        calls[way] = trains(way, size, examples, precision)
        warm_up, memory = peak_memory(calls[way])
        found[way] = {"warm_up_seconds": round(warm_up, 1), "peak_memory_beside_weights_mb": memory}
    turns = {way: [] for way in ways}
    for _ in range(repeats):
        for way in ways:
            turns[way].append(timed(calls[way]))
    flops = training_flops(model_of(size), sum(lengths), sum(length**2 for length in lengths))
    matmul, named = peaks
    for way, seconds in turns.items():
        median, steps = statistics.median(seconds), len(examples) // BATCH
        ratios = [theirs / ours for theirs, ours in zip(turns["trainer"], seconds, strict=True)]
        found[way] |= {
            "milliseconds_per_step": [round(1000 * part(seconds) / steps, 1) for part in (statistics.median, min, max)],
            "vs_trainer": [round(part(ratios), 2) for part in (statistics.median, min, max)],
            "tokens_per_second": round(sum(lengths) / median),
            "mfu": None if named is None else round(flops / median / named, 3),
            "share_of_matmul_peak": round(flops / median / matmul, 3),
        }
    return {"examples": len(lengths), "mean_tokens": round(statistics.mean(lengths), 1)} | found


def passes(size: dict[str, int], precision: str, peaks: tuple[float, Any]) -> dict[int, Any]:
    """Forward and backward in milliseconds, by tokens, with sequences of 128: the median of five; and the MFU."""
    model = model_of(size)
    graphs.enable(model.base_model)
    found = {}
    for tokens in PASS_TOKENS:
        examples = examples_of([128] * (tokens // 128), size["vocabulary"])
        attempt, mixture = run_of(model, examples, precision)
        stream, device = mixture.streams[0], attempt.setting.device
        standard = get("standard")({})
        model.train()

        def once(attempt: Any = attempt, stream: Any = stream, device: Any = device, standard: Any = standard) -> None:
            given = stream.head, stream.items, float(len(stream.items)), device, attempt.setting.precision
            standard.backward(Passes(model, *given))
            attempt.optimizer.zero_grad(set_to_none=True)

        once()
        seconds = statistics.median(timed(once) for _ in range(5))
        rate = training_flops(model, tokens, tokens * 128) / seconds
        mfu = None if peaks[1] is None else round(rate / peaks[1], 3)
        found[tokens] = {"milliseconds": round(1000 * seconds, 1), "mfu": mfu}
    return found


def update(size: dict[str, int]) -> dict[str, float]:
    """Milliseconds of clipping and of AdamW, and what a copy reads and writes per second (TB)."""
    parameters = list(model_of(size).parameters())
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    optimizer = torch.optim.AdamW(parameters, lr=1e-5, fused=True)
    optimizer.step()
    source = torch.empty(2**29, device="cuda")
    calls = {
        "clip": lambda: torch.nn.utils.clip_grad_norm_(parameters, 1.0),
        "adamw": optimizer.step,
        "copy": source.clone,
    }
    seconds = {name: statistics.median(timed(call) for _ in range(5)) for name, call in calls.items()}
    return {
        "clip_milliseconds": round(1000 * seconds["clip"], 2),
        "adamw_milliseconds": round(1000 * seconds["adamw"], 2),
        "copy_terabytes_per_second": round(2 * source.nbytes / seconds["copy"] / 1e12, 2),
    }


def weights_after(size: dict[str, int], examples: list[dict[str, Any]], precision: str, *, stopped: bool) -> Any:
    """The weights, on the CPU, at the end of a run; stopped half way and taken up by a new model, or not."""
    kept: list[Any] = []

    def begin() -> tuple[Attempt, Mixture]:
        model = model_of(size)
        if ON_GPU:
            graphs.enable(model.base_model)
        return run_of(model, examples, precision)

    attempt, mixture = begin()

    def stop() -> None:
        if attempt.step == attempt.steps // 2:
            tensors, facts = attempt.state()
            kept.append(({name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}, facts))
            raise Stopped

    if stopped:
        with contextlib.suppress(Stopped):
            train_on(attempt, mixture, stop)
        attempt, mixture = begin()
        attempt.restore(*kept.pop())
    train_on(attempt, mixture)
    return {name: parameter.detach().cpu() for name, parameter in attempt.trained.items()}


def furthest(first: dict[str, Tensor], second: dict[str, Tensor]) -> float:
    """The largest difference between two sets of weights; 0 says that they are the same bits."""
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def resume(size: dict[str, int], lengths: list[int], precision: str) -> dict[str, Any]:
    """Differences between runs."""
    few = size | {"layers": min(4, size["layers"])}
    examples = examples_of(lengths, size["vocabulary"])
    undisturbed = weights_after(few, examples, precision, stopped=False)
    found = {}
    for name, stopped in (("again", False), ("resumed", True)):
        freed()
        found[name] = furthest(undisturbed, weights_after(few, examples, precision, stopped=stopped))
    return found


def half_the_memory(size: dict[str, int], lengths: list[int], precision: str) -> dict[str, Any]:
    """Train with half of the memory that passes took beside the model; a GPU only."""
    examples = examples_of(lengths, size["vocabulary"])
    model = model_of(size)
    graphs.enable(model.base_model)
    attempt, mixture = run_of(model, examples, precision)
    torch.cuda.reset_peak_memory_stats()
    train_on(attempt, mixture)
    needed, held = torch.cuda.max_memory_reserved(), 16 * sum(parameter.numel() for parameter in model.parameters())
    del attempt, mixture, model
    freed()
    allowed = held + (needed - held) / 2
    torch.cuda.set_per_process_memory_fraction(allowed / torch.cuda.get_device_properties(0).total_memory)
    said: list[str] = []
    try:
        model = model_of(size)
        graphs.enable(model.base_model)
        attempt, mixture = run_of(model, examples, precision)
        attempt.say = said.append
        train_on(attempt, mixture)
    except Exception as error:
        said.append(f"failed: {' '.join(str(error).split())[:200]}")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    return {"mb": needed // 2**20, "allowed_mb": round(allowed / 2**20), "said": said}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=list(SIZES), default="large")
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16" if ON_GPU else "fp32")
    parser.add_argument("--compile", action="store_true", help="with what takes minutes to start")
    arguments = parser.parse_args()
    size, precision = SIZES[arguments.size], arguments.precision
    prepare_torch()
    longest = 384 if ON_GPU else 128
    name = torch.cuda.get_device_name() if ON_GPU else "cpu"
    peaks = matmul_peak(precision), named_peak(name)
    result: dict[str, Any] = {
        "device": name,
        "torch": torch.__version__,
        "size": arguments.size,
        "precision": precision,
        "matmul_peak_tflops": round(peaks[0] / 1e12, 2),
    }
    ways = ["trainer", "xstilts", "started", *(["compiled"] if arguments.compile else [])]
    mnli = lengths_of("mnli", arguments.examples, longest)
    squad = lengths_of("squad", arguments.examples // 2, longest)
    parts: dict[str, Callable[[], Any]] = {
        "mnli": lambda: compare(ways, size, mnli, precision, arguments.repeats, peaks),
        "squad": lambda: compare(ways, size, squad, precision, arguments.repeats, peaks),
        "resume": lambda: resume(size, squad[: 6 * BATCH], precision),
    }
    if ON_GPU:
        parts |= {
            "passes": lambda: passes(size, precision, peaks),
            "update": lambda: update(size),
            "memory": lambda: half_the_memory(size, squad[: 4 * BATCH], precision),
        }
    for part, measure in parts.items():
        result[part] = measure()
        print(f"{part}: {json.dumps(result[part])}", flush=True)
        deterministic(packed=False)
        freed()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
