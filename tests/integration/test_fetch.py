"""Fetching tasks by addresses from a server on loopback, and what goes wrong on the way."""

import contextlib
import hashlib
import io
import json
import resource
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from xstilts import tasks
from xstilts.data import download as downloading
from xstilts.data.download import download, extract
from xstilts.data.fetch import write_source
from xstilts.data.prepare import prepare
from xstilts.data.read import load_rows
from xstilts.errors import DataError
from xstilts.sources.places import Download
from xstilts.tasks.base import MULTILINGUAL, POOL

CONTENT = b"".join(f"line {number}\n".encode() for number in range(20_000))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(downloading, "PATIENCE", 0.01)


@contextlib.contextmanager
def web(content, drop_after=None, ranges=True, status=200):
    """A web server with one file; it drops connections after some bytes, as often as ``drop_after`` has numbers."""
    drops = list(drop_after or [])
    requests = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def do_GET(self):
            asked = self.headers.get("Range")
            requests.append(asked)
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and ranges else 0
            body = content[start:]
            self.send_response(status if status != 200 else 206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if drops:
                self.wfile.write(body[: drops.pop(0)])
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/file", requests
    finally:
        server.shutdown()
        server.server_close()


def declared(url, content=CONTENT, member=""):
    return Download(url, hashlib.sha256(content).hexdigest(), len(content), member)


def test_a_dropped_connection_is_taken_up_where_it_broke(tmp_path):
    with web(CONTENT, drop_after=[50_000, 70_000]) as (url, requests):
        download(declared(url), tmp_path / "a" / "file")
    assert (tmp_path / "a/file").read_bytes() == CONTENT
    assert requests[0] is None
    assert [request is not None for request in requests] == [False, True, True]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["file"]


def test_a_killed_download_goes_on_from_its_part(tmp_path):
    (tmp_path / ".file.part").write_bytes(CONTENT[:1000])
    with web(CONTENT) as (url, requests):
        download(declared(url), tmp_path / "file")
    assert requests == ["bytes=1000-"]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_without_ranges_is_read_from_the_start(tmp_path):
    (tmp_path / ".file.part").write_bytes(CONTENT[:1000])
    with web(CONTENT, ranges=False) as (url, _):
        download(declared(url), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_other_bytes_than_the_recorded_ones_are_refused_and_removed(tmp_path):
    with web(b"x" * len(CONTENT)) as (url, _), pytest.raises(DataError, match=r"sha256 is .* and not .*has changed"):
        download(declared(url), tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_a_server_that_always_drops_leaves_nothing_under_the_files_name(tmp_path):
    drops = [100] * 20
    with web(CONTENT, drop_after=drops) as (url, requests), pytest.raises(DataError, match="cannot be fetched"):
        download(declared(url), tmp_path / "file")
    assert len(requests) == downloading.ATTEMPTS
    assert [path.name for path in tmp_path.iterdir()] == [".file.part"]


def test_what_is_not_there_is_not_asked_for_again(tmp_path):
    with web(b"no", status=404) as (url, requests), pytest.raises(DataError, match="404") as caught:
        download(declared(url), tmp_path / "file")
    assert len(requests) == 1
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    """A limit on file sizes stands in for the disk's end: the write fails in the middle of the download."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    with web(CONTENT) as (url, _):
        code = (
            "import sys; from pathlib import Path; from xstilts.data.download import download;"
            "from xstilts.sources.places import Download\n"
            f"try: download(Download({url!r}, {'0' * 64!r}, {len(CONTENT)}), Path(sys.argv[1]))\n"
            "except Exception as error: print(type(error).__name__, error)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "file")], capture_output=True, text=True, preexec_fn=limit
        )
    assert done.stdout.startswith(f"DataError {tmp_path / 'file'}: cannot be written"), done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_too_little_space_is_said_before_the_first_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10})())
    with web(CONTENT) as (url, requests), pytest.raises(DataError, match="not enough disk space"):
        download(declared(url), tmp_path / "file")
    assert requests == []


def archive(path, names, kind):
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for name in names:
                zipped.writestr(name, "text")
        return path
    with tarfile.open(path, "w:gz") as tarred:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 4
            tarred.addfile(entry, io.BytesIO(b"text"))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil"])
def test_an_archive_that_leads_out_of_its_folder_is_not_unpacked(tmp_path, kind, name):
    packed = archive(tmp_path / "packed", ["good", name], kind)
    with pytest.raises(DataError, match=r"leads out of its folder; it is not unpacked"):
        extract(packed, "good", tmp_path / "out" / "good", "http://somewhere")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path.parent / "evil").exists()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_one_file_of_an_archive(tmp_path, kind):
    packed = archive(tmp_path / "packed", ["folder/good", "other"], kind)
    extract(packed, "folder/good", tmp_path / "out" / "good", "http://somewhere")
    assert (tmp_path / "out/good").read_text() == "text"
    with pytest.raises(DataError, match="the archive has no gone"):
        extract(packed, "gone", tmp_path / "out" / "gone", "http://somewhere")


def test_a_link_in_an_archive_is_not_followed(tmp_path):
    with tarfile.open(tmp_path / "packed", "w") as tarred:
        entry = tarfile.TarInfo("good")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tarred.addfile(entry)
    with pytest.raises(DataError, match="not a plain file"):
        extract(tmp_path / "packed", "good", tmp_path / "good", "http://somewhere")
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(DataError, match="not a readable archive"):
        extract(tmp_path / "text", "good", tmp_path / "good", "http://somewhere")


def test_a_task_from_the_web_unpacks_an_archive_once(tmp_path, monkeypatch):
    pair = {"uid": "1", "context": "It rains.", "hypothesis": "It is dry.", "label": "c"}
    packed = tmp_path / "anli.zip"
    with zipfile.ZipFile(packed, "w") as zipped:
        for number in ("R1", "R2", "R3"):
            zipped.writestr(f"anli_v0.1/{number}/dev.jsonl", json.dumps(pair) + "\n")
    content = packed.read_bytes()
    task = tasks.get("anli").at("url")
    with web(content) as (url, requests):
        found = {n: declared(url, content, one.member) for n, one in task.downloads.items()}
        edition = replace(task.editions[-1], downloads=found, rows={})
        task = replace(tasks.get("anli"), editions=(edition,)).at("url")
        source = tmp_path / "source.json"
        write_source(task, None, source, [("dev", "en")], raw=tmp_path / "raw")
    assert len(requests) == 1
    assert json.loads(source.read_text())["edition"] == "url"
    prepare(
        replace(tasks.get("anli"), editions=(edition,)), source, tmp_path / "out", [("dev", "en")], raw=tmp_path / "raw"
    )
    rows = load_rows(tmp_path / "out", "dev", "en")
    assert [row["id"] for row in rows] == ["R1-1", "R2-1", "R3-1"]
    assert {row["label"] for row in rows} == {"contradiction"}


def test_pools_are_whole_whatever_a_study_keeps(tmp_path):
    root = tmp_path / "mirror"
    (root / "bucc2018").mkdir(parents=True)
    (root / "bucc2018/zh-en.dev.zh").write_text("".join(f"zh-{i}\tsatz {i}\n" for i in range(9)))
    (root / "bucc2018/zh-en.dev.en").write_text("".join(f"en-{i}\tsentence {i}\n" for i in range(20)))
    (root / "bucc2018/zh-en.dev.gold").write_text("zh-3\ten-7\n")
    task = replace(tasks.get("bucc2018"), rows={})
    wanted = [("test", "zh"), (POOL, "zh")]
    write_source(task, root, tmp_path / "source.json", wanted)
    prepare(task, tmp_path / "source.json", tmp_path / "out", wanted, data_dir=root, limit=4)
    assert len(load_rows(tmp_path / "out", "test", "zh")) == 4
    pool = load_rows(tmp_path / "out", POOL, "zh")
    assert len(pool) == 20
    assert {row["language"] for row in pool} == {"en"}
    gold = {row["id"]: row["gold"] for row in task.read(root, "test", "zh")}
    assert gold["zh-3"] == ["en-7"]
    assert sum(map(len, gold.values())) == 1
    assert MULTILINGUAL not in task.languages[POOL]
    (root / "bucc2018/zh-en.dev.gold").write_text("zh-3\ten-99\n")
    with pytest.raises(DataError, match=r"zh-en\.dev\.gold:1: zh-en\.dev\.en has no 'en-99'"):
        list(task.read(root, "test", "zh"))
