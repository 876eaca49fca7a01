"""A real `penstock serve`, killed and started again on the same port and folder."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import socket
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from tests.faults.story import Folder, Script

ROOT = Path(__file__).parents[2]


class Life:
    """One process, from its start to its death."""

    def __init__(self, number: int, process: asyncio.subprocess.Process) -> None:
        self.number = number
        self.started_s = time.monotonic()
        self.ready_s: float | None = None
        self.said: list[str] = []
        self.over = asyncio.Event()
        self._changed = asyncio.Condition()
        self._process = process
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            async with self._changed:
                self.said.append(line.decode(errors="replace").rstrip())
                if self.said[-1].startswith("Penstock is at"):
                    self.ready_s = time.monotonic()
                self._changed.notify_all()
        await self._process.wait()
        async with self._changed:
            self.over.set()
            self._changed.notify_all()

    async def says(self, words: str) -> bool:
        """Wait until it says so; False when it ended without."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.over.is_set() or self._said(words))
        return self._said(words)

    def _said(self, words: str) -> bool:
        return any(words in line for line in self.said)

    async def ready(self) -> bool:
        return await self.says("Penstock is at")

    async def ends_within(self, s: float) -> bool:
        try:
            async with asyncio.timeout(s):
                await self.over.wait()
        except TimeoutError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self._listening

    async def end(self) -> int:
        """Its exit code, after it has ended by itself."""
        await self._listening
        assert self._process.returncode is not None
        return self._process.returncode


class Server:
    """All the lives of one server. `settings` are Penstock's, by name."""

    program = Path(__file__).with_name("storyteller.py")

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.story = Folder(folder)
        self.lives: list[Life] = []
        self.port = _free_port()
        self._settings = {"data": folder / "data", "port": self.port, **settings}
        self._begun = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, script: Script | None = None) -> Life:
        """A new life; returns when the process has been started, which is not yet "ready"."""
        number = len(self.lives) + 1
        self.story.hand_out(script or Script(number))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "penstock", "serve", str(self.program)),
            cwd=self.folder,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        life = Life(number, process)
        async with self._begun:
            self.lives.append(life)
            self._begun.notify_all()
        return life

    async def restarted(self, script: Script | None = None) -> Life:
        """Killed, and started again."""
        await self.lives[-1].kill()
        return await self.start(script)

    async def open(self) -> Life:
        """The life that takes connections now, or the next that does."""
        while True:
            async with self._begun:
                await self._begun.wait_for(lambda: self.lives and not self.lives[-1].over.is_set())
            life = self.lives[-1]
            if await life.says("knock") and not life.over.is_set():
                return life

    def integrity(self) -> str:
        """What SQLite says of the file as the last life left it, without touching it."""
        with TemporaryDirectory() as copy:
            for file in (self.folder / "data").glob("penstock.db*"):
                shutil.copy(file, copy)
            if not (Path(copy) / "penstock.db").exists():
                return "ok"
            with closing(sqlite3.connect(Path(copy) / "penstock.db")) as connection:
                (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
        return str(answer)

    def _environment(self) -> dict[str, str]:
        """Ours, without what would change the server's settings or its answers."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
        settings = {f"PENSTOCK_{name.upper()}": str(value) for name, value in self._settings.items()}
        return {**ours, **settings, "STORY_FOLDER": str(self.folder), "PYTHONPATH": str(ROOT)}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for life in self.lives:
            await life.kill()
        if error is not None:
            for life in self.lives[-3:]:
                error.add_note(f"life {life.number}:\n  " + "\n  ".join(life.said[-30:]))


def _free_port() -> int:
    """Below the ports that the system gives to clients: one of ours must not get it while nobody listens."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
