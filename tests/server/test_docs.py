"""What docs/http-api.md and docs/websocket.md show is what happens."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.server.place import Line, Place, Places

DOCS = Path(__file__).parents[2] / "docs"
# How the pages write the ids of turns, which are longer and never the same.
NAMES = ("5e0c", "91b7")
_TURN = "[0-9a-f]{32}"


def blocks(page: str, kind: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{kind}\n(.*?)^```$", (DOCS / page).read_text(), re.M | re.S)
    return found


class Turns(dict[str, str]):
    """The real id of each turn, by the name that it has on the page."""

    def real(self, text: str) -> str:
        for name, turn in self.items():
            text = text.replace(name, turn)
        return text

    def learn(self, shown: str, said: str) -> bool:
        """Whether that was said; an ellipsis stands for anything."""
        pattern = re.escape(self.real(shown)).replace("…", ".*")
        for name in NAMES:
            before, first, after = pattern.partition(name)
            if first:
                pattern = f"{before}(?P<t{name}>{_TURN}){after.replace(name, f'(?P=t{name})')}"
        found = re.fullmatch(pattern, said)
        if found is None:
            return False
        self.update({name[1:]: turn for name, turn in found.groupdict().items()})
        return True


async def test_the_commands_say_what_the_page_shows(places: Places) -> None:
    if shutil.which("curl") is None:
        pytest.skip("the page shows curl")
    turns = Turns()
    ran = 0
    async with places.open(identified=False) as place:
        for block in blocks("http-api.md", "console"):
            parts = re.split(r"^\$ (.*)\n", block, flags=re.M)[1:]
            for command, shown in zip(parts[::2], parts[1::2], strict=True):
                said = await shell(place, turns.real(command))
                assert turns.learn(shown.rstrip("\n"), said.rstrip("\n")), f"{command}\n{said}"
                ran += 1

    assert ran >= 8


async def shell(place: Place, command: str) -> str:
    command = command.replace("localhost:8000", f"localhost:{place.port}")
    running = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
    said, _ = await running.communicate()
    return said.decode()


async def test_the_socket_says_what_the_page_shows(places: Places) -> None:
    turns = Turns()
    shown = blocks("websocket.md", "websocket")
    async with places.open() as place:
        for block in shown:
            async with place.line() as line:
                await played(line, turns, block.splitlines())

    assert len(shown) == 2


async def played(line: Line, turns: Turns, lines: list[str]) -> None:
    for is_ours, said in groupby(lines, key=lambda text: text.startswith("→")):
        if is_ours:
            for message in said:
                await line.connection.send(turns.real(message[2:]))
        else:
            await heard(line, turns, [message[2:] for message in said])


async def heard(line: Line, turns: Turns, shown: list[str]) -> None:
    """How many events come in one message is a matter of timing; which, and in which order, is not."""
    got: list[dict[str, Any]] = []
    expected = list(flat(json.loads(message) for message in shown))
    while len(found := list(flat(got))) < len(expected):
        got.append(await line.next())
    for message, wanted in zip(found, expected, strict=True):
        assert turns.learn(json.dumps(wanted, sort_keys=True), json.dumps(message, sort_keys=True)), message
    numbers = [message["n"] for message in got if message["type"] == "events"]
    assert numbers == list(range(1, len(numbers) + 1))
    if numbers:
        assert got[-1]["cursor"] == turns.real(json.loads(shown[-1])["cursor"])


def flat(messages: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for message in messages:
        if message["type"] == "events":
            yield from ({**event, "of": message["turn"]} for event in message["events"])
        else:
            yield message


def test_the_program_on_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    [program] = blocks("http-api.md", "python")

    exec(compile(program, "http-api.md", "exec"), {})


def test_every_message_and_every_code_of_the_socket_is_on_the_page() -> None:
    page = (DOCS / "websocket.md").read_text()

    for name in ("ask", "resume", "stop", "ping", "accepted", "events", "stopping", "pong", "error"):
        assert f"| `{name}` |" in page
