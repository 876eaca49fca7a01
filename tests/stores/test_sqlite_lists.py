"""How SQLite lists and searches: by index, in stretches, and nothing that was forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from penstock.core.ports import Store
from penstock.stores.sqlite import SqliteStore
from penstock.testing.promises.vocabulary import ANN, THREAD, ask


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path)
    await store.open()
    yield store
    await store.close()


def _many_threads(connection: sqlite3.Connection, count: int) -> None:
    """Every fifth is about a needle, and two at a time were asked in at the same moment; an odd number,
    so that a stretch ends between two of those."""
    connection.executemany(
        "INSERT INTO threads VALUES (?, 'acme', 'ann', 0, ?, '', 0)",
        [(f"acme:web:{n:05}", n // 2) for n in range(count)],
    )
    connection.executemany(
        "INSERT INTO findable VALUES (?, 1, ?)",
        [(f"acme:web:{n:05}", "a needle" if n % 5 == 0 else "hay") for n in range(count)],
    )


async def test_a_search_goes_on_from_stretch_to_stretch(store: SqliteStore) -> None:
    await store.database.write(lambda connection: _many_threads(connection, 4_501))
    wanted = [f"acme:web:{n:05}" for n in reversed(range(0, 4_501, 5))]

    everywhere = await store.threads.listed(ANN, words="needle", limit=1_000)
    some = await store.threads.listed(ANN, words="needle", limit=500)
    rest = await store.threads.listed(ANN, words="needle", before=some[-1].key, limit=500)

    assert [thread.key for thread in everywhere] == wanted
    assert [thread.key for thread in some + rest] == wanted
    assert await store.threads.listed(ANN, words="nowhere") == []


async def test_a_search_for_very_many_words_is_one_like_any_other(store: SqliteStore) -> None:
    await ask(store, text="a b c")

    assert len(await store.threads.listed(ANN, words="a b c " * 2_000)) == 1
    assert await store.threads.listed(ANN, words="a b c d " * 2_000) == []


async def test_words_that_are_only_signs_find_what_has_them(store: SqliteStore) -> None:
    await ask(store, text="100% or 'quoted' -- \"twice\"")

    for words in ("%", "'", '"', "--", "\u0301"):
        assert len(await store.threads.listed(ANN, words=words)) == 1, words
    for words in ("_", "\\", "100 %%"):
        assert await store.threads.listed(ANN, words=words) == [], words


LISTS: dict[str, tuple[Callable[[Store], Awaitable[object]], str]] = {
    "a person's threads": (lambda store: store.threads.listed(ANN), "USING INDEX threads_by_owner"),
    "everybody's threads": (lambda store: store.threads.listed(None), "USING INDEX threads_by_age"),
    "a search": (lambda store: store.threads.listed(ANN, words="a"), "USING INDEX findable_of_thread"),
    "the bin": (lambda store: store.threads.forget_binned(1.0), "USING INDEX threads_in_bin"),
    "turns that failed": (lambda store: store.turns.recent(states=["failed"]), "USING INDEX turns_failed"),
    "turns that were stopped": (
        lambda store: store.turns.recent(states=["stopped"]),
        "USING INDEX turns_stopped",
    ),
    "turns that run": (lambda store: store.turns.recent(states=["running"]), "USING INDEX turns_running"),
    "all turns": (lambda store: store.turns.recent(), "t USING INTEGER PRIMARY KEY (rowid<?)"),
}


@pytest.mark.parametrize(("listed", "index"), LISTS.values(), ids=LISTS)
async def test_lists_are_read_by_index(
    store: SqliteStore, listed: Callable[[Store], Awaitable[object]], index: str
) -> None:
    """However long they grow, a page costs the same."""
    heard: list[str] = []
    await store.database.read(lambda connection: connection.set_trace_callback(heard.append))
    await listed(store)
    await store.database.read(lambda connection: connection.set_trace_callback(None))

    plans = await store.database.read(
        lambda connection: [
            step[3]
            for sql in heard
            if sql.lstrip().startswith("SELECT")
            for step in connection.execute("EXPLAIN QUERY PLAN " + sql).fetchall()
        ]
    )

    assert any(index in step.replace("COVERING ", "") for step in plans), plans
    whole = [step for step in plans if step in ("SCAN h", "SCAN threads", "SCAN t", "SCAN q", "SCAN f")]
    assert not whole, plans
    assert not [step for step in plans if step == "USE TEMP B-TREE FOR ORDER BY"], plans


async def test_nothing_of_a_forgotten_thread_can_be_found_in_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    await ask(store, text="Xylophone prices")
    await ask(store, "q2", text="Xylophone lessons")
    await store.threads.rename(THREAD, "My xylophone")
    await store.close()
    assert b"xylophone" in (tmp_path / "penstock.db").read_bytes().lower()

    await store.open()
    await store.threads.forget(THREAD)
    await store.close()

    assert b"xylophone" not in (tmp_path / "penstock.db").read_bytes().lower()
