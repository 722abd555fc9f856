"""A bilingual lexicon of one language and English, learned from the sentence pairs of a retrieval task."""

from pathlib import Path

from xstilts import languages
from xstilts.artifacts import atomic_file, read_json
from xstilts.data.prepare import verified_root
from xstilts.errors import DataError
from xstilts.perturbations.lexicon import Entry, learn, write
from xstilts.tasks import Task


def make_lexicon(
    task: Task, source: Path, language: str, output: Path, data_dir: Path | None = None, raw: Path | None = None
) -> list[Entry]:
    """Learn a lexicon from all pairs the task has in a language and write it as tab-separated text.

    Args:
        task: a retrieval task.
        source: what :func:`xstilts.data.fetch.write_source` wrote.
        language: ISO 639-1 code of the side that is not English.
        output: the file to write, whole or not at all.
        data_dir: the folder that holds the benchmarks' files; not used by generated tasks.
        raw: the folder that receives what is downloaded.

    Returns:
        Its entries, surest first.

    Raises:
        DataError: a raw file is not the one recorded or is malformed, or the pairs are too few to learn a word from.
    """
    fetched = read_json(source)
    task = task.at(fetched.get("edition", ""))
    root = verified_root(task, source, fetched, [("test", language)], data_dir, raw)
    pairs = ((row["english"], row["text"]) for row in task.read(root, "test", language))
    entries = learn(pairs, languages.get(language))
    if not entries:
        raise DataError(f"{task.name}: no word pair of {language} and English is frequent enough; name another task")
    with atomic_file(output) as temporary:
        write(entries, temporary)
    return entries
