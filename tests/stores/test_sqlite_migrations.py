"""The schema, from every earlier version to today's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from penstock.core.events import Finished, Text, Usage, encode_batch
from penstock.core.ports import Written
from penstock.core.question import Question, Thread
from penstock.core.turn import View
from penstock.errors import StoreCorrupt
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.schema import MIGRATIONS, Migration, migrate, version_of
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import ANN, ask, claim, end, question


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


# What version 1 kept of two conversations: one ended, one whose answer was under way when it was upgraded.
_VERSION_1 = """
INSERT INTO threads VALUES
    ('acme:web:1', 'acme', 'ann', 10.0, 20.0), ('acme:web:2', 'acme', 'ann', 15.0, 15.0);
INSERT INTO turns (seq, id, thread, tenant, person, asked_s, state, attempt, fence, last, begins) VALUES
    (1, 't1', 'acme:web:1', 'acme', 'ann', 10.0, 'done', 1, 1, 2, '[[1,1]]'),
    (2, 't2', 'acme:web:2', 'acme', 'ann', 15.0, 'running', 1, 1, 1, '[[1,1]]'),
    (3, 't3', 'acme:web:1', 'acme', 'ann', 20.0, 'failed', 1, 1, 0, '[]');
INSERT INTO log (turn, first, last, attempt, version, payload) VALUES
    (1, 1, 2, 1, 1, :answer), (2, 1, 1, 1, 1, :words);
INSERT INTO views VALUES (1, :done), (3, :failed);
INSERT INTO questions (id, turn, digest, body) VALUES
    ('q1', 1, :digest_1, :question_1), ('q2', 2, :digest_2, :question_2), ('q3', 3, :digest_3, :question_3);
"""


def _as_version_1_wrote_it(connection: sqlite3.Connection) -> list[Question]:
    asked = [
        question("q1", text="How much\nLEAVE?"),
        question("q2", thread="acme:web:2", text="**Prices** für Köln"),
        question("q3", text="And in December?"),
    ]
    named: dict[str, object] = {
        "answer": encode_batch([Text("30 days"), Finished()]),
        "words": encode_batch([Text("In Kö")]),
        "done": msgspec.json.encode(View(state="done", text="30 days", usage=Usage("m-1"))),
        "failed": msgspec.json.encode(View(state="failed")),
    }
    for n, each in enumerate(asked, 1):
        named[f"question_{n}"] = msgspec.json.encode(each)
        named[f"digest_{n}"] = each.digest
    migrate(connection, MIGRATIONS[:1])
    for statement in _VERSION_1.split(";"):
        connection.execute(statement, named)
    return asked


async def test_what_version_1_kept_is_listed_found_and_answered_on(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    asked = _as_version_1_wrote_it(connection)
    connection.close()
    clock = FakeClock(1_000.0)
    store = SqliteStore(tmp_path, clock=clock)

    await store.open()

    listed = await store.threads.listed(ANN)
    assert listed == [
        Thread("acme:web:1", "acme", "ann", 10.0, 20.0, "How much"),
        Thread("acme:web:2", "acme", "ann", 15.0, 15.0, "Prices für Köln"),
    ]
    for words, found in (("leave", listed[:1]), ("december", listed[:1]), ("KOLN", listed[1:])):
        assert await store.threads.listed(ANN, words=words) == found
    shown = await store.threads.transcript("acme:web:1")
    assert [each.questions for each in shown] == [(asked[0],), (asked[2],)]
    assert [(each.turn.ended_s, each.turn.replaces) for each in shown] == [(0.0, "")] * 2
    assert [(each.turn.id, each.model) for each in await store.turns.recent()] == [
        ("t3", ""),
        ("t2", ""),
        ("t1", "m-1"),
    ]
    assert await store.turns.written("t1") == [Written(0.0, 1, 1, (Text("30 days"), Finished()))]
    assert (await ask(store, "q1", text=asked[0].text)).repeat
    taken = await claim(store, "t2")
    await end(store, taken.lease, 2)
    assert [each.at_s for each in await store.turns.written("t2")] == [0.0, clock()]
    assert (await store.turns.read("t2")).turn.ended_s == clock()
    assert await store.threads.forget("acme:web:1") == ["t1", "t3"]
    assert await store.threads.listed(ANN, words="leave") == []
    await store.close()


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
