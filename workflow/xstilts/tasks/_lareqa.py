"""What the two LAReQA tasks have in common: questions in one language, answer sentences in all of them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from xstilts.errors import DataError
from xstilts.sources.lines import bad_row, read_lines
from xstilts.sources.squad import read_squad
from xstilts.tasks.base import MULTILINGUAL, POOL, Row

Files = Callable[[str, str], tuple[str, ...]]
Read = Callable[[Path, str, str], Iterator[Row]]


def lareqa_files(folder: str, languages: tuple[str, ...]) -> Files:
    """Gold and pool are made of all languages, so every split looks at every file."""
    names = {language: f"lareqa/{folder}/{language}.json" for language in languages}

    def files(split: str, language: str) -> tuple[str, ...]:
        own = () if language == MULTILINGUAL else (names[language],)
        return tuple(dict.fromkeys((*own, *names.values())))

    return files


def lareqa_reader(folder: str, languages: tuple[str, ...]) -> Read:
    """A reader of SQuAD's format with sentence boundaries (``sentences``, ``sentence_breaks``) in each paragraph.

    A candidate is a sentence with its paragraph as context; its id names language, paragraph and sentence. The gold of
    a question are the sentences, one a language, in which its answer begins (Roy et al. 2020, section 3).
    """

    def read(root: Path, split: str, language: str) -> Iterator[Row]:
        paths = {code: root / f"lareqa/{folder}/{code}.json" for code in languages}
        if split == POOL:
            for code, path in paths.items():
                for identifier, (sentence, context) in _candidates(path, code).items():
                    yield {"id": identifier, "language": code, "text": sentence, "context": context, "gold": []}
            return
        gold: dict[str, list[str]] = {}
        for code, path in paths.items():
            for question, identifier in _gold(path, code):
                gold.setdefault(question, []).append(identifier)
        for asked in read_squad(paths[language]):
            row = {"text": asked.question, "context": "", "gold": gold[asked.id]}
            yield {"id": asked.id, "language": language, **row}

    return read


def _paragraphs(path: Path) -> Iterator[tuple[str, list[str], list[list[int]], list[dict[str, object]]]]:
    """Context, sentences, their bounds, and questions of each paragraph; keys of SQuAD are checked by its reader."""
    for _ in read_squad(path):
        pass
    document = json.loads("\n".join(line.text for line in read_lines(path)))
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            sentences, breaks = paragraph.get("sentences"), paragraph.get("sentence_breaks")
            if not isinstance(sentences, list) or not isinstance(breaks, list) or len(sentences) != len(breaks):
                what = "a paragraph without sentences and sentence_breaks of one length"
                raise DataError(f"{path}: {what}; the file must be LAReQA's, not XQuAD's or MLQA's")
            yield paragraph["context"], sentences, breaks, paragraph["qas"]


def _candidates(path: Path, language: str) -> dict[str, tuple[str, str]]:
    return {
        f"{language}-{number}-{index}": (sentence, context)
        for number, (context, sentences, _, _) in enumerate(_paragraphs(path))
        for index, sentence in enumerate(sentences)
        if sentence.strip()
    }


def _gold(path: Path, language: str) -> Iterator[tuple[str, str]]:
    for number, (_, sentences, breaks, questions) in enumerate(_paragraphs(path)):
        for question in questions:
            start = question["answers"][0]["answer_start"]  # type: ignore[index]
            index = next((i for i, (_, end) in enumerate(breaks) if start < end), None)
            if index is None or not sentences[index].strip():
                what = f"question {question['id']}: its answer is in no sentence"
                raise bad_row(path, 1, what, "correct sentence_breaks, or download the file again")
            yield str(question["id"]), f"{language}-{number}-{index}"
