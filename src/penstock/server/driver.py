"""Drives one reader of one turn: what it has seen is passed over, then it is opened, then fed.

The same for server-sent events and for WebSocket frames.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from penstock.channels.web import Agui, Asked, asked, lines
from penstock.core.cursor import Cursor
from penstock.core.events import Entry
from penstock.core.ports import Exchange
from penstock.core.question import Person
from penstock.server.desk import Desk, thread_name

# A long log comes as several messages, so that a reader on a slow line sees that it comes.
_AT_ONCE = 200
# Turns read at once for a snapshot.
_PAGE = 200


class Driver:
    def __init__(
        self, desk: Desk, person: Person, thread: str, turn: str, reader: Agui, seen: Cursor | None
    ) -> None:
        self.turn = turn
        self._desk = desk
        self._person = person
        self._thread = thread
        self._reader = reader
        self._seen = seen
        self._opened = False

    async def encoded(self, entries: Sequence[Entry]) -> tuple[bytes, ...]:
        """The messages for what a wake-up brought; none when there is nothing to say."""
        if self._opened:
            if len(entries) > _AT_ONCE or self._reader.needs_earlier(entries):
                return await self._fed(entries)
            # The path of nearly every wake-up.
            return (told,) if (told := self._reader.encode(entries)) else ()
        entries, known = self._unseen(entries)
        if not entries and (known or self._reader.done):
            # The next page of the log may still be one it has seen; whoever has seen the end has seen all.
            return ()
        self._opened = True
        return (self._reader.opening(), *await self._fed(entries))

    async def _fed(self, entries: Sequence[Entry]) -> tuple[bytes, ...]:
        if len(entries) > _AT_ONCE:
            return (*await self._fed(entries[:_AT_ONCE]), *await self._fed(entries[_AT_ONCE:]))
        if entries and self._reader.needs_earlier(entries):
            exchanges = await _whole_thread(self._desk, self._person, self._thread)
            self._reader.earlier = lines(exchanges, until=self.turn)
        told = self._reader.encode(entries)
        return (told,) if told else ()

    def _unseen(self, entries: Sequence[Entry]) -> tuple[Sequence[Entry], bool]:
        seen = self._seen
        if seen is None:
            return entries, False
        known = [e for e in entries if e.number <= seen.number and e.attempt <= seen.attempt]
        self._reader.skip(known)
        return entries[len(known) :], bool(known)


async def thread_drivers(
    desk: Desk, person: Person, thread: str, seen: Cursor | None, kind: type[Agui]
) -> AsyncGenerator[tuple[Driver | None, Sequence[Entry]]]:
    """One turn of a thread after another, each told with the question it answers; None before the first.

    A cursor that stands before a turn's first event has seen nothing of it, not even its questions: more may
    have joined them since.
    """
    driver: Driver | None = None
    questions: dict[str, Asked] = {}
    async with aclosing(desk.engine.follow_thread(person, thread, seen)) as news:
        async for turn, entries in news:
            if turn and (driver is None or driver.turn != turn):
                cursor = seen if seen is not None and seen.turn == turn and seen.number else None
                if cursor is None and turn not in questions:
                    # At first all that are there, for a replay would ask for each of them.
                    read = (
                        _whole_thread(desk, person, thread)
                        if driver is None
                        else (desk.engine.transcript(person, thread))
                    )
                    questions.update({exchange.turn.id: asked(exchange) for exchange in await read})
                told = None if cursor else questions.pop(turn, None)
                reader = kind(thread_name(thread), turn, seen=cursor, frames=desk.frames(turn), asked=told)
                driver = Driver(desk, person, thread, turn, reader, cursor)
            yield driver, entries


async def _whole_thread(desk: Desk, person: Person, thread: str) -> list[Exchange]:
    """All of it: what a snapshot leaves out, a reader takes off the screen."""
    found: list[Exchange] = []
    before = ""
    while page := await desk.engine.transcript(person, thread, before=before, limit=_PAGE):
        found[:0] = page
        before = page[0].turn.id
    return found
