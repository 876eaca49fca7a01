"""One reader of one turn: an iterator over its log, woken with every piece.

A class, because a generator inside a generator costs more for each token than everything
that is done with it here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self

from penstock.core.cursor import Cursor
from penstock.core.events import ENDS, Entry
from penstock.engine.bells import Bell, Bells
from penstock.engine.reading import Reading


class Readers:
    """How many follow now. Bells are not counted: who follows a thread hears two, its own and the turn's."""

    def __init__(self) -> None:
        self.now = 0

    def __enter__(self) -> None:
        self.now += 1

    def __exit__(self, *exc: object) -> None:
        self.now -= 1


class Follower:
    """The log from its first entry, as it comes; an empty item when there was a look for nothing.

    `admitted` is awaited before the first item, and raises what stands against it. Ends with the turn;
    closed earlier by `aclose`.
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
        self._bells = bells
        self._admitted = admitted
        self._readers = readers
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
            entries = self._reading.at_once(self._turn, self._attempt, self._number)
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
            if self._readers is not None:
                self._readers.now -= 1

    async def _begin(self) -> Bell:
        if self._admitted is not None:
            await self._admitted()
        self._bell = self._bells.hang(self._turn)
        if self._readers is not None:
            self._readers.now += 1
        return self._bell
