"""How many gold answers tokenisation leaves reachable: text → tokens → text with the small encoder's tokenizer.

    python benchmarks/qa_ceiling.py DATA_DIR [--quick] [--plain] [--max-length 384] [--doc-stride 128]

Every question of XQuAD, MLQA and TyDiQA-GoldP below DATA_DIR becomes windows; the tokens of its first gold answer are
mapped back to text and scored by the benchmark's own exact match. What is lost are answers that begin or end inside a
token; ``--plain`` leaves the contexts in the tokenizer's own tokens (``cut_contexts: false``). Prints one line per
file: file, questions, questions without a window that holds the answer, exact match (%), tokens of the windows.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts import metrics
from xstilts.models.heads import Item
from xstilts.models.heads.span_qa import SpanQA, readable
from xstilts.models.mini import source
from xstilts.models.mini.tokenizer import build_tokenizer
from xstilts.sources.squad import read_squad

# Pattern of the files, part of the name that is the language, exact match.
FILES = (
    ("xquad/xquad.*.json", lambda name: name.split(".")[1], "exact_match"),
    ("mlqa/MLQA_V1/dev/dev-context-*-question-*.json", lambda name: name.split("-")[2], "mlqa_exact_match"),
    ("tydiqa/tydiqa-goldp-v1.1-*/tydiqa.goldp.*.json", lambda name: name.split(".")[2], "exact_match"),
)


def main() -> None:
    """Print the ceilings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--quick", action="store_true", help="200 questions per file")
    parser.add_argument("--plain", action="store_true", help="without the cuts of xstilts.models.cuts")
    parser.add_argument("--max-length", type=int, default=384)
    parser.add_argument("--doc-stride", type=int, default=128)
    arguments = parser.parse_args()
    options = {"max_length": arguments.max_length, "doc_stride": arguments.doc_stride, "max_question_length": 64}
    options["context_cuts"] = 0 if arguments.plain else 1
    head = SpanQA((), build_tokenizer(source.read_sentencepiece(), 512), options)
    for pattern, language_of, metric in FILES:
        for path in sorted(arguments.data_dir.glob(pattern)):
            rows = [question.row(language_of(path.name)) for question in read_squad(path)]
            rows = rows[:200] if arguments.quick else rows
            items = head.encode(rows, train=False)
            found = list(round_trip(items, rows))
            tokens = sum(item.length for item in items)
            missing = sum(row["pred"] == "" for row in found)
            value = metrics.score("span_qa", metric, found)
            print(f"{path.relative_to(arguments.data_dir)}\t{len(found)}\t{missing}\t{value:.2f}\t{tokens}", flush=True)


def round_trip(items: list[Item], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Predictions that take the target tokens of each question's first window that has them."""
    texts: dict[int, str] = {}
    for item in items:
        if item.target != (0, 0) and item.row not in texts:
            context = rows[item.row]["context"]
            start, end = int(item.note[item.target[0], 0]), int(item.note[item.target[1], 1])
            texts[item.row] = context[slice(*readable(context, start, end))]
    for number, row in enumerate(rows):
        yield {**row, "gold": row["answer_texts"], "pred": texts.get(number, "")}


if __name__ == "__main__":
    main()
