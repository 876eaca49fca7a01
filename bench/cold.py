"""Cold start: what importing an entry point takes, and how soon a fresh process says its first word.

Everything is measured from outside, on a fresh process each time; one throw-away
pass first fills the disk's cache and writes the .pyc files.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.place import Place, free_port
from bench.server import READY_WITHIN_S, Missing, NotStarted, Ports, Running, Server, accepts, spawn, stop
from bench.servers import fastapi_openai, nginx, penstock

Row = dict[str, str | Sequence[float]]

PENSTOCK_ENTRIES = {
    "bare Python": "pass",
    "penstock": "import penstock",
    "penstock, Assistant": "from penstock import Assistant",
    "penstock.cli": "import penstock.cli",
    "penstock.engine": "import penstock.engine",
    "penstock.server": "import penstock.server",
    "penstock.models.openai": "import penstock.models.openai",
}
PEER_ENTRIES = {
    "starlette": "import starlette.applications",
    "fastapi": "import fastapi",
    "openai": "import openai",
    "fastapi and an openai client": "import fastapi, openai; openai.AsyncOpenAI(api_key='x')",
}


def imports(place: Place, runs: int) -> list[Row]:
    """Wall time and memory of a process that imports and ends; bare Python is in all of them."""
    entries = [(place.penstock_python, name, code) for name, code in PENSTOCK_ENTRIES.items()]
    entries += [(place.peers_python, name, code) for name, code in PEER_ENTRIES.items()]
    rows: dict[str, Row] = {}
    for pass_ in range(runs + 1):
        for python, name, code in entries:
            _add(rows, name, partial(_import_once, place, python, code), keep=pass_ > 0)
    return list(rows.values())


def first_words(place: Place, runs: int) -> list[Row]:
    """From starting the server to the first token of the first answer, asked as soon as it accepts."""
    builds = {
        "bare Starlette on uvicorn, its own token": _bare_starlette,
        "nginx": nginx.build,
        "Penstock, OpenAI endpoint": penstock.build_direct,
        "Penstock, durable log, SSE": penstock.build_durable_sse,
        "FastAPI + openai SDK": fastapi_openai.build,
    }
    rows: dict[str, Row] = {}
    for pass_ in range(runs + 1):
        for name, build in builds.items():
            _add(rows, name, partial(_first_word_once, place, build), keep=pass_ > 0)
    return list(rows.values())


def _add(rows: dict[str, Row], name: str, once: Callable[[], dict[str, float]], keep: bool) -> None:
    row = rows.setdefault(name, {"name": name})
    if "problem" in row:
        return
    try:
        measured = once()
    except (Missing, NotStarted) as reason:
        row["problem"] = str(reason).strip().rpartition("\n")[2]
        return
    for figure, value in measured.items() if keep else ():
        row[figure] = [*row.get(figure, ()), value]


def _import_once(place: Place, python: Path, code: str) -> dict[str, float]:
    if not python.exists():
        raise Missing(f"no {python.parent.parent.name}")
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(python), "-c", code],
        cwd=place.scratch,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(os.sched_setaffinity, 0, {place.server_core}),
    )
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise NotStarted(complaint)
    return {"ms": took * 1000, "MB": usage.ru_maxrss / 1024}


def _first_word_once(place: Place, build: Callable[[Place, Ports], Server]) -> dict[str, float]:
    ports = Ports(free_port(), free_port())
    server = build(place, ports)
    upstream = _start_upstream(place, ports)
    began = time.perf_counter()
    process, log = spawn(server, place.server_core, place.scratch / f"cold-{ports.server}")
    try:
        here = Running(process.pid, log)
        _wait_impatiently(process, ports.server, here)
        accepted = time.perf_counter()
        _ask(server, ports.server, here)
        return {
            "accepts after ms": (accepted - began) * 1000,
            "first token after ms": (time.perf_counter() - began) * 1000,
        }
    finally:
        stop(process)
        stop(upstream)


def _start_upstream(place: Place, ports: Ports) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [str(place.gen), "-u", str(ports.upstream), "-n", "0"],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=partial(os.sched_setaffinity, 0, {place.generator_core}),
    )
    while not accepts(ports.upstream):
        time.sleep(0.001)
    return process


def _wait_impatiently(process: subprocess.Popen[bytes], port: int, here: Running) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while not accepts(port):
        if process.poll() is not None or time.monotonic() > until:
            raise NotStarted(here.last_words() or "it did not come up")
        time.sleep(0.0005)


def _ask(server: Server, port: int, here: Running) -> None:
    """Returns when the first marker has come back."""
    body = server.body.replace("%ID%", "cold")
    head = f"POST {server.path.replace('%ID%', 'cold')} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    head += "Content-Type: application/json\r\nAccept: text/event-stream\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=READY_WITHIN_S) as connection:
        connection.sendall((head + body).encode())
        seen = b""
        while b"@" not in seen:
            news = connection.recv(65536)
            if not news:
                raise NotStarted(f"it answered {seen[:200].decode(errors='replace')!r}\n{here.last_words(1)}")
            seen += news


def _bare_starlette(place: Place, ports: Ports) -> Server:
    if not place.peers_python.exists():
        raise Missing("its environment is not there; start with scripts/bench")
    return Server(
        "starlette", "bare Starlette", fastapi_openai.uvicorn(place, "bare_starlette:app", ports.server)
    )
