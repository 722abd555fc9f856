"""What does fine-tuning do on this GPU? XLM-R Large's shape with random weights, real lengths, batches of 32.

    CUDA_VISIBLE_DEVICES=0 python benchmarks/gpu.py [--size large] [--examples 512] [--repeats 5] [PART ...]

It reads no data and needs no network; accelerate must be installed (requirements.txt). Measured, each after a warm-up:

- mnli and squad: sentence pairs of MNLI's lengths, and half as many questions with passages of SQuAD's, in turn by
    - trainer: Hugging Face's Trainer at its best (dynamic padding, examples grouped by length, fused AdamW, bf16)
    - trainer_default: Trainer as run_xnli.py configures it: float32, padded to 128 tokens; of MNLI's lengths only
    - xstilts: as a recipe runs it: passes without padding, replayed as CUDA graphs
    - compiled: the same with `compile: true`
    - started: without CUDA graphs, every kernel started by itself
- methods: a step of MNLI's lengths with each training method that needs no text, replayed and started
- passes: forward and backward as CUDA graphs, by tokens, and what share of the peak they reach; compiled or not
- update: clipping and AdamW alone
- resume: how far the weights of a run that was stopped half way and taken up are from those of one that was not, and
  how far two undisturbed runs are from each other; of four layers
- memory: what a run says, and how long its steps take, when it has little

The last line is one JSON object. Tokens per second are of the examples, without padding. `mfu` counts their operations
over the data sheet's bf16 peak (training/cost.py) and is null for a device that is not in the table;
`share_of_matmul_peak` sets them against a large matrix product measured in the same run. Memory is what torch takes
from the device beside the weights. No weights are copied for selection: a run does that `evaluations` times, not every
few steps.
On a machine without a GPU, `--size tiny` runs all of it but `compiled`, `passes`, `update` and `memory`, to see that
it works.
"""

import argparse
import contextlib
import gc
import json
import os
import statistics
from collections.abc import Callable
from typing import Any

# As in devices.py and training/parallel.py, before torch is imported and cuBLAS is first used.
os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")
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
from xstilts.models.compiled import compile_layers
from xstilts.training.attempt import Attempt
from xstilts.training.cost import named_peak, training_flops
from xstilts.training.methods import Auxiliary, get
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
METHODS = ("standard", "fgm", "pgd", "freelb", "r3f", "smart", "dann")
PASS_TOKENS = (1024, 2048, 4096, 8192, 16384)
ON_GPU = torch.cuda.is_available()


class Stopped(Exception):
    """The run was stopped half way."""


def lengths_of(name: str, count: int, longest: int) -> list[int]:
    """Token counts drawn from a task's distribution."""
    drawn = np.interp(np.random.default_rng(0).random(count), np.linspace(0, 1, len(LENGTHS[name])), LENGTHS[name])
    return [min(longest, round(length)) for length in drawn]


def peak_memory(call: Callable[[], Any]) -> tuple[float, int | None]:
    """Seconds of a call, and the most memory that it took of the GPU beside what was in use before (MB)."""
    if not ON_GPU:
        return timed(call), None
    freed()
    before = torch.cuda.memory_reserved()
    torch.cuda.reset_peak_memory_stats()
    seconds = timed(call)
    return seconds, (torch.cuda.max_memory_reserved() - before) // 2**20


def freed() -> None:
    """Give back what the last measurement held."""
    gc.collect()
    if ON_GPU:
        torch.cuda.empty_cache()


def model_of(size: dict[str, int], *, compiled: bool = False, replayed: bool = False) -> Any:
    """The same random model every time, drawn where it is used."""
    with torch.device("cuda" if ON_GPU else "cpu"):
        model = fresh_model(**size, longest=384)
    packing.enable(model)
    if compiled:
        compile_layers(model.base_model)
    if replayed and ON_GPU:
        graphs.enable(model.base_model)
    return model


def run_of(model: Any, examples: list[dict[str, Any]], precision: str) -> tuple[Attempt, Mixture]:
    """A run of xstilts that copies no weights."""
    attempt, mixture = attempt_of(model, examples, precision)
    attempt.keep = lambda: None
    return attempt, mixture


def trains(way: str, size: dict[str, int], examples: list[dict[str, Any]], precision: str) -> Callable[[], Any]:
    """A call that trains a model of its own over all examples, in one of the ways."""
    model = model_of(size, compiled=way == "compiled", replayed=way in ("xstilts", "compiled"))
    if way.startswith("trainer"):
        model.set_attn_implementation("sdpa")

        def train() -> None:
            torch.use_deterministic_algorithms(False)
            trainer_of(model, examples, precision, best=way == "trainer").train()

        return train
    return lambda: train_on(*run_of(model, examples, precision))


def per_step(seconds: list[float], examples: list[dict[str, Any]]) -> list[float]:
    """Milliseconds of a step: median, lowest and highest."""
    steps = len(examples) // BATCH
    return [round(1000 * part(seconds) / steps, 1) for part in (statistics.median, min, max)]


def compare(
    ways: list[str], size: dict[str, int], lengths: list[int], precision: str, repeats: int, peaks: tuple[float, Any]
) -> dict[str, Any]:
    """Seconds of every way, in turn, and what follows from them."""
    examples = examples_of(lengths, size["vocabulary"])
    calls, found = {}, {}
    for way in ways:
        calls[way] = trains(way, size, examples, precision)
        warm_up, memory = peak_memory(calls[way])
        found[way] = {"warm_up_seconds": round(warm_up, 1), "memory_beside_weights_mb": memory}
    turns = {way: [] for way in ways}
    for _ in range(repeats):
        for way in ways:
            turns[way].append(timed(calls[way]))
    flops = training_flops(model_of(size), sum(lengths), sum(length**2 for length in lengths))
    matmul, named = peaks
    for way, seconds in turns.items():
        median = statistics.median(seconds)
        ratios = {
            f"vs_{peer}": [theirs / ours for theirs, ours in zip(turns[peer], seconds, strict=True)]
            for peer in ways
            if peer.startswith("trainer")
        }
        found[way] |= {
            "milliseconds_per_step": per_step(seconds, examples),
            **{name: [round(part(of), 2) for part in (statistics.median, min, max)] for name, of in ratios.items()},
            "tokens_per_second": round(sum(lengths) / median),
            "mfu": None if named is None else round(flops / median / named, 3),
            "share_of_matmul_peak": round(flops / median / matmul, 3),
        }
    return {"examples": len(lengths), "mean_tokens": round(statistics.mean(lengths), 1)} | found


def methods(size: dict[str, int], lengths: list[int], precision: str, repeats: int) -> dict[str, Any]:
    """Milliseconds of a step with every method; one with a loss of its own trains beside `standard`."""
    examples = examples_of(lengths, size["vocabulary"])
    found: dict[str, Any] = {}
    for name in METHODS:
        found[name] = {}
        for way in ("replayed", "started"):
            model = model_of(size, replayed=way == "replayed")

            def train(model: Any = model, name: str = name) -> None:
                attempt, mixture = run_of(model, examples, precision)
                method = get(name)
                settings, objective = method.resolve({}), get("standard")({})
                if issubclass(method, Auxiliary):
                    texts = [row["input_ids"] for row in examples]
                    attempt.setting.texts = {"first": texts[::2], "second": texts[1::2]}
                    attempt.auxiliary = method(settings, attempt.setting)
                else:
                    objective = method(settings)
                train_on(attempt, mixture, objective=objective)

            train()
            found[name][way] = per_step([timed(train) for _ in range(repeats)], examples)
            del model, train
            freed()
    return found


def passes(size: dict[str, int], precision: str, peaks: tuple[float, Any], compiled: bool) -> dict[int, Any]:
    """Forward and backward in milliseconds, by tokens, with sequences of 128: the median of five; and the MFU."""
    model = model_of(size, compiled=compiled, replayed=True)
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
        return run_of(model_of(size, replayed=True), examples, precision)

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


def within(
    gigabytes: float, size: dict[str, int], lengths: list[int], precision: str, *, compiled: bool
) -> dict[str, Any]:
    """A run with so much memory in all, and the time of one that knows already what fits; a GPU only."""
    examples = examples_of(lengths, size["vocabulary"])
    said: list[str] = []
    budgets: list[int] = []
    freed()
    torch.cuda.set_per_process_memory_fraction(gigabytes * 1e9 / torch.cuda.get_device_properties(0).total_memory)
    try:
        model = model_of(size, compiled=compiled, replayed=True)

        def train() -> None:
            attempt, mixture = run_of(model, examples, precision)
            attempt.say = said.append
            attempt.setting.budget = min([attempt.setting.budget, *budgets])
            train_on(attempt, mixture)
            budgets.append(attempt.setting.budget)

        train()
        milliseconds = per_step([timed(train)], examples)[0]
    except Exception as error:
        said.append(f"failed: {' '.join(str(error).split())[:200]}")
        milliseconds = None
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    return {"gigabytes": gigabytes, "compiled": compiled, "said": said, "milliseconds_per_step": milliseconds}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="what to measure; everything unless given")
    parser.add_argument("--size", choices=list(SIZES), default="large")
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16" if ON_GPU else "fp32")
    arguments = parser.parse_args()
    size, precision, repeats = SIZES[arguments.size], arguments.precision, arguments.repeats
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
    ways = ["trainer", "xstilts", "started", *(["compiled"] if ON_GPU else [])]
    mnli = lengths_of("mnli", arguments.examples, longest)
    squad = lengths_of("squad", arguments.examples // 2, longest)
    parts: dict[str, Callable[[], Any]] = {
        "mnli": lambda: compare([*ways, "trainer_default"], size, mnli, precision, repeats, peaks),
        "squad": lambda: compare(ways, size, squad, precision, repeats, peaks),
        "methods": lambda: methods(size, mnli[: 8 * BATCH], precision, min(3, repeats)),
        "resume": lambda: resume(size, squad[: 6 * BATCH], precision),
    }
    if ON_GPU:
        parts |= {
            "passes": lambda: [passes(size, precision, peaks, compiled) for compiled in (False, True)],
            "update": lambda: update(size),
            "memory": lambda: {
                "mnli": within(15, size, mnli[: 8 * BATCH], precision, compiled=False),
                "squad": within(15, size, squad[: 8 * BATCH], precision, compiled=False),
                "squad_compiled": within(15, size, squad[: 8 * BATCH], precision, compiled=True),
            },
        }
    if unknown := set(arguments.parts) - parts.keys():
        parser.error(f"nothing here is called {', '.join(sorted(unknown))}; there is: {', '.join(parts)}")
    for part, measure in parts.items():
        if arguments.parts and part not in arguments.parts:
            continue
        result[part] = measure()
        print(f"{part}: {json.dumps(result[part])}", flush=True)
        deterministic(packed=False)
        freed()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
