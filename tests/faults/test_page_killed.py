"""The page's own log, wire and store at a server that is killed: people see in the end what was answered."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Serving
from tests.faults.readers import seen, to_be_shown
from tests.faults.server import Server

ROOT = Path(__file__).parents[2]
DRIVER = ROOT / "web/src/store/driver.ts"

_THIRD = ".2🚰"
# A node that takes TypeScript as it is.
_OLDEST = (22, 18)


def _node() -> str:
    for node in (str(ROOT / ".envs/node/bin/node"), shutil.which("node")):
        if node and Path(node).exists():
            said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
            if tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2]) >= _OLDEST:
                return node
    pytest.skip("the page's program needs Node 22.18: scripts/setup-node brings one")


class Page:
    """A conversation of the page, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.view: dict[str, Any] = {}

    async def tell(self, what: dict[str, object]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()

    async def shows(self, wanted: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Wait until its exchanges are as wanted."""
        assert self._process.stdout
        while not wanted(self.view.get("exchanges", [])):
            line = await self._process.stdout.readline()
            assert line, "the page's program ended"
            self.view = json.loads(line)


@asynccontextmanager
async def page_of(server: Server, way: str) -> AsyncIterator[Page]:
    command = [_node(), "--disable-warning=ExperimentalWarning", str(DRIVER), server.url, "thread", way]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**24)
    try:
        yield Page(process)
    finally:
        process.kill()
        await process.wait()


def _texts(exchanges: list[dict[str, Any]]) -> list[str]:
    return [exchange["answer"]["text"] for exchange in exchanges]


def _done(exchanges: list[dict[str, Any]], count: int) -> bool:
    return [exchange["answer"]["state"] for exchange in exchanges] == ["done"] * count


@pytest.mark.parametrize("way", ["socket", "streams"])
async def test_what_is_asked_before_and_while_the_server_is_away_is_answered_once_and_shown_whole(
    serving: Serving, way: str
) -> None:
    async with asyncio.timeout(60), serving() as server, page_of(server, way) as page:
        life = await server.start()
        assert await life.ready()
        await page.tell({"ask": "hold-1"})
        await page.shows(lambda exchanges: any(_THIRD in text for text in _texts(exchanges)))

        await life.kill()
        await page.tell({"ask": "q2"})
        await page.shows(lambda exchanges: len(exchanges) == 2)
        life = await server.start()
        await seen(server, page.view["exchanges"][0]["answer"]["turn"], 2, _THIRD)
        life.send(signal.SIGUSR1)
        await page.shows(lambda exchanges: _done(exchanges, 2))

        assert _texts(page.view["exchanges"]) == [to_be_shown("hold-1").text, to_be_shown("q2").text]
        assert [len(exchange["questions"]) for exchange in page.view["exchanges"]] == [1, 1]
        assert [call.life for call in server.story.calls("q2")] == [2]
        assert page.view["error"] is None


async def test_stopping_on_the_page_stops_the_answer_and_keeps_its_words(serving: Serving) -> None:
    async with asyncio.timeout(60), serving() as server, page_of(server, "socket") as page:
        assert await (await server.start()).ready()
        await page.tell({"ask": "hold-1"})
        await page.shows(lambda exchanges: any(_THIRD in text for text in _texts(exchanges)))

        await page.tell({"stop": True})
        await page.shows(lambda exchanges: exchanges[0]["answer"]["state"] == "stopped")

        assert _THIRD in page.view["exchanges"][0]["answer"]["text"]
