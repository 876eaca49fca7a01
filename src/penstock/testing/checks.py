"""Contract checks: what every adapter of a kind promises, held to it by plain functions.

    async def test_my_store_keeps_its_promises():
        await check_store(lambda clock: MyStore(fresh_place(), clock=clock))

They need no test framework, so an adapter in another repository can be held to them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from penstock.core.ports import Store
from penstock.testing.clock import FakeClock
from penstock.testing.promises import (
    claiming,
    keeping,
    listing,
    receiving,
    replacing,
    shelf,
    threads,
    writing,
)

OpenStore = Callable[[FakeClock], Store]
"""Makes a store over an empty place of its own, each time; it is opened and closed by the check."""

Promise = Callable[[Store, FakeClock], Awaitable[None]]

STORE_PROMISES: tuple[Promise, ...] = (
    *receiving.PROMISES,
    *claiming.PROMISES,
    *writing.PROMISES,
    *replacing.PROMISES,
    *threads.PROMISES,
    *keeping.PROMISES,
    *listing.PROMISES,
    *shelf.PROMISES,
)


async def check_store(open_store: OpenStore) -> None:
    """Raises an AssertionError that names the promise which is not kept."""
    for promise in STORE_PROMISES:
        await check_promise(promise, open_store)


async def check_promise(promise: Promise, open_store: OpenStore) -> None:
    clock = FakeClock()
    store = open_store(clock)
    await store.open()
    try:
        await promise(store, clock)
    except Exception as exc:
        raise AssertionError(f"{sentence(promise)}: {exc!r}") from exc
    finally:
        await store.close()


def sentence(promise: Promise) -> str:
    name: str = getattr(promise, "__name__", repr(promise))
    return name.replace("_", " ")
