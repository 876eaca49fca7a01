"""A server under test: how it is started, how it is asked, and its life as a process.

Each measurement gets a fresh process in a fresh folder, so that nothing of the one
before (a grown heap, a full log) shows in the next.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

READY_WITHIN_S = 30
STOP_WITHIN_S = 3


@dataclass(frozen=True, slots=True)
class Ports:
    server: int
    upstream: int


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    """What --only takes."""
    title: str
    command: list[str]
    path: str = "/v1/chat/completions"
    body: str = (
        '{"model":"synthetic","stream":true,"messages":[{"role":"user","content":"Tell me a long story."}]}'
    )
    """Of the POST, or the first message on the WebSocket; %ID% is another word for each client."""
    mode: Literal["sse", "ws"] = "sse"
    environment: dict[str, str] = field(default_factory=dict)
    version: str = ""


class Missing(Exception):
    """The server cannot be had here, and why."""


class NotStarted(Exception):
    """It was started, and did not come up; with what it had to say."""


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    log: Path

    def last_words(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def running(server: Server, ports: Ports, core: int, folder: Path) -> Iterator[Running]:
    """The server's process tree, pinned to `core`, from "accepts connections" until the block ends."""
    process, log = spawn(server, core, folder)
    try:
        here = Running(process.pid, log)
        wait_until_it_accepts(process, ports.server, here)
        yield here
    finally:
        stop(process)


def spawn(server: Server, core: int, folder: Path) -> tuple[subprocess.Popen[bytes], Path]:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            server.command,
            cwd=folder,
            env=clean_environment() | server.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(os.sched_setaffinity, 0, {core}),
        )
    return process, log


def wait_until_it_accepts(process: subprocess.Popen[bytes], port: int, here: Running) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while not accepts(port):
        if process.poll() is not None:
            raise NotStarted(here.last_words() or f"it ended with exit code {process.returncode}")
        if time.monotonic() > until:
            raise NotStarted(f"it accepted no connection within {READY_WITHIN_S} s\n{here.last_words()}")
        time.sleep(0.002)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: subprocess.Popen[bytes]) -> None:
    """The whole session that `spawn` began, politely first."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(STOP_WITHIN_S)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def clean_environment() -> dict[str, str]:
    """Ours, without what would change a server's settings or send its calls elsewhere."""
    ours = ("PENSTOCK_", "OPENAI_", "ANTHROPIC_", "AWS_", "OLLAMA_")
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and name.lower() not in proxies
    }
