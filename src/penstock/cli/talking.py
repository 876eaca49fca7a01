"""One thread at a terminal: a question asked, and its answer written as it comes."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing
from typing import NamedTuple

from penstock.channels.terminal import Look, Piece, Terminal
from penstock.channels.terminal_streams import Streams
from penstock.cli.interrupt import Interrupt
from penstock.core.question import File, Person, Question, thread_key
from penstock.core.turn import View
from penstock.engine import Engine
from penstock.errors import ChannelGone

ME = Person(tenant="local", id="me")
"""The one person there is at a terminal."""


class Answer(NamedTuple):
    """`interrupted`: the signal that stopped it, or 0. `broken`: what was written is not its beginning."""

    view: View
    interrupted: int = 0
    broken: bool = False


class Talk:
    def __init__(self, engine: Engine, thread: str, streams: Streams, look: Look) -> None:
        self.thread = thread_key(ME.tenant, "terminal", thread)
        self._engine = engine
        self._streams = streams
        self._look = look
        self._stops: set[asyncio.Task[object]] = set()

    async def ask(self, text: str, files: tuple[File, ...] = ()) -> Answer:
        """Raises Refused and Busy kinds, StoreError, ChannelGone when nobody reads any more, and OSError when
        there is no room for the words."""
        question = Question(f"terminal:{uuid.uuid4().hex}", self.thread, ME, text, files)
        terminal = Terminal(self._look)
        with Interrupt() as interrupt:
            turn = (await self._engine.ask(question)).received.turn.id
            interrupt.then(lambda: self._stop(turn))
            try:
                await self._write(turn, terminal)
            except (ChannelGone, OSError):
                await self._engine.stop(ME, turn)
                raise
        return Answer(terminal.view, interrupt.came, terminal.broken)

    async def say(self, text: str) -> None:
        """Something about the conversation, on a line beside it."""
        await self._streams.write([Piece(f"{text}\n", beside=True)])

    async def _write(self, turn: str, terminal: Terminal) -> None:
        async with aclosing(self._engine.follow(ME, turn)) as news:
            async for entries in news:
                await self._streams.write(terminal.write(entries))
                if terminal.broken:
                    self._stop(turn)

    def _stop(self, turn: str) -> None:
        task: asyncio.Task[object] = asyncio.ensure_future(self._engine.stop(ME, turn))
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)
