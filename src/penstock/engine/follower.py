"""One reader: an iterator over a turn's log, or over those of a thread, woken with every piece.

A class for the turn, because a generator inside a generator costs more for each token than everything
that is done with it here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Self

from penstock.core.cursor import Cursor
from penstock.core.events import ENDS, Entry
from penstock.core.ports import Threads
from penstock.core.question import Person
from penstock.engine.bells import Bell, Bells
from penstock.engine.reading import Reading


class Readers:
    """How many follow now. Bells are not counted: who follows a thread hears two, its own and the turn's."""

    def __init__(self) -> None:
        self.now = 0

    def joined(self) -> None:
        self.now += 1

    def left(self) -> None:
        self.now -= 1

    def __enter__(self) -> None:
        self.joined()

    def __exit__(self, *exc: object) -> None:
        self.left()


class Follower:
    """The log from its first entry, as it comes; an empty item when there was a look for nothing.

    `admitted` is awaited before the first item, and raises what stands against it; `readers` is told of
    this one. Ends with the turn; closed earlier by `aclose`.
    """

    def __init__(
        self,
        turn: str,
        reading: Reading,
        bells: Bells,
        admitted: Callable[[], Awaitable[object]] | None = None,
        readers: Readers | None = None,
    ) -> None:
        self._turn = turn
        self._reading = reading
        self._lives = reading.lives
        self._bells = bells
        self._admitted = admitted
        self._readers = readers or Readers()
        self._bell: Bell | None = None
        self._attempt = self._number = 0
        self._over = False
        self._for_nothing = True

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Entry]:
        if (bell := self._bell) is None:
            if self._over:
                raise StopAsyncIteration
            bell = await self._begin()
        while not self._over:
            live = self._lives.get(self._turn)
            entries = None if live is None else live.news(self._attempt, self._number)
            if entries is None:
                cursor = Cursor(self._turn, self._attempt, self._number)
                entries, self._over = await self._reading.news(self._turn, cursor)
            if entries:
                self._number, self._attempt, event = entries[-1]
                self._over = isinstance(event, ENDS)
                self._for_nothing = False
                return entries
            if self._over:
                break
            if self._for_nothing:
                self._for_nothing = False
                return entries
            if not bell.rang:
                await bell.ringing()
            bell.rang = False
            self._for_nothing = True
        await self.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._over = True
        if self._bell is not None:
            self._bells.take_down(self._turn, self._bell)
            self._bell = None
            self._readers.left()

    async def _begin(self) -> Bell:
        if self._admitted is not None:
            await self._admitted()
        self._bell = self._bells.hang(self._turn)
        self._readers.joined()
        return self._bell


async def follow_thread(
    person: Person,
    thread: str,
    cursor: Cursor | None,
    threads: Threads,
    reading: Reading,
    bells: Bells,
    readers: Readers,
) -> AsyncGenerator[tuple[str, list[Entry]]]:
    """A thread's turns from the cursor's on, one after the other: each turn's id, and its news."""
    await reading.thread_of(person, thread)
    turn = ""
    with readers, bells.on(thread) as bell:
        if cursor is not None:
            turn = await reading.turn_in(person, thread, cursor)
            await reading.check(turn, cursor)
            async with aclosing(Follower(turn, reading, bells)) as news:
                async for entries in news:
                    yield turn, entries
        while True:
            for later in await threads.turns_after(thread, turn):
                turn = later
                async with aclosing(Follower(turn, reading, bells)) as news:
                    async for entries in news:
                        yield turn, entries
            yield turn, []
            await bell.wait()
            await reading.thread_of(person, thread)
