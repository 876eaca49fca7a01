"""Plays the model of a puppet server: the test says what the answer is, and when."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import msgspec

from penstock.core.events import Cited, Event, Passage, Reasoning, Status, Text, Usage


class Heard(msgspec.Struct, frozen=True):
    """What the model was given: the question, and all messages up to it."""

    question: str
    messages: list[str]


class Scene:
    """One answer in the making. Nothing is said but what the test says."""

    def __init__(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        self.question = heard.question
        self.messages = heard.messages
        self._writer = writer

    async def tell(self, *events: Event) -> None:
        for event in events:
            self._writer.write(msgspec.json.encode(event) + b"\n")
        await self._writer.drain()

    async def say(self, *words: str) -> None:
        await self.tell(*map(Text, words))

    async def think(self, words: str) -> None:
        await self.tell(Reasoning(words))

    async def status(self, label: str) -> None:
        await self.tell(Status(label))

    async def cite(self, number: int, source: str, text: str, heading: str = "") -> None:
        await self.tell(Cited(number, Passage(source, text, heading)))

    async def end(self) -> None:
        await self.tell(Usage("puppet", input_tokens=7, output_tokens=11))
        self._writer.write(b"end\n")
        await self._writer.drain()

    def break_off(self) -> None:
        self._writer.close()

    @property
    def left(self) -> bool:
        """Whether the server has closed it: the turn was stopped."""
        return self._writer.is_closing()

    async def until_left(self) -> None:
        await self._writer.wait_closed()


class Director:
    """Hears every question that reaches the model, in order."""

    def __init__(self) -> None:
        self._scenes: asyncio.Queue[Scene] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        assert self._server
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def scene(self) -> Scene:
        """The next question that the model was asked."""
        async with asyncio.timeout(20):
            return await self._scenes.get()

    async def answers(self, *words: str) -> None:
        """The next question, answered at once."""
        scene = await self.scene()
        await scene.say(*words)
        await scene.end()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._asked, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server
        self._server.close()
        for writer in self._open:
            writer.close()

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            line = await reader.readline()
            if line:
                await self._scenes.put(Scene(msgspec.json.decode(line, type=Heard), writer))
            # Nothing follows: its end is that the server has left.
            await reader.read()
        except ConnectionError:
            pass
        finally:
            self._open.discard(writer)
            writer.close()
