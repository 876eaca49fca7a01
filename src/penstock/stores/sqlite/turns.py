"""Questions, turns and their logs: each method is one job of the database's threads."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from penstock.core.overlap import Limits, Overlap
from penstock.core.ports import (
    Batch,
    Cadence,
    Claim,
    Lease,
    Listed,
    Orders,
    Page,
    Received,
    TurnInfo,
    Written,
)
from penstock.core.question import Question
from penstock.core.turn import State, View
from penstock.errors import NotFound
from penstock.stores.sqlite import claiming, journal, listing, receiving
from penstock.stores.sqlite.database import Database
from penstock.stores.sqlite.rows import turn_by_id

_NO_LIMITS_GIVEN = Limits()


class SqliteTurns:
    # A commit of all live turns together costs a few microseconds a turn, so it may be frequent.
    cadence = Cadence()

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def receive(
        self,
        question: Question,
        turn: str,
        *,
        overlap: Overlap = "queue",
        limits: Limits = _NO_LIMITS_GIVEN,
        lease_s: float = 0.0,
    ) -> Received:
        asked = receiving.asked(question, turn, overlap, limits, lease_s)
        return await self._database.write(
            lambda connection: receiving.receive(connection, asked, self._clock()), durable=True
        )

    async def claim(self, lease_s: float, turn: str = "") -> Claim | None:
        return await self._database.write(
            lambda connection: claiming.claim(connection, turn, self._clock(), lease_s)
        )

    async def renew(self, leases: Sequence[Lease], lease_s: float) -> list[Orders]:
        return await self._database.write(
            lambda connection: journal.renew(connection, leases, self._clock(), lease_s)
        )

    async def append(self, batches: Sequence[Batch], lease_s: float) -> list[Orders]:
        payloads = journal.payloads(batches)
        return await self._database.write(
            lambda connection: journal.append(connection, payloads, self._clock(), lease_s)
        )

    async def finish(self, batch: Batch, state: State, view: View) -> Orders:
        if state == "running":
            raise ValueError("a turn is finished by ending it or by giving it back, not as running")
        (payload,) = journal.payloads([batch])
        return await self._database.write(
            lambda connection: journal.finish(connection, payload, state, view, self._clock()), durable=True
        )

    async def stop(self, turn: str, by: str) -> TurnInfo:
        return await self._database.write(lambda connection: _stop(connection, turn, by), durable=True)

    async def read(self, turn: str, after: int = 0, limit: int = 2_000) -> Page:
        return await self._database.read(lambda connection: journal.read(connection, turn, after, limit))

    async def depth(self) -> int:
        return await self._database.read(_depth)

    async def recent(
        self, *, states: Sequence[State] = (), before: str = "", limit: int = 50
    ) -> list[Listed]:
        return await self._database.read(lambda connection: listing.recent(connection, states, before, limit))

    async def written(self, turn: str) -> list[Written]:
        return await self._database.read(lambda connection: journal.written(connection, turn))

    async def take_back(self) -> None:
        """Let every lease lapse: this process owns the file now, so the workers of an earlier one are gone.

        When their leases would have ended is kept for whoever claims those turns.
        """
        await self._database.write(_take_back)


def _stop(connection: sqlite3.Connection, turn: str, by: str) -> TurnInfo:
    """The first order stands."""
    connection.execute(
        "UPDATE turns SET stop_by = ? WHERE id = ? AND stop_by = '' AND state IN ('queued', 'running')",
        (by, turn),
    )
    if row := turn_by_id(connection, turn):
        return row.info
    raise NotFound("There is no such answer.")


def _depth(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM turns WHERE state = 'queued'").fetchone()
    return int(count)


def _take_back(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE turns SET left_s = max(left_s, until_s), until_s = 0 WHERE state = 'running'")
