import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xstilts.artifacts import MANIFEST, atomic_directory, file_table, read_json, verify, write_json
from xstilts.cache import Cache, checkpoint_key
from xstilts.cli import main

RECIPE = {"version": 1, "tasks": ["toy"], "seed": 1, "phase": "target"}


def made(folder: Path, content: str, words: str = "", **facts: object) -> Path:
    """A whole directory with a manifest."""
    with atomic_directory(folder) as temporary:
        (temporary / "model.safetensors").write_text(content)
        (temporary / "README.md").write_text(words)
        write_json(temporary / MANIFEST, {"recipe": RECIPE, **facts, "files": file_table(temporary)})
    return folder


def test_a_key_is_what_a_checkpoint_is_made_of(tmp_path):
    parent, data = made(tmp_path / "parent", "p"), made(tmp_path / "data", "d")
    key = checkpoint_key(RECIPE, parent, [data])
    elsewhere = made(tmp_path / "other/study/parent", "p", words="of another study", seconds=5)
    assert checkpoint_key(dict(reversed(RECIPE.items())), elsewhere, [data]) == key
    assert checkpoint_key(RECIPE | {"seed": 2}, parent, [data]) != key
    assert checkpoint_key(RECIPE, made(tmp_path / "changed", "q"), [data]) != key
    assert checkpoint_key(RECIPE, parent, [made(tmp_path / "more", "e")]) != key


def test_what_one_leaves_another_takes(tmp_path):
    cache = Cache(tmp_path / "cache")
    assert not cache.take("abc", tmp_path / "out", "x")
    checkpoint = made(tmp_path / "mine", "weights", seconds=3)
    cache.leave("abc", checkpoint, "x")
    assert cache.take("abc", tmp_path / "out", "x")
    assert verify(tmp_path / "out") == read_json(checkpoint / MANIFEST)


def test_a_damaged_one_is_passed_over(tmp_path, capsys):
    cache = Cache(tmp_path / "cache")
    cache.leave("abc", made(tmp_path / "mine", "weights"), "x")
    (cache.entries()[0].folder / "model.safetensors").write_text("broken!")
    assert not cache.take("abc", tmp_path / "out", "x")
    assert not (tmp_path / "out").exists()
    assert "is not used" in capsys.readouterr().err
    cache.leave("abc", tmp_path / "mine", "x")
    assert cache.take("abc", tmp_path / "out", "x")


DAMAGED = ("", "{", "[]", "null", '{"files": []}', '{"files": {"model.safetensors": null}}')


@pytest.mark.parametrize("text", DAMAGED)
def test_one_whose_manifest_is_damaged_is_passed_over(text, tmp_path, capsys):
    cache = Cache(tmp_path / "cache")
    cache.leave("abc", made(tmp_path / "mine", "weights"), "x")
    (cache.entries()[0].folder / MANIFEST).write_text(text)
    assert not cache.take("abc", tmp_path / "out", "x")
    assert not (tmp_path / "out").exists()
    assert "is not used" in capsys.readouterr().err


@pytest.mark.parametrize("text", [*DAMAGED, "{}", '{"recipe": []}'])
def test_a_damaged_one_is_listed_with_the_others(text, tmp_path, capsys):
    cache = Cache(tmp_path / "cache")
    for key in ("abc", "bcd"):
        cache.leave(key, made(tmp_path / key, "weights"), "x")
    (cache._folder("abc") / MANIFEST).write_text(text)
    main(["cache", "ls", "--folder", str(cache.root)])
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["abc"].endswith("damaged")
    assert lines["bcd"].endswith("target toy seed 1")


def hooked(monkeypatch, path_matches, instead) -> None:
    """Let something happen when a matching file is opened."""
    opened = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *how, **more: opened(instead(self) if path_matches(self) else self, *how, **more)
    )


def removed(path: Path) -> Path:
    shutil.rmtree(path.parent)
    return path


def forbidden(path: Path) -> Path:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


@pytest.mark.parametrize(("happens", "words"), [(removed, "No such file"), (forbidden, "Permission denied")])
def test_one_that_goes_meanwhile_or_is_anothers_is_passed_over(tmp_path, capsys, monkeypatch, happens, words):
    cache = Cache(tmp_path / "cache")
    cache.leave("abc", made(tmp_path / "mine", "weights"), "x")
    weights = cache.entries()[0].folder / "model.safetensors"
    hooked(monkeypatch, lambda path: path == weights, happens)
    (tmp_path / "study").mkdir()
    assert not cache.take("abc", tmp_path / "study/out", "x")
    assert f"is not used: {weights}: cannot be read ({words}" in capsys.readouterr().err
    assert not list((tmp_path / "study").iterdir())


def test_a_full_disk_is_not_blamed_on_the_shared_checkpoint(tmp_path, monkeypatch):
    cache = Cache(tmp_path / "cache")
    cache.leave("abc", made(tmp_path / "mine", "weights"), "x")
    (tmp_path / "study").mkdir()
    hooked(monkeypatch, lambda path: tmp_path / "study" in path.parents, lambda path: Path("/dev/full"))
    with pytest.raises(OSError, match="No space left"):
        cache.take("abc", tmp_path / "study/out", "x")
    assert not list((tmp_path / "study").iterdir())


def test_a_place_that_cannot_be_written_is_no_error(tmp_path, capsys):
    cache = Cache(Path("/proc/cache"))
    with cache.turn("abc", "x"):
        cache.leave("abc", made(tmp_path / "mine", "weights"), "x")
    assert "not shared" in capsys.readouterr().err
    assert cache.entries() == []


WORKER = """
import json, sys, time
from pathlib import Path
from xstilts.cache import Cache
sys.path.insert(0, sys.argv[3])
from unit.test_cache import made
cache, out = Cache(Path(sys.argv[1])), Path(sys.argv[2])
with cache.turn("abc", out.name):
    taken = cache.take("abc", out, out.name)
    if not taken:
        time.sleep(0.5)
        made(out, "weights")
        cache.leave("abc", out, out.name)
print(json.dumps(taken))
"""


def test_jobs_that_want_the_same_at_once_make_it_once(tmp_path):
    arguments = [str(tmp_path / "cache"), str(Path(__file__).parents[1])]
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, arguments[0], str(tmp_path / f"out{number}"), arguments[1]],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    taken = [json.loads(job.communicate()[0]) for job in jobs]
    assert sorted(taken) == [False, True, True]
    for number in range(3):
        verify(tmp_path / f"out{number}")


def test_a_quota_keeps_what_was_used_last(tmp_path):
    cache = Cache(tmp_path / "cache")
    for number, key in enumerate(["aa1", "bb2", "cc3"]):
        cache.leave(key, made(tmp_path / key, "x" * 1000), "x")
        past = time.time() - 100 + number
        os.utime(cache._folder(key), (past, past))
    cache.take("aa1", tmp_path / "out", "x")
    size = cache.entries()[0].bytes
    with cache.turn("bb2", "x"):
        assert [entry.key for entry in cache.collect(2 * size)] == ["cc3"]
    assert [entry.key for entry in cache.collect(size)] == ["bb2"]
    limited = Cache(tmp_path / "cache", limit=size)
    limited.leave("dd4", tmp_path / "aa1", "x")
    assert [entry.key for entry in cache.entries()] == ["dd4"]


def test_the_command_lists_and_clears(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XSTILTS_CACHE_DIR", str(tmp_path / "cache"))
    Cache(tmp_path / "cache").leave("abc", made(tmp_path / "mine", "weights"), "x")
    main(["cache", "ls"])
    assert "target toy seed 1" in capsys.readouterr().out
    main(["cache", "gc", "--keep", "0"])
    assert "removed 1 checkpoints" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["cache", "gc"])
    assert "--keep" in capsys.readouterr().err
