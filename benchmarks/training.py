"""How fast is fine-tuning beside Hugging Face's Trainer, on the same model, examples and optimiser batches?

    python benchmarks/training.py --data-dir DIR [--quick] [--tasks xnli xquad] [--repeats 5] [--examples 256]
                                  [--precision fp32]

A randomly drawn encoder (6 layers of 384, vocabulary 30,000) is trained on token sequences that have the lengths of
real XNLI pairs and XQuAD questions with their paragraphs, drawn from both together (or from one: `--tasks`) and cut at
128 tokens; DIR holds them in XTREME's layout.
Peers, in one process, in turn, on equal threads:

- trainer_default: Trainer as run_xnli.py configures it: every sequence padded to 128, float32, batch 32
- trainer_best: Trainer with dynamic padding, examples grouped by length, fused AdamW
- plain_loop: a loop after jiant's: batches drawn at random, padded to their longest sequence, AdamW parameter by
  parameter, the loss read at every step
- xstilts: batches of 32 uniformly drawn examples, cut into passes by length

Grouping by length changes which examples meet in a batch; xstilts does not. Timed is the call that trains (or
predicts), without loading. The last line is one JSON object: a peer's seconds over those of xstilts (higher is better),
as median, minimum and maximum of the repeats, with the device's matrix-product peak measured in the same run and, on a
CPU, where the seconds of one more, profiled, training of xstilts went (per cent).
"""

import argparse
import contextlib
import dataclasses
import io
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader
from transformers import (
    DataCollatorWithPadding,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    get_linear_schedule_with_warmup,
)

from xstilts import tasks
from xstilts.models import packing
from xstilts.models.heads import HEADS, Item
from xstilts.models.mini.source import read_sentencepiece
from xstilts.models.mini.tokenizer import build_tokenizer
from xstilts.training.attempt import Attempt
from xstilts.training.cost import training_flops
from xstilts.training.loop import fine_tune, predict_logits
from xstilts.training.methods import get
from xstilts.training.parallel import World
from xstilts.training.progress import Progress
from xstilts.training.setting import Setting, autocast
from xstilts.training.streams import Mixture, Stream

# Parts of a training step by the names of torch's operators; none of these: elementwise arithmetic and copies.
PARTS = {
    "matrix_products": {"addmm", "mm", "bmm", "baddbmm"},
    "softmax": {"_softmax", "_softmax_backward_data"},
    "layer_norm": {"native_layer_norm", "native_layer_norm_backward"},
    "gelu": {"gelu", "gelu_backward"},
    "dropout": {"native_dropout", "native_dropout_backward", "bernoulli_", "random_", "lt"},
    "embeddings": {"embedding", "embedding_dense_backward", "index_select"},
    "optimiser": {"_fused_adamw_", "linalg_vector_norm", "_foreach_norm", "_foreach_mul_"},
}
FIELDS = {"xnli": ("text_a", "text_b"), "xquad": ("question", "context")}
VOCABULARY, MAX_LENGTH, BATCH, LABELS = 30_000, 128, 32, ("0", "1", "2")
RECIPE = {
    "seed": 1,
    "phase": "target",
    "batch_size": BATCH,
    "weight_decay": 0.01,
    "adam_epsilon": 1e-8,
    "warmup": 0.1,
    "max_grad_norm": 1.0,
    "evaluations": 1,
    "selection": "last",
    "micro_batch_tokens": None,
    "compile": False,
}


def real_lengths(data_dir: Path, names: list[str], count: int) -> list[int]:
    """Token counts of rows drawn uniformly from all test rows of these tasks."""
    tokenizer = build_tokenizer(read_sentencepiece(), MAX_LENGTH)
    texts = []
    for name in names:
        task, (first, second) = tasks.get(name), FIELDS[name]
        for language in task.languages["test"]:
            texts += [(row[first], row[second]) for row in task.read(data_dir, "test", language)]
    drawn = [texts[place] for place in np.random.default_rng(0).permutation(len(texts))[:count]]
    encoded = tokenizer([a for a, _ in drawn], [b for _, b in drawn], truncation=True, max_length=MAX_LENGTH)
    return [len(ids) for ids in encoded["input_ids"]]


def examples_of(lengths: list[int], vocabulary: int = VOCABULARY) -> list[dict[str, Any]]:
    """Random token ids of these lengths with random labels."""
    random = np.random.default_rng(1)
    return [
        {"input_ids": [0, *random.integers(5, vocabulary, length - 2).tolist(), 2], "labels": int(random.integers(3))}
        for length in lengths
    ]


def fresh_model(
    vocabulary: int = VOCABULARY, layers: int = 6, width: int = 384, heads: int = 12, longest: int = MAX_LENGTH
) -> Any:
    """The same random model every time."""
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        max_position_embeddings=longest + 2,
        pad_token_id=1,
        type_vocab_size=1,
        num_labels=len(LABELS),
    )
    attention = "sdpa" if torch.cuda.is_available() else "eager"
    return XLMRobertaForSequenceClassification._from_config(config, attn_implementation=attention)


def tokenizer_of_ids() -> PreTrainedTokenizerFast:
    """A tokenizer that is only asked to pad."""
    from tokenizers import Tokenizer, models

    core = Tokenizer(models.WordLevel({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}, unk_token="<unk>"))
    return PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", unk_token="<unk>")


def trainer_of(model: Any, examples: list[dict[str, Any]], precision: str, *, best: bool) -> Trainer:
    """Hugging Face's Trainer in one of its two configurations."""
    tokenizer = tokenizer_of_ids()
    options: dict[str, Any] = (
        {"train_sampling_strategy": "group_by_length", "optim": "adamw_torch_fused"} if best else {}
    )
    padding = {"padding": True} if best else {"padding": "max_length", "max_length": MAX_LENGTH}
    arguments = TrainingArguments(
        output_dir="/tmp/xstilts-benchmark",
        num_train_epochs=1,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH,
        learning_rate=1e-5,
        weight_decay=0.01,
        warmup_steps=0.1,
        max_grad_norm=1.0,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_strategy="no",
        bf16=best and precision == "bf16",
        seed=1,
        **options,
    )
    collator = DataCollatorWithPadding(tokenizer, **padding)
    return Trainer(model=model, args=arguments, train_dataset=examples, eval_dataset=examples, data_collator=collator)


def plain_loop(
    model: Any, examples: list[dict[str, Any]], precision: str
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Calls that train and that predict with a loop like that of jiant's runner."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    collator = DataCollatorWithPadding(tokenizer_of_ids(), padding=True)
    batches = DataLoader(examples, BATCH, shuffle=True, collate_fn=collator, generator=torch.Generator().manual_seed(1))
    rows = DataLoader(examples, BATCH, collate_fn=collator)
    vectors = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-5, foreach=False, fused=False)
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.1 * len(batches)), len(batches))

    def outputs(batch: Any) -> Any:
        with autocast(device, precision):
            return model(**{name: tensor.to(device) for name, tensor in batch.items()})

    def train() -> None:
        model.train()
        for batch in batches:
            loss = outputs(batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            loss.item()

    @torch.no_grad()
    def predict() -> None:
        model.eval()
        for batch in rows:
            outputs(batch).logits.float().cpu().numpy()

    return train, predict


def attempt_of(model: Any, examples: list[dict[str, Any]], precision: str, **changes: Any) -> tuple[Attempt, Mixture]:
    """A run of xstilts over the examples, and their order."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    if device.type == "cuda":
        packing.enable(model)
    head = HEADS["classification"](LABELS, tokenizer_of_ids(), {"max_length": MAX_LENGTH})
    items = [Item(number, [row["input_ids"]], target=row["labels"]) for number, row in enumerate(examples)]
    stream = Stream(
        "benchmark", "head", "classification", "accuracy", head, [{"id": n} for n in range(len(items))], items, [], []
    )
    mixture = Mixture([stream], {"kind": "proportional", "cap": None, "temperature": 1.0}, BATCH, (1, "target"))
    learner = torch.nn.Module()
    learner.models = torch.nn.ModuleDict({"head": model})
    recipe = RECIPE | {"precision": precision} | changes
    setting = Setting.of(recipe, model.base_model, head.tokenizer, device, World(), {})
    return Attempt(learner, setting, recipe, len(items) // BATCH, 1e-5, None, print), mixture


def train_on(
    attempt: Attempt, mixture: Mixture, after_step: Callable[[], None] = lambda: None, objective: Any = None
) -> None:
    """Train with xstilts, from the attempt's step on to its last, by `standard` unless something else is given."""
    progress = Progress("benchmark", attempt.steps, speaks=False)
    method = objective or get("standard")({})
    fine_tune(
        attempt, mixture, method, None, lambda: {"none": 0.0}, progress, lambda name, value, step: None, after_step
    )


def ours(
    model: Any, examples: list[dict[str, Any]], precision: str
) -> tuple[Callable[[], None], Callable[[], None], Any]:
    """Calls that train and that predict with xstilts, and the history that training fills."""
    attempt, mixture = attempt_of(model, examples, precision)
    stream = mixture.streams[0]

    def predict() -> None:
        predict_logits(model, stream.head, stream.items, attempt.setting.device, None, precision)

    return lambda: train_on(attempt, mixture), predict, attempt.history


def timed(call: Callable[[], Any]) -> float:
    """Seconds of a call, with what a GPU still has to do."""
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        call()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() - began


def matmul_peak(precision: str) -> float:
    """FLOP/s of a large matrix product in the precision that is trained in: the best of a few."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = 8192 if device == "cuda" else 1024
    matrix = torch.randn(size, size, device=device, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
    return max(2 * size**3 / timed(lambda: matrix @ matrix) for _ in range(8))


def measure(examples: list[dict[str, Any]], precision: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Seconds of one turn of every peer, and what xstilts did."""
    seconds: dict[str, float] = {}
    for name in ("trainer_default", "trainer_best"):
        trainer = trainer_of(fresh_model(), examples, precision, best=name == "trainer_best")
        seconds[f"{name} train"] = timed(trainer.train)
        seconds[f"{name} predict"] = timed(lambda trainer=trainer: trainer.predict(examples))
    train, predict = plain_loop(fresh_model(), examples, precision)
    seconds["plain_loop train"] = timed(train)
    seconds["plain_loop predict"] = timed(predict)
    model = fresh_model()
    train, predict, history = ours(model, examples, precision)
    seconds["xstilts train"] = timed(train)
    seconds["xstilts predict"] = timed(predict)
    flops = training_flops(model, history.padded_tokens, history.token_pairs)
    return seconds, {"flops": flops, **dataclasses.asdict(history)}


def breakdown(examples: list[dict[str, Any]], precision: str) -> dict[str, float]:
    """Per cent of the seconds of one training by part; ``between_operators`` is Python, autograd and the profiler."""
    train, _, _ = ours(fresh_model(), examples, precision)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        total = timed(train)
    found = dict.fromkeys([*PARTS, "elementwise_and_copies"], 0.0)
    for event in profiler.key_averages():
        if not event.key.startswith("aten::"):
            continue
        name = event.key.removeprefix("aten::")
        part = next((part for part, names in PARTS.items() if name in names), "elementwise_and_copies")
        found[part] += event.self_cpu_time_total / 1e6
    found["between_operators"] = max(0.0, total - sum(found.values()))
    return {part: round(100 * seconds / total, 1) for part, seconds in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="XNLI and XQuAD in XTREME's layout")
    parser.add_argument("--tasks", nargs="+", choices=list(FIELDS), default=list(FIELDS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--examples", type=int, default=256)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--quick", action="store_true", help="96 examples, three repeats")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.examples, arguments.repeats = 96, 3
    lengths = real_lengths(arguments.data_dir, arguments.tasks, arguments.examples)
    examples = examples_of(lengths)
    mean = statistics.mean(lengths)
    print(
        f"{len(examples)} examples, mean {mean:.1f} tokens of at most {MAX_LENGTH}; {torch.get_num_threads()} threads"
    )
    turns, done = [], {}
    for number in range(arguments.repeats):
        seconds, done = measure(examples, arguments.precision)
        turns.append(seconds)
        print(
            f"turn {number + 1}: " + ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items()), flush=True
        )
    peak = matmul_peak(arguments.precision)
    median = statistics.median(turn["xstilts train"] for turn in turns)
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else f"cpu, {torch.get_num_threads()} threads",
        "precision": arguments.precision,
        "tasks": arguments.tasks,
        "examples": len(examples),
        "mean_tokens": round(mean, 1),
        "repeats": arguments.repeats,
        "examples_per_second": round(len(examples) / median, 1),
        "padding": round(done["padding"], 3),
        "matmul_peak_gflops": round(peak / 1e9, 1),
        "share_of_matmul_peak": round(done["flops"] / median / peak, 3),
    }
    if not torch.cuda.is_available():
        result["percent_of_training"] = breakdown(examples, arguments.precision)
    pairs = {
        "vs_trainer_default": ("trainer_default", "train"),
        "vs_trainer_best": ("trainer_best", "train"),
        "vs_plain_loop": ("plain_loop", "train"),
        "eval_vs_trainer_default": ("trainer_default", "predict"),
        "eval_vs_trainer_best": ("trainer_best", "predict"),
        "eval_vs_plain_loop": ("plain_loop", "predict"),
    }
    for key, (peer, what) in pairs.items():
        ratios = [turn[f"{peer} {what}"] / turn[f"xstilts {what}"] for turn in turns]
        result[key] = {
            "median": round(statistics.median(ratios), 2),
            "min": round(min(ratios), 2),
            "max": round(max(ratios), 2),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
