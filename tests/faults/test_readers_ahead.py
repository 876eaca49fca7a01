"""Readers ahead of what the engine has published: what servers that were killed at random found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from penstock.core.cursor import Begun, Cursor
from penstock.core.events import Cited, Event, Passage, Status, Text
from penstock.core.ports import Batch, Claim, Lease, Orders, TurnInfo
from penstock.core.turn import State, View
from penstock.engine.bells import Bells
from penstock.engine.live import Live
from penstock.errors import CursorInvalid
from penstock.models.function import Function
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.turns import SqliteTurns
from tests.engine.conftest import ANN, Stage


def taken_over() -> Live:
    """The second attempt at a turn, of whose first the journal got three entries."""
    turn = TurnInfo("t", "acme:web:1", "running", attempt=2, last=3, begins=(Begun(1, 1),), asked_s=0.0)
    return Live(Claim(Lease("t", 2, 2), turn, (), until_s=10.0), (), Bells(), now_s=0.0)


def test_who_saw_more_than_was_journaled_waits_until_the_turn_is_taken_over() -> None:
    assert taken_over().resume(Cursor("t", 1, 9)) == 9


def test_a_future_of_the_attempt_under_way_is_refused() -> None:
    with pytest.raises(CursorInvalid):
        taken_over().resume(Cursor("t", 2, 9))


class HeldAppend(SqliteTurns):
    """Writes a citation down, and says so to the engine only when it is let go on."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store.database, time.time)
        self.written_down = asyncio.Event()
        self.go_on = asyncio.Event()

    async def append(self, batches: Sequence[Batch], lease_s: float) -> list[Orders]:
        orders = await super().append(batches, lease_s)
        if any(type(event) is Cited for batch in batches for event in batch.events):
            self.written_down.set()
            await self.go_on.wait()
        return orders


class HeldFinish(SqliteTurns):
    """Does not write an end until it is let go on."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store.database, time.time)
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def finish(self, batch: Batch, state: State, view: View) -> Orders:
        self.asked.set()
        await self.go_on.wait()
        return await super().finish(batch, state, view)


_WORDS = 300


async def tell(question: str) -> AsyncIterator[str | Event]:
    for n in range(_WORDS):
        yield f"{n} "
        if n == _WORDS // 2:
            # Written down at once, and with it all before: that leaves memory, so that a late reader
            # is served from the store.
            yield Status("Thinking…")
    yield Cited(1, Passage("a.md", "a passage"))


async def test_a_reader_may_get_from_the_store_what_is_not_published_yet(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    turns = store.turns = HeldAppend(store)
    async with Stage(tmp_path).story(Function(tell), store=store) as story:
        turn = (await story.ask()).turn.id
        await turns.written_down.wait()

        async with aclosing(story.engine.follow(ANN, turn)) as news:
            seen = await anext(news)
            later = asyncio.ensure_future(anext(news))
            turns.go_on.set()
            rest = [*await later, *[entry async for entries in news for entry in entries]]

    assert type(seen[-1].event) is Cited
    assert [e.number for e in [*seen, *rest]] == list(range(1, _WORDS + 4))
    assert sum(type(e.event) is Text for e in [*seen, *rest]) == _WORDS


async def test_nobody_is_told_of_an_end_before_it_is_written_down(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    turns = store.turns = HeldFinish(store)
    async with Stage(tmp_path).story(Function(tell), store=store) as story:
        turn = (await story.ask()).turn.id
        await turns.asked.wait()

        info, view = await story.engine.turn(ANN, turn)
        turns.go_on.set()
        settled = await story.view(turn)

    assert (info.state, view.done) == ("running", False)
    assert settled.done
