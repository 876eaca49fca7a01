"""The schema, from every earlier version to today's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from penstock.errors import StoreCorrupt
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.schema import MIGRATIONS, Migration, migrate, version_of
from penstock.testing.promises.vocabulary import ask


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "penstock.db", isolation_level=None)) as connection:
        yield connection


def schema_of(connection: sqlite3.Connection) -> list[str]:
    return [
        sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql <> '' ORDER BY name")
    ]


@pytest.mark.parametrize("version", range(len(MIGRATIONS) + 1))
async def test_every_earlier_version_becomes_todays(
    version: int, connection: sqlite3.Connection, tmp_path: Path
) -> None:
    migrate(connection, MIGRATIONS[:version])
    assert version_of(connection) == version
    connection.close()

    store = SqliteStore(tmp_path)
    await store.open()
    received = await ask(store)
    found = await store.database.read(schema_of)
    await store.close()

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh)
        assert found == schema_of(fresh)
    assert not received.repeat


def test_migrations_go_forward_one_by_one(connection: sqlite3.Connection) -> None:
    steps: tuple[Migration, ...] = (
        ("CREATE TABLE a (x)", "INSERT INTO a VALUES (1)"),
        ("ALTER TABLE a ADD COLUMN y DEFAULT 2",),
        ("UPDATE a SET y = y + x",),
    )

    for known in range(4):
        migrate(connection, steps[:known])
        migrate(connection, steps[:known])

    assert version_of(connection) == 3
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, 3)]


def test_a_migration_that_fails_leaves_the_version_before_it(connection: sqlite3.Connection) -> None:
    good: Migration = ("CREATE TABLE a (x)",)
    bad: Migration = ("CREATE TABLE b (x)", "CREATE TABLE a (x)")

    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (good, bad))

    assert version_of(connection) == 1
    assert schema_of(connection) == ["CREATE TABLE a (x)"]


async def test_a_newer_database_asks_for_an_upgrade(connection: sqlite3.Connection, tmp_path: Path) -> None:
    migrate(connection)
    connection.execute("PRAGMA user_version = 1000")

    with pytest.raises(StoreCorrupt, match="upgrade Penstock"):
        await SqliteStore(tmp_path).open()


async def test_another_programs_database_is_left_alone(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    connection.execute("CREATE TABLE theirs (x)")

    with pytest.raises(StoreCorrupt, match="another program"):
        await SqliteStore(tmp_path).open()

    assert schema_of(connection) == ["CREATE TABLE theirs (x)"]
