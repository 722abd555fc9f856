"""A model hub on loopback, serving small repositories with the real hub's protocol."""

import contextlib
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

# A busy machine may need longer than the client's ten seconds.
PATIENT = {"HF_HUB_ETAG_TIMEOUT": "120", "HF_HUB_DOWNLOAD_TIMEOUT": "120"}


@contextlib.contextmanager
def serve(repositories: dict[str, Path], revision: str):
    """Serve folders as repositories at one commit; yields the endpoint's address and the list of requests.

    A name that begins with ``datasets/`` is a data set repository.
    """
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, body):
            path = unquote(urlsplit(self.path).path)
            requests.append(f"{self.command} {path}")
            for name, folder in repositories.items():
                files = sorted(file for file in folder.rglob("*") if file.is_file())
                api = f"/api/{name}" if name.startswith("datasets/") else f"/api/models/{name}"
                if path in (api, f"{api}/revision/{revision}"):
                    siblings = [{"rfilename": str(file.relative_to(folder))} for file in files]
                    bare = name.removeprefix("datasets/")
                    about = {"id": bare, "modelId": bare, "sha": revision, "private": False, "siblings": siblings}
                    return self.send(json.dumps(about).encode(), {"Content-Type": "application/json"}, body)
                if path.startswith(f"{api}/tree/{revision}"):
                    tree = [
                        {
                            "type": "file",
                            "path": str(file.relative_to(folder)),
                            "size": file.stat().st_size,
                            "oid": _etag(file),
                        }
                        for file in files
                    ]
                    return self.send(json.dumps(tree).encode(), {"Content-Type": "application/json"}, body)
                prefix = f"/{name}/resolve/{revision}/"
                if path.startswith(prefix) and (folder / path.removeprefix(prefix)).is_file():
                    file = folder / path.removeprefix(prefix)
                    headers = {"ETag": f'"{_etag(file)}"', "X-Repo-Commit": revision, "Accept-Ranges": "bytes"}
                    return self.send(file.read_bytes(), headers, body)
            return self.send(b"{}", {"X-Error-Code": "EntryNotFound"}, body, 404)

        def send(self, content, headers, body, status=200):
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _etag(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:40]
