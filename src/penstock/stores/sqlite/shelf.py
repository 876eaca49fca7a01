"""Small documents by key, and budgets of one number each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from penstock.core import budget
from penstock.core.budget import Rate
from penstock.core.ports import Document
from penstock.stores.sqlite.database import Database

_GET = "SELECT value, version FROM shelf WHERE key = ? AND (until_s = 0 OR until_s > ?)"
_LIST = """
SELECT key, value, version FROM shelf
WHERE key >= ? AND key < ? AND (until_s = 0 OR until_s > ?) ORDER BY key
"""
_EXPIRE = "DELETE FROM shelf WHERE until_s > 0 AND until_s <= ?"
# The old row goes and the new one gets a version that nobody has seen.
_PUT = "INSERT OR REPLACE INTO shelf (key, value, until_s) VALUES (?, ?, ?) RETURNING version"


class SqliteShelf:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def get(self, key: str) -> Document | None:
        return await self._database.read(lambda connection: _get(connection, key, self._clock()))

    async def put(
        self, key: str, value: bytes, *, if_version: int | None = None, ttl_s: float = 0
    ) -> int | None:
        return await self._database.write(
            lambda connection: _put(connection, key, value, if_version, ttl_s, self._clock()), durable=True
        )

    async def delete(self, key: str) -> None:
        await self._database.write(
            lambda connection: connection.execute("DELETE FROM shelf WHERE key = ?", (key.encode(),)),
            durable=True,
        )

    async def list(self, prefix: str) -> list[Document]:
        return await self._database.read(lambda connection: _list(connection, prefix, self._clock()))


class SqliteBudgets:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def take(self, budget: str, rate: Rate, calls: int = 1) -> float:
        return await self._database.write(
            lambda connection: _take(connection, budget, rate, self._clock(), calls)
        )


def value_of(connection: sqlite3.Connection, key: str) -> bytes | None:
    """What stands there, expired or not."""
    row = connection.execute("SELECT value FROM shelf WHERE key = ?", (key.encode(),)).fetchone()
    return bytes(row[0]) if row else None


def delete_keys(connection: sqlite3.Connection, keys: Sequence[str]) -> None:
    connection.executemany("DELETE FROM shelf WHERE key = ?", [(key.encode(),) for key in keys])


def delete_prefix(connection: sqlite3.Connection, prefix: str) -> None:
    connection.execute("DELETE FROM shelf WHERE key >= ? AND key < ?", _range(prefix))


def _range(prefix: str) -> tuple[bytes, bytes]:
    """Before the second bound are all keys with this prefix: 0xff is no byte of UTF-8."""
    start = prefix.encode()
    return start, start + b"\xff"


def _get(connection: sqlite3.Connection, key: str, now_s: float) -> Document | None:
    row = connection.execute(_GET, (key.encode(), now_s)).fetchone()
    return Document(key, *row) if row else None


def _put(
    connection: sqlite3.Connection,
    key: str,
    value: bytes,
    if_version: int | None,
    ttl_s: float,
    now_s: float,
) -> int | None:
    connection.execute(_EXPIRE, (now_s,))
    if if_version is not None:
        there = _get(connection, key, now_s)
        if if_version != (there.version if there else 0):
            return None
    until_s = now_s + ttl_s if ttl_s else 0.0
    (version,) = connection.execute(_PUT, (key.encode(), value, until_s)).fetchone()
    return int(version)


def _list(connection: sqlite3.Connection, prefix: str, now_s: float) -> list[Document]:
    rows = connection.execute(_LIST, (*_range(prefix), now_s))
    return [Document(key.decode(), value, version) for key, value, version in rows]


def _take(connection: sqlite3.Connection, name: str, rate: Rate, now_s: float, calls: int) -> float:
    row = connection.execute("SELECT full_again_s FROM budgets WHERE name = ?", (name,)).fetchone()
    taken = budget.take(row[0] if row else 0.0, rate, now_s, calls)
    if taken.wait_s == 0:
        connection.execute("INSERT OR REPLACE INTO budgets VALUES (?, ?)", (name, taken.full_again_s))
    return taken.wait_s
