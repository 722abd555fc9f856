"""How fast are MNLI-size data read, stored and tokenised, and in how much memory? Beside `datasets` with its defaults.

Writes a file of generated sentence pairs in MNLI's format and of MNLI's size, prepares it as the workflow does (read,
check every row, Arrow on disk), then reads it from there and tokenises it as a training job does. `datasets` does the
same with `load_dataset("json")` and `map` with their defaults, one row at a time, and with `batched=True`. Each runs in
a process of its own, which looks for garbage as seldom as a job of the workflow; memory is its peak resident set.

    python benchmarks/preparation.py [--quick] [--tokenizer DIR] [--ways xstilts …] [--repeats N]

Without a tokenizer, a WordPiece one is trained on the generated pairs: the speed of tokenising depends on it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from xstilts import tasks
from xstilts.data.fetch import write_source
from xstilts.data.prepare import prepare
from xstilts.data.read import load_rows
from xstilts.environment import collect_seldom
from xstilts.miniature.nli import pairs
from xstilts.miniature.realise import sentence

ROWS = 392_702
MAX_LENGTH = 128
WAYS = ("xstilts", "datasets", "datasets batched")


def generate(folder: Path, rows: int) -> None:
    """Write pairs of about MNLI's length: three miniature sentences as a premise, one as a hypothesis."""
    labels = ("entailment", "neutral", "contradiction")
    texts = [sentence(pair.premise, "en") for _, pair in pairs("train", 6000)]
    (folder / "mnli").mkdir(parents=True)
    with (folder / "mnli" / "train.jsonl").open("w", encoding="utf-8") as handle:
        for number in range(rows):
            first, second, third, fourth = (texts[(number * step + step) % len(texts)] for step in (1, 7, 31, 101))
            pair = {"sentence1": f"{first} {second} {third}", "sentence2": fourth, "gold_label": labels[number % 3]}
            handle.write(json.dumps(pair) + "\n")


def train_tokenizer(folder: Path, output: Path) -> None:
    """A WordPiece tokenizer over the generated words, saved as transformers loads it."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import PreTrainedTokenizerFast

    tokenizer = BertWordPieceTokenizer()
    with (folder / "mnli" / "train.jsonl").open(encoding="utf-8") as handle:
        lines = [json.loads(line)["sentence1"] for _, line in zip(range(20_000), handle, strict=False)]
    tokenizer.train_from_iterator(lines, vocab_size=2000)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, pad_token="[PAD]").save_pretrained(output)


def run(way: str, folder: Path, tokenizer_path: Path) -> dict[str, float]:
    """Prepare and tokenise in one way; seconds of each part, CPU seconds of the second, rows, peak memory (MB)."""
    from transformers import AutoTokenizer

    collect_seldom()
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_path)
    with tempfile.TemporaryDirectory(dir=folder) as output:
        read, rows, tokenise, cpu = (_xstilts if way == "xstilts" else _datasets)(way, folder, Path(output), tokenizer)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "read": read, "tokenise": tokenise, "cpu": cpu, "peak_mb": peak}


def _xstilts(way, folder, output, tokenizer):
    from xstilts.models.heads.classification import Classification

    task = replace(tasks.get("mnli").at("published"), rows={})
    began = time.perf_counter()
    write_source(task, folder, output / "source.json", [("train", "en")])
    declared = replace(tasks.get("mnli"), editions=tuple(replace(e, rows={}) for e in tasks.get("mnli").editions))
    prepare(declared, output / "source.json", output / "rows", [("train", "en")], data_dir=folder)
    read = time.perf_counter() - began
    head = Classification(declared.labels, tokenizer, {"max_length": MAX_LENGTH})
    began, used = time.perf_counter(), time.process_time()
    items = head.encode(load_rows(output / "rows", "train", "en"), train=True)
    return read, len(items), time.perf_counter() - began, time.process_time() - used


def _datasets(way, folder, output, tokenizer):
    import datasets

    datasets.disable_progress_bars()

    def encode(row):
        return tokenizer(row["sentence1"], row["sentence2"], truncation=True, max_length=MAX_LENGTH)

    began = time.perf_counter()
    path = str(folder / "mnli" / "train.jsonl")
    found = datasets.load_dataset("json", data_files=path, split="train", cache_dir=str(output))
    read = time.perf_counter() - began
    began, used = time.perf_counter(), time.process_time()
    encoded = found.map(encode, batched=way.endswith("batched"))
    return read, len(encoded), time.perf_counter() - began, time.process_time() - used


def main() -> None:
    """Generate, run every way in its own process, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--tokenizer", type=Path, help="directory of a tokenizer to measure with")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--repeats", type=int, default=1, help="runs of each way, in turn")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(run(arguments.way, arguments.folder, arguments.tokenizer)))
        return
    rows = ROWS // 10 if arguments.quick else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, rows)
        tokenizer = arguments.tokenizer or folder / "tokenizer"
        if not arguments.tokenizer:
            train_tokenizer(folder, tokenizer)
        threads = os.environ.get("RAYON_NUM_THREADS", "all")
        print(f"{rows:,} pairs, {os.cpu_count()} cores, tokenizer threads: {threads}")
        print(f"{'way':<18}{'read s':>8}{'tokenise s':>12}{'CPU s':>8}{'rows/s':>9}{'rows/CPU s':>12}{'peak MB':>9}")
        for way in [*arguments.ways] * arguments.repeats:
            command = [sys.executable, __file__, "--way", way, "--folder", name, "--tokenizer", str(tokenizer)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            speeds = f"{found['rows'] / found['tokenise']:>9,.0f}{found['rows'] / found['cpu']:>12,.0f}"
            seconds = f"{found['read']:>8.1f}{found['tokenise']:>12.1f}{found['cpu']:>8.1f}"
            print(f"{way:<18}{seconds}{speeds}{found['peak_mb']:>9.0f}")


if __name__ == "__main__":
    main()
