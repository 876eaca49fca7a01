"""Threads: who owns them, their transcripts, and forgetting them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from penstock.core.ports import Exchange
from penstock.core.question import Person, Thread
from penstock.core.turn import View
from penstock.stores.folder import FolderBlobs
from penstock.stores.sqlite import forgetting
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
_decode_view = msgspec.json.Decoder(View).decode


class SqliteThreads:
    def __init__(self, database: Database, blobs: FolderBlobs) -> None:
        self._database = database
        self._blobs = blobs

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

    async def forget(self, thread: str) -> list[str]:
        return await self._forget(lambda connection: forgetting.forget(connection, thread))

    async def forget_person(self, person: Person) -> list[str]:
        return await self._forget(lambda connection: forgetting.forget_person(connection, person))

    async def forget_before(self, when_s: float) -> int:
        threads = await self._database.read(lambda connection: forgetting.older_than(connection, when_s))
        forgotten = 0
        for start in range(0, len(threads), _FORGET_AT_ONCE):
            few = threads[start : start + _FORGET_AT_ONCE]
            forgotten += await self._forget_if_older(few, when_s)
        return forgotten

    async def _forget_if_older(self, threads: list[str], when_s: float) -> int:
        count = await self._database.write(
            lambda connection: forgetting.forget_older(connection, threads, when_s), durable=True
        )
        await self.delete_doomed()
        return count

    async def _forget(self, act: Callable[[sqlite3.Connection], list[str]]) -> list[str]:
        turns = await self._database.write(act, durable=True)
        await self.delete_doomed()
        return turns

    async def delete_doomed(self) -> None:
        """Delete the files of forgotten questions that no other question has.

        In the writer's thread, so that no question can bring a file back in between.
        """
        await self._database.write(lambda connection: forgetting.delete_doomed(connection, self._blobs))


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
