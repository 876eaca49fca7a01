"""The two threads: transactions are shared, failures are not."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from penstock.core.budget import Rate
from penstock.core.events import Finished, Text
from penstock.core.ports import Batch
from penstock.core.turn import View
from penstock.errors import PenstockError, StoreError
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.database import Database, refuse_if_too_old
from penstock.testing.promises.vocabulary import LEASE_S, THREAD, ask, start, turn_of, words


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "store", busy_s=0.05)
    await database.open()
    yield database
    await database.close()


class Hold:
    """A job that keeps the writer busy until it is let go, so that others gather behind it."""

    def __init__(self, database: Database) -> None:
        self._begun = threading.Event()
        self._release = threading.Event()
        self._task = asyncio.create_task(database.write(self._wait))

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, 10)

    async def let_go(self) -> None:
        self._release.set()
        await self._task

    def _wait(self, connection: sqlite3.Connection) -> None:
        self._begun.set()
        assert self._release.wait(10)


def put(key: str) -> Callable[[sqlite3.Connection], None]:
    def act(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO budgets VALUES (?, 0)", (key,))

    return act


def keys(connection: sqlite3.Connection) -> list[str]:
    return [key for (key,) in connection.execute("SELECT name FROM budgets ORDER BY name")]


def synchronous(connection: sqlite3.Connection) -> int:
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    return int(level)


async def statements_of(database: Database, *jobs: Callable[[sqlite3.Connection], None]) -> list[str]:
    """Everything SQLite is told for these jobs, which come while the writer is busy."""
    heard: list[str] = []
    await database.write(lambda connection: connection.set_trace_callback(heard.append))
    hold = Hold(database)
    await hold.begun()
    heard.clear()
    waiting = [asyncio.create_task(database.write(job)) for job in jobs]
    await asyncio.sleep(0)
    await hold.let_go()
    await asyncio.gather(*waiting, return_exceptions=True)
    return heard


async def test_jobs_that_wait_together_are_committed_together(database: Database) -> None:
    heard = await statements_of(database, *(put(f"{n}") for n in range(20)))

    # The first COMMIT is of the job that kept the writer busy.
    assert heard.count("COMMIT") == 2
    assert await database.read(keys) == sorted(str(n) for n in range(20))


async def test_one_job_that_fails_hurts_no_other(database: Database) -> None:
    hold = Hold(database)
    await hold.begun()
    waiting = [asyncio.create_task(database.write(put(key))) for key in ("a", "b", "a", "c")]
    await asyncio.sleep(0)
    await hold.let_go()
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(result) for result in results] == [type(None), type(None), StoreError, type(None)]
    assert await database.read(keys) == ["a", "b", "c"]


async def test_what_a_job_did_before_it_failed_is_undone(database: Database) -> None:
    def half(connection: sqlite3.Connection) -> None:
        put("half")(connection)
        raise PenstockError("no")

    with pytest.raises(PenstockError, match="no"):
        await database.write(half)

    assert await database.read(keys) == []


async def test_a_job_runs_though_its_caller_has_gone(database: Database) -> None:
    hold = Hold(database)
    await hold.begun()
    gone = asyncio.create_task(database.write(put("a")))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await hold.let_go()

    await database.write(put("b"))

    assert await database.read(keys) == ["a", "b"]


async def test_only_what_must_survive_a_power_cut_waits_for_the_disk(database: Database) -> None:
    normal, full = 1, 2

    levels = [await database.write(synchronous, durable=durable) for durable in (False, True, True, False)]

    assert levels == [normal, full, full, normal]


async def test_one_durable_job_makes_its_whole_group_durable(database: Database) -> None:
    hold = Hold(database)
    await hold.begun()
    waiting = [asyncio.create_task(database.write(synchronous, durable=durable)) for durable in (False, True)]
    await asyncio.sleep(0)
    await hold.let_go()

    assert await asyncio.gather(*waiting) == [2, 2]


async def test_a_reader_sees_one_moment_and_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match="let this user write"):
        await database.read(put("a"))

    def twice(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
        before = keys(connection)
        with sqlite3.connect(database.file) as other:
            put("b")(other)
        other.close()
        return before, keys(connection)

    assert await database.read(twice) == ([], [])
    assert await database.read(keys) == ["b"]


async def test_a_fault_of_the_program_reaches_its_caller_alone(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await database.write(lambda connection: 1 / 0)

    await database.write(put("a"))
    assert await database.read(keys) == ["a"]


def levels_at_commits(heard: list[str]) -> list[str]:
    """How each transaction was flushed, read from what SQLite was told."""
    level, levels = "", []
    for statement in heard:
        if statement.startswith("PRAGMA synchronous = "):
            level = statement.removeprefix("PRAGMA synchronous = ")
        if statement == "COMMIT":
            levels.append(level)
    return levels


async def test_questions_ends_orders_documents_and_forgetting_are_durable(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    heard: list[str] = []
    await store.database.write(lambda connection: connection.set_trace_callback(heard.append))
    heard.clear()

    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
    await store.turns.stop(turn_of("q1"), "person")
    await store.turns.renew([begun.lease], LEASE_S)
    await store.turns.finish(Batch(begun.lease, 2, [Text("b"), Finished()]), "done", View(state="done"))
    await store.turns.claim(LEASE_S)
    await store.shelf.put("a", b"1")
    await store.budgets.take("slack", Rate(1.0))
    await store.threads.forget(THREAD)
    await store.close()

    full, normal = "FULL", "NORMAL"
    assert levels_at_commits(heard)[:9] == [full, normal, full, normal, full, normal, full, normal, full]


async def test_questions_that_arrive_together_share_a_flush(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    heard: list[str] = []
    await store.database.write(lambda connection: connection.set_trace_callback(heard.append))
    hold = Hold(store.database)
    await hold.begun()
    heard.clear()

    asking = [asyncio.create_task(ask(store, f"q{n}", thread=f"acme:web:{n}")) for n in range(10)]
    await asyncio.sleep(0)
    await hold.let_go()
    await asyncio.gather(*asking)
    await store.close()

    assert heard.count("COMMIT") == 2


def test_an_sqlite_that_is_too_old_is_told() -> None:
    refuse_if_too_old((3, 35, 0))

    with pytest.raises(StoreError, match=r"brings SQLite 3\.34\.1: use one with SQLite 3\.35"):
        refuse_if_too_old((3, 34, 1))


async def test_opening_twice_and_closing_twice_is_once(database: Database) -> None:
    await database.open()
    await database.write(put("a"))
    await database.close()
    await database.close()

    with pytest.raises(StoreError, match="is closed: open it first"):
        await database.read(keys)
