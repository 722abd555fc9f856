"""What does fine-tuning do on this GPU? XLM-R Large's shape with random weights, MNLI's lengths, batches of 32.

    CUDA_VISIBLE_DEVICES=0 python benchmarks/gpu.py [--size large] [--examples 512] [--repeats 3] [--no-compile]

It reads no data and needs no network; accelerate must be installed (requirements.txt). Measured, each after a warm-up:

- trainer: Hugging Face's Trainer at its best (dynamic padding, examples grouped by length, fused AdamW, bf16)
- xstilts: as a recipe runs it
- whole: the same with every step's batch in one padded pass
- compiled: the same with `compile: true`
- passes: forward and backward, by the padded tokens of a pass, which says how a step should be cut on this GPU
- resume: how far the weights of a run that was stopped half way and taken up are from those of one that was not, and,
  for comparison, how far two undisturbed runs are from each other; both with the settings that a recipe runs with, and
  with `strict`, torch's deterministic algorithms alone
- memory: whether a run with half the memory goes on in smaller passes

The last line is one JSON object. Tokens per second are of the examples, without padding. `mfu` counts their operations
over the data sheet's bf16 peak (training/cost.py) and is null for a device that is not in the table;
`share_of_matmul_peak` sets them against a large matrix product measured in the same run.
On a machine without a GPU, `--size tiny` runs all of it but `memory`, in float32, to see that it works.
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
from training import (
    BATCH,
    MAX_LENGTH,
    attempt_of,
    examples_of,
    fresh_model,
    matmul_peak,
    timed,
    train_on,
    trainer_of,
)

from xstilts.training.cost import named_peak, training_flops
from xstilts.training.parallel import prepare_torch
from xstilts.training.setting import autocast

SIZES = {
    "large": {"vocabulary": 250_002, "layers": 24, "width": 1024, "heads": 16},
    "base": {"vocabulary": 250_002, "layers": 12, "width": 768, "heads": 12},
    "tiny": {"vocabulary": 1_000, "layers": 2, "width": 64, "heads": 2},
}
# Tokens of MNLI's pairs (9,295 of its matched dev set, SentencePiece of 128k pieces): every twentieth part.
MNLI_LENGTHS = [8, 17, 21, 23, 26, 28, 30, 32, 35, 37, 39, 41, 44, 47, 50, 53, 57, 61, 67, 77, 128]
PASS_LENGTH = 64
PASS_TOKENS = (256, 512, 1024, 2048, 4096, 8192, 16384)


class Stopped(Exception):
    """The run was stopped half way."""


def mnli_lengths(count: int) -> list[int]:
    """Token counts drawn from MNLI's distribution, cut as the examples are."""
    drawn = np.interp(np.random.default_rng(0).random(count), np.linspace(0, 1, len(MNLI_LENGTHS)), MNLI_LENGTHS)
    return [min(MAX_LENGTH, round(length)) for length in drawn]


def peak_memory(call: Callable[[], Any]) -> tuple[float, int | None]:
    """Seconds of a call, and the most memory that it had on the GPU (MB)."""
    if not torch.cuda.is_available():
        return timed(call), None
    torch.cuda.reset_peak_memory_stats()
    seconds = timed(call)
    return seconds, torch.cuda.max_memory_allocated() // 2**20


def freed() -> None:
    """Give back what the last measurement held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def model_of(size: dict[str, int]) -> Any:
    """The same random model every time, drawn where it is used."""
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        return fresh_model(**size)


def trains(way: str, size: dict[str, int], examples: list[dict[str, Any]], precision: str) -> Callable[[], None]:
    """A call that trains a model of its own over all examples, in one of the ways."""
    model = model_of(size)
    if way == "trainer":
        return lambda: trainer_of(model, examples, precision, best=True).train()
    if way == "compiled":
        model.compile(dynamic=True)

    def train() -> None:
        attempt, mixture = attempt_of(model, examples, precision, compile=way == "compiled")
        if way == "whole":
            attempt.setting.least = 10**9
        train_on(attempt, mixture)

    return train


def pass_milliseconds(size: dict[str, int], precision: str) -> dict[int, float]:
    """Forward and backward in milliseconds, by tokens: the median of five."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model_of(size).train()
    found = {}
    for tokens in PASS_TOKENS:
        ids = torch.randint(5, size["vocabulary"], (tokens // PASS_LENGTH, PASS_LENGTH), device=device)
        labels = torch.zeros(len(ids), dtype=torch.long, device=device)

        def once(ids: Any = ids, labels: Any = labels) -> None:
            with autocast(device, precision):
                loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
            loss.backward()

        once()
        found[tokens] = round(1000 * statistics.median(timed(once) for _ in range(5)), 2)
    return found


def weights_after(size: dict[str, int], examples: list[dict[str, Any]], precision: str, *, stopped: bool) -> Any:
    """The weights, on the CPU, at the end of a run; stopped half way and taken up by a new model, or not."""
    attempt, mixture = attempt_of(model_of(size), examples, precision)
    kept: list[Any] = []

    def stop() -> None:
        if attempt.step == attempt.steps // 2:
            tensors, facts = attempt.state()
            kept.append(({name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}, facts))
            raise Stopped

    if stopped:
        with contextlib.suppress(Stopped):
            train_on(attempt, mixture, stop)
        del attempt, mixture
        freed()
        attempt, mixture = attempt_of(model_of(size), examples, precision)
        attempt.restore(*kept.pop())
    train_on(attempt, mixture)
    return {name: parameter.detach().cpu() for name, parameter in attempt.trained.items()}


def furthest(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
    """The largest difference between two sets of weights; 0 says that they are the same bits."""
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def resume(size: dict[str, int], examples: list[dict[str, Any]], precision: str) -> dict[str, Any]:
    """Differences between runs, with torch's settings as recipes have them and with deterministic algorithms alone."""
    found: dict[str, Any] = {}
    for name in ("recipe", "strict"):
        prepare_torch()
        if name == "strict":
            torch.use_deterministic_algorithms(True)
        try:
            undisturbed = weights_after(size, examples, precision, stopped=False)
            freed()
            found[name] = {
                key: furthest(undisturbed, weights_after(size, examples, precision, stopped=stopped))
                for key, stopped in (("again", False), ("resumed", True))
            }
        except RuntimeError as error:
            found[name] = str(error).splitlines()[0]
        freed()
    prepare_torch()
    return found


def half_the_memory(size: dict[str, int], examples: list[dict[str, Any]], precision: str) -> dict[str, Any]:
    """Train on long sequences with half of the memory that their passes took beside the model; a GPU only."""
    long = [example | {"input_ids": (example["input_ids"] * MAX_LENGTH)[:MAX_LENGTH]} for example in examples]
    attempt, mixture = attempt_of(model_of(size), long, precision)
    _, needed = peak_memory(lambda: train_on(attempt, mixture))
    held = torch.cuda.memory_allocated() // 2**20
    del attempt, mixture
    freed()
    total = torch.cuda.get_device_properties(0).total_memory // 2**20
    torch.cuda.set_per_process_memory_fraction((held + (needed - held) / 2) / total)
    try:
        attempt, mixture = attempt_of(model_of(size), long, precision)
        train_on(attempt, mixture)
        return {"mb": needed, "allowed_mb": round(held + (needed - held) / 2), "passes_of": attempt.setting.budget}
    except Exception as error:
        return {"failed": " ".join(str(error).split())[:300]}
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    on_gpu = torch.cuda.is_available()
    parser.add_argument("--size", choices=list(SIZES), default="large")
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16" if on_gpu else "fp32")
    parser.add_argument("--no-compile", action="store_true", help="leave out what takes minutes to start")
    arguments = parser.parse_args()
    size, precision = SIZES[arguments.size], arguments.precision
    device = prepare_torch()
    lengths = mnli_lengths(arguments.examples)
    examples = examples_of(lengths, size["vocabulary"])
    tokens = sum(lengths)
    peak = named_peak(torch.cuda.get_device_name()) if on_gpu else None
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if on_gpu else "cpu",
        "torch": torch.__version__,
        "size": arguments.size,
        "precision": precision,
        "examples": len(examples),
        "mean_tokens": round(statistics.mean(lengths), 1),
        "matmul_peak_tflops": round(matmul_peak(precision) / 1e12, 2),
    }

    def record(name: str, value: Any) -> None:
        result[name] = value
        print(f"{name}: {json.dumps(value)}", flush=True)

    flops = training_flops(model_of(size), tokens, sum(length**2 for length in lengths))
    for name in ("trainer", "xstilts", "whole", *([] if arguments.no_compile else ["compiled"])):
        train = trains(name, size, examples, precision)
        warm_up, memory = peak_memory(train)
        turns = []
        for _ in range(arguments.repeats):
            seconds, memory = peak_memory(train)
            turns.append(seconds)
        median = statistics.median(turns)
        record(
            name,
            {
                "seconds": {"median": round(median, 3), "min": round(min(turns), 3), "max": round(max(turns), 3)},
                "warm_up_seconds": round(warm_up, 1),
                "tokens_per_second": round(tokens / median),
                "mfu": None if peak is None else round(flops / median / peak, 3),
                "share_of_matmul_peak": round(flops / median / (result["matmul_peak_tflops"] * 1e12), 3),
                "peak_memory_mb": memory,
            },
        )
        del train
        freed()
    for name in ("xstilts", "whole", "compiled"):
        if name in result:
            ratio = result["trainer"]["seconds"]["median"] / result[name]["seconds"]["median"]
            result[f"{name}_vs_trainer"] = round(ratio, 2)
    record("pass_milliseconds", pass_milliseconds(size, precision))
    freed()
    record("resume", resume(size, examples[: 8 * BATCH], precision))
    if device.type == "cuda":
        record("memory", half_the_memory(size, examples[: 4 * BATCH], precision))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
