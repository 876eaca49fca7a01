"""Threads: who owns them, their transcripts, finding them again, the bin, and forgetting them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial

import msgspec

from penstock.core.ports import Exchange
from penstock.core.question import Person, Thread
from penstock.core.turn import View
from penstock.core.words import fold
from penstock.errors import NotFound
from penstock.stores.folder import FolderBlobs
from penstock.stores.sqlite import forgetting, listing
from penstock.stores.sqlite.database import Database
from penstock.stores.sqlite.rows import COLUMNS, TurnRow, questions_of, thread_by_key

# Forgetting a thread takes the writer a while; this many, and then the others have a turn.
_FORGET_AT_ONCE = 20

_TRANSCRIPT = f"""
SELECT {COLUMNS}, v.view FROM turns t LEFT JOIN views v ON v.turn = t.seq
WHERE t.thread = :thread
AND (:before = '' OR t.seq < (SELECT seq FROM turns WHERE id = :before AND thread = :thread))
ORDER BY t.seq DESC LIMIT :limit
"""
_TURNS_AFTER = """
SELECT id FROM turns
WHERE thread = :thread
AND (:turn = '' OR seq > (SELECT seq FROM turns WHERE id = :turn AND thread = :thread))
ORDER BY seq
"""
_RENAME = "UPDATE threads SET title = :to WHERE key = :thread"
_RENAME_FOUND = "UPDATE findable SET folded = :to WHERE thread = :thread AND place = 0"
_BIN = "UPDATE threads SET binned_s = iif(binned_s, binned_s, :to) WHERE key = :thread"
_RESTORE = "UPDATE threads SET binned_s = 0 WHERE key = :thread"
_decode_view = msgspec.json.Decoder(View).decode


class SqliteThreads:
    def __init__(self, database: Database, blobs: FolderBlobs, clock: Callable[[], float]) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    async def get(self, thread: str) -> Thread | None:
        return await self._database.read(lambda connection: thread_by_key(connection, thread))

    async def transcript(self, thread: str, *, before: str = "", limit: int = 50) -> list[Exchange]:
        return await self._database.read(lambda connection: _transcript(connection, thread, before, limit))

    async def turns_after(self, thread: str, turn: str = "") -> list[str]:
        return await self._database.read(
            lambda connection: [
                id for (id,) in connection.execute(_TURNS_AFTER, {"thread": thread, "turn": turn})
            ]
        )

    async def listed(
        self, person: Person | None, *, prefix: str = "", words: str = "", before: str = "", limit: int = 50
    ) -> list[Thread]:
        wanted = listing.Wanted(person, prefix, limit)
        if sought := fold(words).split():
            return await self._found(wanted, sought, before)
        return await self._database.read(lambda connection: listing.page(connection, wanted, before))

    async def _found(self, wanted: listing.Wanted, words: list[str], before: str) -> list[Thread]:
        found: list[Thread] = []
        place = await self._database.read(lambda connection: listing.place_of(connection, before))
        while place and len(found) < wanted.limit:
            stretch = partial(listing.search, wanted=wanted, place=place, words=words)
            some, place = await self._database.read(stretch)
            found += some
        return found[: wanted.limit]

    async def rename(self, thread: str, title: str) -> None:
        folded = fold(title)

        def act(connection: sqlite3.Connection) -> None:
            _change(connection, _RENAME, thread, title)
            connection.execute(_RENAME_FOUND, {"thread": thread, "to": folded})

        await self._database.write(act, durable=True)

    async def bin(self, thread: str) -> None:
        await self._database.write(
            lambda connection: _change(connection, _BIN, thread, self._clock()), durable=True
        )

    async def restore(self, thread: str) -> None:
        await self._database.write(lambda connection: _change(connection, _RESTORE, thread), durable=True)

    async def forget(self, thread: str) -> list[str]:
        return await self._forget(lambda connection: forgetting.forget(connection, thread))

    async def forget_person(self, person: Person) -> list[str]:
        return await self._forget(lambda connection: forgetting.forget_person(connection, person))

    async def forget_before(self, when_s: float) -> list[str]:
        return await self._forget_overdue("quiet", when_s)

    async def forget_binned(self, before_s: float) -> list[str]:
        return await self._forget_overdue("binned", before_s)

    async def _forget_overdue(self, kind: forgetting.Kind, before_s: float) -> list[str]:
        threads = await self._database.read(lambda connection: forgetting.overdue(connection, kind, before_s))
        turns: list[str] = []
        for start in range(0, len(threads), _FORGET_AT_ONCE):
            few = threads[start : start + _FORGET_AT_ONCE]
            turns += await self._forget(
                partial(forgetting.forget_overdue, threads=few, kind=kind, before_s=before_s)
            )
        return turns

    async def _forget(self, act: Callable[[sqlite3.Connection], list[str]]) -> list[str]:
        turns = await self._database.write(act, durable=True)
        await self.delete_doomed()
        return turns

    async def delete_doomed(self) -> None:
        """Delete the files of forgotten questions that no other question has.

        In the writer's thread, so that no question can bring a file back in between.
        """
        await self._database.write(lambda connection: forgetting.delete_doomed(connection, self._blobs))


def _change(connection: sqlite3.Connection, sql: str, thread: str, to: str | float = 0) -> None:
    if not connection.execute(sql, {"thread": thread, "to": to}).rowcount:
        raise NotFound("There is no such conversation.")


def _transcript(connection: sqlite3.Connection, thread: str, before: str, limit: int) -> list[Exchange]:
    rows = connection.execute(_TRANSCRIPT, {"thread": thread, "before": before, "limit": limit}).fetchall()
    exchanges = [_exchange(connection, TurnRow._make(row[:-1]), row[-1]) for row in rows]
    exchanges.reverse()
    return exchanges


def _exchange(connection: sqlite3.Connection, turn: TurnRow, view: bytes | None) -> Exchange:
    return Exchange(
        turn=turn.info,
        questions=questions_of(connection, turn.seq),
        view=View(state=turn.state) if view is None else _decode_view(view),
    )
