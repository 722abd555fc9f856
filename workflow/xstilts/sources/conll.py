"""Token-per-line files: ``token<TAB>tag``, one blank line after each sentence."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xstilts.sources.lines import Line, bad_row, check_label, read_lines, shown


class Sentence(NamedTuple):
    """A tagged sentence; ``line`` is the number of its first token's line."""

    line: int
    tokens: list[str]
    tags: list[str]


def read_conll(path: Path, tags: tuple[str, ...]) -> Iterator[Sentence]:
    """Yield the sentences of a file whose tags are all among ``tags``.

    Raises:
        DataError: a line is neither blank nor ``token<TAB>tag``, a tag is not allowed, or no sentence is there.
    """
    sentence: Sentence | None = None
    empty = True
    for line in read_lines(path):
        if not line.text:
            if sentence:
                yield sentence
            sentence = None
            continue
        token, tag = _token_and_tag(path, line)
        if sentence is None:
            sentence = Sentence(line.number, [], [])
        sentence.tokens.append(token)
        sentence.tags.append(check_label(path, line.number, tag, tags))
        empty = False
    if sentence:
        yield sentence
    if empty:
        raise bad_row(path, 1, "no sentence in the file", "download it again")


def _token_and_tag(path: Path, line: Line) -> tuple[str, str]:
    token, tab, tag = line.text.partition("\t")
    if not tab:
        cut = "" if line.ended else "the file is cut off: "
        mend = "write token<TAB>tag, and leave the line between sentences wholly empty"
        raise bad_row(path, line.number, f"{cut}no tab in {shown(line.text)}", mend)
    if not token or token.isspace():
        raise bad_row(path, line.number, "empty token", "write token<TAB>tag")
    return token, tag
