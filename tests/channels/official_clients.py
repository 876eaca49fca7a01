"""The official clients for Node, installed once and run against a server on the loopback."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from filelock import FileLock

CLIENTS = Path(__file__).parents[1] / "clients"


@functools.cache
def install() -> None:
    """What tests/clients/package-lock.json names, unless it is there already."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("the official clients need node and npm")
    installed = CLIENTS / "node_modules" / ".installed"
    wanted = (CLIENTS / "package-lock.json").read_text()
    # npm empties node_modules first, so two runs of the tests must not install at once.
    with FileLock(Path(tempfile.gettempdir()) / "penstock-test-clients.lock", timeout=300):
        if installed.exists() and installed.read_text() == wanted:
            return
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(npm, cwd=CLIENTS, check=True, timeout=300, stdout=subprocess.DEVNULL)
        installed.write_text(wanted)


def run(script: str, given: object) -> Any:
    """What tests/clients/<script> prints when it is given this."""
    install()
    done = subprocess.run(
        ["node", script], cwd=CLIENTS, input=json.dumps(given), capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Page(NamedTuple):
    body: bytes
    content_type: str = "text/event-stream"
    status: int = 200
    headers: Mapping[str, str] = {}


@contextmanager
def serving(pages: Mapping[str, Page]) -> Iterator[str]:
    """The address of a server that answers each path with its page, whatever the method."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            page = pages.get(self.path, Page(b"", "text/plain", 404))
            self.send_response(page.status)
            for name, value in {"content-type": page.content_type, **page.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests say what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
