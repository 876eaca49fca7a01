"""Logs: appended whole or not at all, read by number, closed by the end."""

from __future__ import annotations

import asyncio

from penstock.core.cursor import Begun
from penstock.core.events import (
    Cited,
    Entry,
    Event,
    Failed,
    Finished,
    Noted,
    Passage,
    Restarted,
    StepDone,
    Text,
    Usage,
)
from penstock.core.ports import Batch, Lease, Store
from penstock.core.turn import View
from penstock.errors import NotFound, StoreError
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import (
    LEASE_S,
    THREAD,
    ask,
    claim,
    end,
    give_back,
    refused,
    start,
    texts,
    turn_of,
    words,
)


async def the_log_gives_back_what_was_appended(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    events: list[Event] = [
        Text("Grüße 🙂"),
        Cited(1, Passage("a.md", "text", "Heading", 0.5)),
        Noted("trimmed", {"turns": 3, "why": None}),
        Usage("m", 10, 20),
        StepDone(),
    ]

    await store.turns.append([Batch(begun.lease, 1, events[:2]), Batch(begun.lease, 3, events[2:])], LEASE_S)

    page = await store.turns.read(turn_of("q1"))
    assert page.entries == [Entry(n, 1, event) for n, event in enumerate(events, 1)]
    assert (page.turn.state, page.turn.last, page.turn.begins) == ("running", 5, (Begun(1, 1),))


async def many_turns_are_written_in_one_call(store: Store, clock: FakeClock) -> None:
    begun = [await start(store, f"q{n}", thread=f"acme:web:{n}") for n in range(3)]
    lost = Lease("never-was", 1, 1)
    batches = [words(each.lease, 1, each.turn.id) for each in begun]

    orders = await store.turns.append([batches[0], words(lost, 1, "a"), *batches[1:]], LEASE_S)

    assert [order.lost for order in orders] == [False, True, False, False]
    for each in begun:
        assert await texts(store, each.turn.id) == [each.turn.id]


async def appending_renews_the_lease(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    clock.advance(LEASE_S - 1)

    (orders,) = await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)

    assert orders.until_s == clock() + LEASE_S
    clock.advance(LEASE_S - 1)
    assert await store.turns.claim(LEASE_S) is None


async def a_batch_written_again_counts_as_written(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    batch = words(begun.lease, 1, "a", "b")
    await store.turns.append([batch], LEASE_S)
    await store.turns.append([words(begun.lease, 3, "c")], LEASE_S)

    (orders,) = await store.turns.append([batch], LEASE_S)

    assert not orders.lost
    assert await texts(store, turn_of("q1")) == ["a", "b", "c"]


async def a_batch_out_of_place_is_refused(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "a", "b")], LEASE_S)

    for wrong in (
        words(begun.lease, 4, "a hole"),
        words(begun.lease, 2, "another b"),
        words(begun.lease, 1, "a", "b", "more"),
    ):
        await refused(store.turns.append([wrong], LEASE_S), StoreError)
        await refused(store.turns.finish(wrong, "done", View(state="done")), StoreError)

    page = await store.turns.read(turn_of("q1"))
    assert (page.turn.last, page.turn.state) == (2, "running")
    assert await texts(store, turn_of("q1")) == ["a", "b"]


async def an_attempt_begins_with_its_first_entry(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
    await give_back(store, begun.lease, 2)
    silent = await claim(store)
    assert silent.turn.begins == (Begun(1, 1),)
    clock.advance(LEASE_S)
    third = await claim(store)
    await store.turns.append([Batch(third.lease, 2, [Restarted(3), Text("b")])], LEASE_S)

    page = await store.turns.read(turn_of("q1"))

    assert (page.turn.attempt, page.turn.begins) == (3, (Begun(1, 1), Begun(3, 2)))
    assert [entry.attempt for entry in page.entries] == [1, 3, 3]


async def a_worker_may_begin_a_new_attempt_itself(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
    again = Lease(begun.lease.turn, begun.lease.fence, begun.lease.attempt + 1)

    (orders,) = await store.turns.append([Batch(again, 2, [Restarted(2)])], LEASE_S)

    assert not orders.lost
    info = (await store.turns.read(turn_of("q1"))).turn
    assert (info.attempt, info.tries, info.begins) == (2, 2, (Begun(1, 1), Begun(2, 2)))
    clock.advance(LEASE_S)
    assert (await claim(store)).lease.attempt == 3


async def a_turn_ends_with_its_last_events(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    view = View(state="failed", text="so far", error_code="model", error="It broke.", usage=Usage("m", 1, 2))
    last = Batch(begun.lease, 1, [Text("so far"), Failed("model", "It broke.")])

    orders = await store.turns.finish(last, "failed", view)

    assert not orders.lost
    page = await store.turns.read(turn_of("q1"))
    assert (page.turn.state, page.turn.last) == ("failed", 2)
    assert page.entries[-1] == Entry(2, 1, Failed("model", "It broke."))
    (exchange,) = await store.threads.transcript(THREAD)
    assert exchange.view == view


async def after_the_end_nothing_is_written(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await end(store, begun.lease)

    (appended,) = await store.turns.append([words(begun.lease, 2, "more")], LEASE_S)
    (renewed,) = await store.turns.renew([begun.lease], LEASE_S)
    finished = await store.turns.finish(words(begun.lease, 2, "more"), "failed", View(state="failed"))

    assert appended.lost
    assert renewed.lost
    assert finished.lost
    page = await store.turns.read(turn_of("q1"))
    assert (page.turn.state, page.turn.last) == ("done", 1)


async def finishing_again_counts_as_done(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    last = Batch(begun.lease, 1, [Text("a"), Finished()])
    await store.turns.finish(last, "done", View(state="done", text="a"))

    again = await store.turns.finish(last, "done", View(state="done", text="a"))

    assert not again.lost
    assert len((await store.turns.read(turn_of("q1"))).entries) == 2


async def giving_back_again_counts_as_done(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await give_back(store, begun.lease)

    await give_back(store, begun.lease)

    assert (await claim(store)).turn.given_back == 1


async def who_lost_the_turn_cannot_end_it(store: Store, clock: FakeClock) -> None:
    late = await start(store)
    clock.advance(LEASE_S)
    taken = await claim(store)

    ended = await store.turns.finish(Batch(late.lease, 1, [Finished()]), "done", View(state="done"))
    returned = await store.turns.finish(Batch(late.lease, 1, []), "queued", View())

    assert ended.lost
    assert returned.lost
    assert (await store.turns.read(turn_of("q1"))).turn.state == "running"
    await end(store, taken.lease)


async def a_reader_goes_on_from_any_number(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    for first in range(1, 13, 3):
        await store.turns.append([words(begun.lease, first, "a", "b", "c")], LEASE_S)

    for after in range(14):
        page = await store.turns.read(turn_of("q1"), after)
        assert [entry.number for entry in page.entries] == list(range(after + 1, 13))


async def a_long_log_is_read_in_pages(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    for first in range(1, 60, 2):
        await store.turns.append([words(begun.lease, first, str(first), str(first + 1))], LEASE_S)

    numbers: list[int] = []
    pages = 0
    while page := (await store.turns.read(turn_of("q1"), len(numbers), limit=7)).entries:
        numbers += [entry.number for entry in page]
        pages += 1

    assert numbers == list(range(1, 61))
    assert pages > 1


async def what_never_was_cannot_be_read(store: Store, clock: FakeClock) -> None:
    await refused(store.turns.read("never-was"), NotFound)


async def of_two_workers_that_race_to_write_one_writes(store: Store, clock: FakeClock) -> None:
    late = await start(store)
    clock.advance(LEASE_S)

    taken, (orders,) = await asyncio.gather(
        store.turns.claim(LEASE_S), store.turns.append([words(late.lease, 1, "late")], LEASE_S)
    )

    assert (taken is None) != orders.lost, "either it was taken over, or the late worker writes on"
    assert await texts(store, turn_of("q1")) == ([] if orders.lost else ["late"])


async def no_calls_mean_no_orders(store: Store, clock: FakeClock) -> None:
    assert await store.turns.append([], LEASE_S) == []
    assert await store.turns.renew([], LEASE_S) == []


async def a_turn_that_waited_writes_on_after_waiting(store: Store, clock: FakeClock) -> None:
    await end(store, (await start(store)).lease)
    other = await start(store, "q2")
    await ask(store, "q3")
    await end(store, other.lease)
    waited = await claim(store)

    await end(store, waited.lease, waited.turn.last + 1)

    info = (await store.turns.read(turn_of("q3"))).turn
    assert info.begins == (Begun(0, 1), Begun(1, 2))


PROMISES = (
    the_log_gives_back_what_was_appended,
    many_turns_are_written_in_one_call,
    appending_renews_the_lease,
    a_batch_written_again_counts_as_written,
    a_batch_out_of_place_is_refused,
    an_attempt_begins_with_its_first_entry,
    a_worker_may_begin_a_new_attempt_itself,
    a_turn_ends_with_its_last_events,
    after_the_end_nothing_is_written,
    finishing_again_counts_as_done,
    giving_back_again_counts_as_done,
    who_lost_the_turn_cannot_end_it,
    a_reader_goes_on_from_any_number,
    a_long_log_is_read_in_pages,
    what_never_was_cannot_be_read,
    of_two_workers_that_race_to_write_one_writes,
    no_calls_mean_no_orders,
    a_turn_that_waited_writes_on_after_waiting,
)
