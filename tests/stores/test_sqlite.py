"""What is particular to the SQLite store, and the registry of stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.core.events import Text
from penstock.core.ports import Batch, Lease
from penstock.core.turn import View
from penstock.errors import ConfigError, StoreError
from penstock.stores import builder
from penstock.stores.sqlite import SqliteStore
from penstock.testing.promises.vocabulary import LEASE_S, ask, claim, give_back, start, texts, turn_of, words


async def test_sqlite_is_in_the_registry(tmp_path: Path) -> None:
    store = builder("sqlite")(tmp_path)
    await store.open()
    await ask(store)
    await store.close()

    assert (tmp_path / "penstock.db").exists()


def test_a_store_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ConfigError, match="Choose one of: sqlite"):
        builder("sqlight")


async def test_only_the_owner_of_the_folder_may_look_into_it(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store")
    await store.open()
    await store.close()

    assert (tmp_path / "store").stat().st_mode & 0o077 == 0


async def test_one_batch_is_one_row(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    begun = await start(store)
    await store.turns.append([Batch(begun.lease, 1, [Text(str(n)) for n in range(100)])], LEASE_S)

    rows = await store.database.read(
        lambda connection: connection.execute("SELECT first, last, attempt FROM log").fetchall()
    )
    await store.close()

    assert rows == [(1, 100, 1)]


async def test_however_many_turns_are_written_together_each_gets_its_own_words(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    # One statement of each size, and a second one of some.
    many = 2 * 64 + 16 + 2 * 4 + 3
    begun = [await start(store, f"q{n}", thread=f"acme:web:{n}") for n in range(many)]

    for first in (1, 2):
        orders = await store.turns.append(
            [words(claimed.lease, first, f"{claimed.lease.turn}.{first} ") for claimed in begun], LEASE_S
        )
        assert not any(order.lost for order in orders)

    for claimed in begun:
        turn = claimed.lease.turn
        assert await texts(store, turn) == [f"{turn}.1 ", f"{turn}.2 "]
        assert (await store.turns.read(turn)).turn.last == 2
    await store.close()


async def test_one_wrong_batch_refuses_the_whole_call(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    begun = await start(store)
    other = await start(store, "q2", thread="acme:web:2")

    with pytest.raises(StoreError, match="goes on at 1, this batch begins at 7"):
        await store.turns.append([words(other.lease, 1, "a"), words(begun.lease, 7, "b")], LEASE_S)

    assert await texts(store, turn_of("q2")) == []
    await store.close()


async def test_an_attempt_that_is_over_writes_no_more(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    begun = await start(store)
    again = Lease(begun.lease.turn, begun.lease.fence, 2)
    await store.turns.append([words(again, 1, "new")], LEASE_S)

    with pytest.raises(StoreError, match="Attempt 1 of turn t-q1 is over"):
        await store.turns.append([words(begun.lease, 2, "old")], LEASE_S)

    await store.close()


async def test_a_turn_is_not_finished_as_running(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    begun = await start(store)

    with pytest.raises(ValueError, match="not as running"):
        await store.turns.finish(words(begun.lease, 1, "a"), "running", View())

    await store.close()


async def test_claims_are_found_by_index(tmp_path: Path) -> None:
    """However many turns have ended, finding the next one costs the same."""
    store = SqliteStore(tmp_path)
    await store.open()
    heard: list[str] = []
    await store.database.write(lambda connection: connection.set_trace_callback(heard.append))
    await give_back(store, (await start(store)).lease)
    await claim(store)
    searches = {sql for sql in heard if "FROM turns" in sql and sql.lstrip().startswith("SELECT")}

    plans = await store.database.read(
        lambda connection: [
            step[3] for sql in searches for step in connection.execute("EXPLAIN QUERY PLAN " + sql).fetchall()
        ]
    )
    await store.close()

    # A partial index holds only the turns that are queued, or that run.
    assert {"SCAN t USING INDEX turns_queued", "SCAN t USING INDEX turns_running"} <= set(plans)
    assert not [step for step in plans if step in ("SCAN t", "SCAN turns", "SCAN e")]
