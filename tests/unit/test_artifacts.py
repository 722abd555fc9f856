"""Artifacts are whole or absent, and a changed byte is noticed."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstilts.artifacts import MANIFEST, atomic_directory, atomic_file, digest, file_table, verify, write_json
from xstilts.errors import CheckpointError, XstiltsError
from xstilts.seeds import derive_seed, held_out


def make(folder):
    with atomic_directory(folder) as temporary:
        (temporary / "weights").write_bytes(b"0123456789")
        write_json(temporary / MANIFEST, {"files": file_table(temporary)})


def test_directory_appears_whole_and_is_replaced_whole(tmp_path):
    make(tmp_path / "a")
    (tmp_path / "a" / "stray").write_text("left by an older version")
    make(tmp_path / "a")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [MANIFEST, "weights"]
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_failure_leaves_the_old_directory_and_nothing_else(tmp_path):
    make(tmp_path / "a")
    with pytest.raises(RuntimeError), atomic_directory(tmp_path / "a") as temporary:
        (temporary / "weights").write_bytes(b"half")
        raise RuntimeError
    assert verify(tmp_path / "a")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_file_survives_a_failing_writer(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["scores.csv"]


def test_kill_while_writing_leaves_nothing_under_the_final_name(tmp_path):
    code = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from xstilts.artifacts import atomic_directory
        with atomic_directory(Path(sys.argv[1])) as temporary:
            (temporary / "weights").write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")])
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "a").exists()


def test_flipped_byte_missing_file_and_missing_manifest_are_named(tmp_path):
    make(tmp_path / "a")
    weights = tmp_path / "a" / "weights"
    weights.write_bytes(b"0123456780")
    with pytest.raises(CheckpointError, match=r"weights: corrupt.*run again"):
        verify(tmp_path / "a")
    weights.unlink()
    with pytest.raises(CheckpointError, match=r"weights: missing"):
        verify(tmp_path / "a")
    (tmp_path / "a" / MANIFEST).unlink()
    with pytest.raises(CheckpointError, match="not whole"):
        verify(tmp_path / "a")


def test_permissions_follow_the_umask(tmp_path):
    with atomic_directory(tmp_path / "a") as temporary:
        (temporary / "weights").write_bytes(b"")
        (temporary / "weights").chmod(0o600)
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "a" / "weights").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_path_that_cannot_be_a_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(XstiltsError, match="cannot write here"), atomic_directory(tmp_path / "file" / "a"):
        pass


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers())))
def test_digest_does_not_depend_on_key_order(value):
    assert digest(value) == digest(dict(reversed(list(value.items()))))
    assert digest(value) == digest(json.loads(json.dumps(value)))


def test_seeds_depend_on_every_name_and_on_where_they_part():
    seeds = {derive_seed("a", "bc"), derive_seed("ab", "c"), derive_seed("abc"), derive_seed("a", "bc", 1)}
    assert len(seeds) == 4
    assert derive_seed("xnli", 17) == 4561644158488692905


def test_held_out_part_has_the_size_asked_for_and_rows_never_move():
    chosen = [key for key in map(str, range(20_000)) if held_out(key, 0.05, "snli")]
    assert abs(len(chosen) / 20_000 - 0.05) < 0.01
    assert chosen == [key for key in map(str, reversed(range(20_000))) if held_out(key, 0.05, "snli")][::-1]
