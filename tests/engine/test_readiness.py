"""Whether a question could be written down: found out by writing, and not with every look."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from penstock.engine.readiness import Readiness
from penstock.errors import PenstockError, StoreCorrupt, StoreError, StoreFull, StoreLocked
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.shelf import SqliteShelf
from penstock.testing.clock import FakeClock


class Failing(SqliteShelf):
    """Can be read as ever, and fails to write with `error` once it is given one."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store.database, lambda: 0.0)
        self.error: PenstockError | None = None
        self.writes = 0

    async def put(
        self, key: str, value: bytes, *, if_version: int | None = None, ttl_s: float = 0
    ) -> int | None:
        self.writes += 1
        if self.error:
            raise self.error
        return await super().put(key, value, if_version=if_version, ttl_s=ttl_s)


@pytest.mark.parametrize("kind", [StoreFull, StoreLocked, StoreCorrupt])
async def test_a_store_that_is_read_as_ever_and_takes_no_write_is_not_ready(
    tmp_path: Path, kind: type[StoreError]
) -> None:
    store, clock = SqliteStore(tmp_path), FakeClock()
    shelf = store.shelf = Failing(store)
    await store.open()
    readiness = Readiness(store, clock)
    await readiness.check()
    shelf.error = kind("no")
    clock.advance(6)

    for _ in range(2):
        with pytest.raises(kind):
            await readiness.check()

    shelf.error = None
    clock.advance(6)
    await readiness.check()
    await store.close()


async def test_however_often_it_is_asked_it_writes_only_now_and_then(tmp_path: Path) -> None:
    store, clock = SqliteStore(tmp_path), FakeClock()
    shelf = store.shelf = Failing(store)
    await store.open()
    readiness = Readiness(store, clock)

    for _ in range(3):
        await asyncio.gather(*(readiness.check() for _ in range(10)))
        clock.advance(6)

    assert shelf.writes == 3
    assert len(await shelf.list("penstock/")) == 1
    await store.close()


async def test_a_closed_store_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="closed"):
        await Readiness(SqliteStore(tmp_path), FakeClock()).check()
