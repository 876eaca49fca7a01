"""Documents, budgets, and what stays when a store is closed."""

from __future__ import annotations

import asyncio

from penstock.core.budget import Rate
from penstock.core.ports import Document, Store
from penstock.errors import StoreError
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import (
    LEASE_S,
    ask,
    claim,
    question,
    refused,
    start,
    texts,
    turn_of,
    words,
)


async def a_document_is_kept_under_its_key(store: Store, clock: FakeClock) -> None:
    version = await store.shelf.put("a", b"\x00\xff")

    assert version
    assert await store.shelf.get("a") == Document("a", b"\x00\xff", version)
    assert await store.shelf.get("b") is None
    await store.shelf.delete("a")
    await store.shelf.delete("a")
    assert await store.shelf.get("a") is None


async def a_document_changes_only_from_the_version_seen(store: Store, clock: FakeClock) -> None:
    first = await store.shelf.put("a", b"1", if_version=0)
    assert first is not None
    assert await store.shelf.put("a", b"2", if_version=0) is None
    second = await store.shelf.put("a", b"2", if_version=first)
    assert second is not None

    assert await store.shelf.put("a", b"3", if_version=first) is None

    assert await store.shelf.get("a") == Document("a", b"2", second)
    assert await store.shelf.put("missing", b"1", if_version=second) is None


async def a_version_does_not_come_back(store: Store, clock: FakeClock) -> None:
    first = await store.shelf.put("a", b"1")
    await store.shelf.delete("a")
    await store.shelf.put("a", b"2")

    assert await store.shelf.put("a", b"3", if_version=first) is None


async def of_writers_that_race_one_changes_the_document(store: Store, clock: FakeClock) -> None:
    version = await store.shelf.put("a", b"0")

    won = await asyncio.gather(*(store.shelf.put("a", b"%d" % n, if_version=version) for n in range(5)))

    assert sum(each is not None for each in won) == 1


async def a_document_expires(store: Store, clock: FakeClock) -> None:
    await store.shelf.put("a", b"1", ttl_s=10)
    await store.shelf.put("kept", b"1")
    clock.advance(9)
    assert await store.shelf.get("a") is not None
    clock.advance(1)

    assert await store.shelf.get("a") is None
    assert [document.key for document in await store.shelf.list("")] == ["kept"]
    assert await store.shelf.put("a", b"2", if_version=0) is not None
    clock.advance(1000)
    assert await store.shelf.get("a") is not None, "the new one was put for good"


async def documents_are_listed_by_prefix_in_order(store: Store, clock: FakeClock) -> None:
    for key in ("b/2", "a/1", "b/10", "b", "b/é", "b/\U0010ffff", "B/1", "b/%", "c"):
        await store.shelf.put(key, key.encode())

    listed = [document.key for document in await store.shelf.list("b/")]

    assert listed == ["b/%", "b/10", "b/2", "b/é", "b/\U0010ffff"]
    assert await store.shelf.list("nothing") == []


async def a_budget_grants_its_burst_and_then_its_rate(store: Store, clock: FakeClock) -> None:
    rate = Rate(every_s=2.0, burst=3)
    waits = [await store.budgets.take("slack", rate) for _ in range(4)]
    assert waits[:3] == [0, 0, 0]
    assert abs(waits[3] - 2.0) < 0.01

    clock.advance(2)

    assert await store.budgets.take("slack", rate) == 0
    assert await store.budgets.take("slack", rate) > 0
    assert await store.budgets.take("another", rate) == 0


async def a_budget_refused_takes_nothing(store: Store, clock: FakeClock) -> None:
    rate = Rate(every_s=1.0, burst=2)

    assert await store.budgets.take("slack", rate, calls=3) > 0

    assert await store.budgets.take("slack", rate, calls=2) == 0


async def of_callers_that_race_the_budget_grants_its_burst(store: Store, clock: FakeClock) -> None:
    waits = await asyncio.gather(*(store.budgets.take("slack", Rate(1.0, 3)) for _ in range(10)))

    assert sum(wait_s == 0 for wait_s in waits) == 3


async def what_was_written_outlives_the_store(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
    await ask(store, "q2")
    version = await store.shelf.put("a", b"1")
    file = await store.blobs.put(b"data")

    await store.close()
    await store.open()

    assert await texts(store, turn_of("q1")) == ["a"]
    assert (await ask(store, "q2")).repeat
    assert await store.shelf.get("a") == Document("a", b"1", version or 0)
    assert await store.blobs.get(file) == b"data"


async def closing_finishes_what_was_asked_for(store: Store, clock: FakeClock) -> None:
    asking = [asyncio.create_task(ask(store, f"q{n}", thread=f"acme:web:{n}")) for n in range(20)]
    await asyncio.sleep(0)

    await store.close()

    assert [received.repeat for received in await asyncio.gather(*asking)] == [False] * 20
    await store.open()
    assert await store.turns.depth() == 20


async def a_closed_store_says_so(store: Store, clock: FakeClock) -> None:
    await store.close()
    await store.close()

    await refused(ask(store), StoreError)
    await refused(store.turns.read("t1"), StoreError)
    await refused(store.shelf.get("a"), StoreError)
    await store.open()
    await ask(store)
    assert (await claim(store)).questions == (question(),)


PROMISES = (
    a_document_is_kept_under_its_key,
    a_document_changes_only_from_the_version_seen,
    a_version_does_not_come_back,
    of_writers_that_race_one_changes_the_document,
    a_document_expires,
    documents_are_listed_by_prefix_in_order,
    a_budget_grants_its_burst_and_then_its_rate,
    a_budget_refused_takes_nothing,
    of_callers_that_race_the_budget_grants_its_burst,
    what_was_written_outlives_the_store,
    closing_finishes_what_was_asked_for,
    a_closed_store_says_so,
)
