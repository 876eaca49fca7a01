"""What is sealed comes back as it was, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from penstock.core.question import Person, Visitor
from penstock.server.auth.seal import Seal
from penstock.server.auth.sessions import Session, Sessions
from penstock.server.auth.tickets import TICKET_S, Tickets
from penstock.server.problems import NotSignedIn
from penstock.stores.sqlite import SqliteStore
from penstock.testing.clock import FakeClock

ANN = Visitor(Person("acme", "ann", "Ann"), admin=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path, clock=clock)
    await store.open()
    yield store
    await store.close()


# --- Seal ---------------------------------------------------------------------


async def test_what_was_sealed_is_opened_by_every_process_on_the_store(store: SqliteStore) -> None:
    first, second = Seal(store.shelf), Seal(store.shelf)
    both = await asyncio.gather(first.sealed("a", b"words"), second.sealed("a", b"words"))

    assert both[0] == both[1], "they agreed on one secret"
    assert await second.opened("a", both[0]) == await Seal(store.shelf).opened("a", both[0]) == b"words"


async def test_what_was_changed_anywhere_or_is_for_something_else_is_not_opened(store: SqliteStore) -> None:
    seal = Seal(store.shelf)
    text = await seal.sealed("a", b"words")

    changed = [text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :] for at in range(len(text))]
    for wrong in [
        *changed,
        "",
        ".",
        "..",
        text + ".",
        text + "=",
        text[:-1],
        text.split(".")[0] + ".",
        "é.é",
    ]:
        assert await seal.opened("a", wrong) is None, wrong
    assert await seal.opened("b", text) is None


# --- Tickets ------------------------------------------------------------------


async def test_a_ticket_says_whose_it_is_once(store: SqliteStore, clock: FakeClock) -> None:
    tickets = Tickets(store.shelf, Seal(store.shelf), clock)
    ticket = await tickets.give(ANN)

    taken = await asyncio.gather(*(tickets.taken(ticket) for _ in range(5)), return_exceptions=True)

    assert taken.count(ANN) == 1
    assert sum(isinstance(one, NotSignedIn) for one in taken) == 4


async def test_a_ticket_is_good_for_thirty_seconds(store: SqliteStore, clock: FakeClock) -> None:
    tickets = Tickets(store.shelf, Seal(store.shelf), clock)
    first, second = await tickets.give(ANN), await tickets.give(ANN)

    clock.advance(TICKET_S)
    assert await tickets.taken(first) == ANN

    clock.advance(0.001)
    with pytest.raises(NotSignedIn):
        await tickets.taken(second)


async def test_a_used_ticket_is_remembered_for_longer_than_it_could_be_used(
    store: SqliteStore, clock: FakeClock
) -> None:
    tickets = Tickets(store.shelf, Seal(store.shelf), clock)
    ticket = await tickets.give(ANN)
    await tickets.taken(ticket)

    clock.advance(TICKET_S * 0.99)

    with pytest.raises(NotSignedIn):
        await tickets.taken(ticket)
    clock.advance(3600)
    await store.shelf.put("anything", b"")
    assert await store.shelf.list("ticket/") == [], "and forgotten in the end"


async def test_a_ticket_of_another_server_opens_nothing(
    store: SqliteStore, tmp_path: Path, clock: FakeClock
) -> None:
    elsewhere = SqliteStore(tmp_path / "elsewhere", clock=clock)
    await elsewhere.open()
    theirs = await Tickets(elsewhere.shelf, Seal(elsewhere.shelf), clock).give(ANN)
    await elsewhere.close()

    with pytest.raises(NotSignedIn):
        await Tickets(store.shelf, Seal(store.shelf), clock).taken(theirs)


async def test_what_was_sealed_for_something_else_is_no_ticket(store: SqliteStore, clock: FakeClock) -> None:
    seal = Seal(store.shelf)
    said = await seal.opened("ticket", await Tickets(store.shelf, seal, clock).give(ANN))
    assert said is not None

    with pytest.raises(NotSignedIn):
        await Tickets(store.shelf, seal, clock).taken(await seal.sealed("login", said))


# --- Sessions -----------------------------------------------------------------


async def test_a_session_ends_when_its_hours_are_over(store: SqliteStore, clock: FakeClock) -> None:
    sessions = Sessions(store.shelf, ttl_s=3600)
    held = await sessions.begin(Session(ANN, "w"))

    clock.advance(3599)
    assert await sessions.of(held) == Session(ANN, "w")
    clock.advance(1)
    assert await sessions.of(held) is None


async def test_what_the_browser_holds_is_not_what_the_shelf_does(store: SqliteStore) -> None:
    sessions = Sessions(store.shelf, ttl_s=3600)
    held = await sessions.begin(Session(ANN, "w"))

    (document,) = await store.shelf.list("session/")

    assert held not in f"{document.key} {document.value!r}"
    assert await sessions.of(document.key.partition("/")[2]) is None
    assert await sessions.of("") is None


async def test_every_session_is_another_and_ends_by_itself(store: SqliteStore) -> None:
    sessions = Sessions(store.shelf, ttl_s=3600)
    first, second = [await sessions.begin(Session(ANN, "w")) for _ in range(2)]
    await sessions.end(first)

    assert first != second
    assert len(second) >= 43, "256 bits"
    assert await sessions.of(first) is None
    assert await sessions.of(second) is not None
