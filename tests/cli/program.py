"""A small vocabulary for trying the real program: run it, hold its model back, sit at its terminal."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PENSTOCK = [sys.executable, "-m", "penstock"]
PATIENCE_S = 30.0

# Says "Pa", waits for the gate to open, and says "ris".
HELD = """
import asyncio
from penstock import Assistant

async def held(question: str):
    yield "Pa"
    reader, writer = await asyncio.open_unix_connection("gate")
    try:
        await reader.readline()
    finally:
        writer.close()
    yield "ris"

assistant = Assistant(model=held)
"""

# Repeats what it was asked, and how many messages it was given.
ECHO = """
from penstock import Assistant, Prompt

async def echo(prompt: Prompt):
    yield f"{len(prompt.messages)}: {prompt.question}"
    for file in prompt.files:
        yield f" + {file.name}: {file.text}"

assistant = Assistant(model=echo)
"""


def environ(**more: str) -> dict[str, str]:
    """An environment in which nothing is set up, whatever is on this machine."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    # The port of "discard": no Ollama answers there.
    return {**kept, "LC_ALL": "C.UTF-8", "OLLAMA_HOST": "127.0.0.1:9", "TERM": "xterm", **more}


def run(*arguments: str, at: Path, stdin: bytes = b"", **more: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [*PENSTOCK, *arguments],
        cwd=at,
        env=environ(**more),
        input=stdin,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return subprocess.CompletedProcess(ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode())


@contextmanager
def started(*arguments: str, at: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program, running; it is killed at the end if it still is."""
    with subprocess.Popen(
        [*PENSTOCK, *arguments],
        cwd=at,
        env=environ(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def read_until(stream: IO[bytes] | int, pattern: str) -> str:
    """What comes until the pattern is found."""
    number = stream if isinstance(stream, int) else stream.fileno()
    said = b""
    while not re.search(pattern, said.decode(errors="replace")):
        ready, _, _ = select.select([number], [], [], PATIENCE_S)
        assert ready, f"waited for {pattern!r} after {said!r}"
        piece = os.read(number, 4096)
        assert piece, f"ended before {pattern!r}: {said!r}"
        said += piece
    return said.decode()


class Gate:
    """Holds the HELD model back until it is told to go on."""

    def __init__(self, folder: Path) -> None:
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / "gate"))
        self._door.listen()
        self._door.settimeout(PATIENCE_S)
        self._model: socket.socket | None = None

    def waits(self) -> None:
        """Returns once the model stands at the gate."""
        self._close_model()
        self._model, _ = self._door.accept()

    def open(self) -> None:
        assert self._model is not None
        self._model.sendall(b"\n")

    def was_left(self) -> bool:
        """Whether the model has gone away, which is waited for."""
        assert self._model is not None
        self._model.settimeout(PATIENCE_S)
        return self._model.recv(1) == b""

    def close(self) -> None:
        self._close_model()
        self._door.close()

    def _close_model(self) -> None:
        if self._model is not None:
            self._model.close()
            self._model = None


class Screen:
    """The program at a terminal of its own, where keys can be pressed and the screen be read."""

    # Makes it the terminal that Ctrl-C comes from.
    _LAUNCH = """import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""

    def __init__(self, *arguments: str, at: Path, words: Path | None = None, **more: str) -> None:
        """`words`: a file in which stdout goes instead of the screen."""
        self._screen, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 300, 0, 0))
        out = os.open(words, os.O_WRONLY | os.O_CREAT) if words else os.dup(inside)
        self.program = subprocess.Popen(
            [sys.executable, "-c", self._LAUNCH, *PENSTOCK, *arguments],
            cwd=at,
            env=environ(**more),
            stdin=inside,
            stdout=out,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        os.close(out)

    def shows(self, pattern: str) -> str:
        return read_until(self._screen, pattern)

    def types(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def ends(self) -> int:
        return self.program.wait(PATIENCE_S)

    def leaves_at(self, key: str) -> int:
        """Pressed again if it is not heard: readline misses a signal just before it begins to wait."""
        for _ in range(10):
            self.types(key)
            try:
                return self.program.wait(1)
            except subprocess.TimeoutExpired:
                pass
        raise AssertionError(f"{key!r} was not heard")

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self._screen)


class Served:
    """A `penstock serve` on a free port, and what is asked of it."""

    def __init__(self, program: subprocess.Popen[bytes]) -> None:
        assert program.stdout is not None
        assert program.stderr is not None
        self.program = program
        self.out, self.err = program.stdout, program.stderr
        self.greeting = read_until(self.out, r"\n")
        found = re.search(r"http://[\d.]+:(\d+)", self.greeting)
        assert found
        self.port = int(found[1])

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(self, text: str, thread: str = "t") -> http.client.HTTPResponse:
        """The answer's events, as they come."""
        return self._request(
            "POST",
            f"/api/threads/{thread}/questions",
            {"Accept": "text/event-stream", "Content-Type": "application/json"},
            json.dumps({"text": text}),
        )

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        return self._request("GET", path, headers, None)

    def post(self, path: str, **headers: str) -> http.client.HTTPResponse:
        return self._request("POST", path, headers, None)

    def _request(
        self, method: str, path: str, headers: dict[str, str], body: str | None
    ) -> http.client.HTTPResponse:
        connection = self.connection()
        # So that the response has the socket for itself, and closes it.
        connection.request(method, path, body, {**headers, "Connection": "close"})
        return connection.getresponse()

    def end(self, sig: int = signal.SIGTERM) -> int:
        self.program.send_signal(sig)
        return self.program.wait(PATIENCE_S)


@contextmanager
def serving(*arguments: str, at: Path, **more: str) -> Iterator[Served]:
    with started("serve", *arguments, "--port", "0", at=at, **more) as program:
        yield Served(program)


def lines_until(response: http.client.HTTPResponse, text: str) -> str:
    said = ""
    while text not in said:
        line = response.readline().decode()
        assert line, f"ended before {text!r}: {said!r}"
        said += line
    return said
