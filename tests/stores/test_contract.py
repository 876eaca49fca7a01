"""Every store keeps the same promises."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from penstock.core.ports import Batch, Lease, Orders, Store
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.turns import SqliteTurns
from penstock.testing.checks import (
    STORE_PROMISES,
    OpenStore,
    Promise,
    check_promise,
    check_store,
    sentence,
)
from penstock.testing.clock import FakeClock


@pytest.fixture
def open_sqlite(tmp_path: Path) -> OpenStore:
    numbers = itertools.count()
    return lambda clock: SqliteStore(tmp_path / str(next(numbers)), clock=clock)


STORES = ["sqlite"]


@pytest.mark.parametrize("promise", STORE_PROMISES, ids=sentence)
@pytest.mark.parametrize("name", STORES)
async def test_a_store_keeps_its_promises(
    name: str, promise: Promise, request: pytest.FixtureRequest
) -> None:
    await check_promise(promise, request.getfixturevalue(f"open_{name}"))


async def test_the_check_runs_them_all(open_sqlite: OpenStore) -> None:
    opened = []

    def noted(clock: FakeClock) -> Store:
        opened.append(clock)
        return open_sqlite(clock)

    await check_store(noted)

    assert len(opened) == len(STORE_PROMISES)


class _Deaf(SqliteTurns):
    """Never tells a late worker that it lost the turn."""

    async def renew(self, leases: Sequence[Lease], lease_s: float) -> list[Orders]:
        return [Orders(until_s=self._clock() + lease_s) for _ in leases]


class _Doubling(SqliteTurns):
    """Writes a batch under new numbers when it is repeated."""

    async def append(self, batches: Sequence[Batch], lease_s: float) -> list[Orders]:
        moved = []
        for batch in batches:
            turn = batch.lease.turn
            last = (await self.read(turn)).turn.last if turn != "never-was" else 0
            moved.append(Batch(batch.lease, last + 1, batch.events))
        return await super().append(moved, lease_s)


@pytest.mark.parametrize(
    ("faulty", "promise"),
    [(_Deaf, "a worker that wakes late is refused"), (_Doubling, "a batch written again counts as written")],
)
async def test_the_check_names_the_promise_that_is_broken(
    tmp_path: Path, faulty: Callable[..., SqliteTurns], promise: str
) -> None:
    def open_faulty(clock: FakeClock) -> Store:
        store = SqliteStore(tmp_path, clock=clock)
        store.turns = faulty(store.database, clock)
        return store

    (broken,) = [each for each in STORE_PROMISES if sentence(each) == promise]

    with pytest.raises(AssertionError, match=promise):
        await check_promise(broken, open_faulty)
