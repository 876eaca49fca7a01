"""One worker at a time holds a turn, threads keep their order, and stopping is an order."""

from __future__ import annotations

import asyncio

from penstock.core.ports import Store
from penstock.errors import NotFound
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


async def there_is_nothing_to_claim_in_an_empty_store(store: Store, clock: FakeClock) -> None:
    assert await store.turns.claim(LEASE_S) is None
    assert await store.turns.claim(LEASE_S, "never-was") is None


async def the_oldest_turn_is_claimed_first(store: Store, clock: FakeClock) -> None:
    for n in (1, 2, 3):
        await ask(store, f"q{n}", thread=f"acme:web:{n}")

    claimed = [(await claim(store)).turn.id for _ in range(3)]

    assert claimed == [turn_of("q1"), turn_of("q2"), turn_of("q3")]
    assert await store.turns.claim(LEASE_S) is None


async def a_turn_can_be_claimed_by_its_id(store: Store, clock: FakeClock) -> None:
    await ask(store, "q1", thread="acme:web:1")
    await ask(store, "q2", thread="acme:web:2")

    assert (await claim(store, turn_of("q2"))).turn.id == turn_of("q2")
    assert await store.turns.claim(LEASE_S, turn_of("q2")) is None


async def turns_of_one_thread_run_one_after_the_other(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await ask(store, "q2")

    assert await store.turns.claim(LEASE_S) is None
    assert await store.turns.claim(LEASE_S, turn_of("q2")) is None
    await end(store, begun.lease)
    assert (await claim(store)).turn.id == turn_of("q2")


async def a_claim_says_whether_it_is_the_threads_first_turn(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await ask(store, "q2")
    await end(store, begun.lease)

    assert begun.first
    assert not (await claim(store)).first


async def of_workers_that_race_one_gets_the_turn(store: Store, clock: FakeClock) -> None:
    await ask(store)

    claims = await asyncio.gather(*(store.turns.claim(LEASE_S) for _ in range(5)))

    assert sum(claim is not None for claim in claims) == 1


async def a_lease_that_holds_is_not_taken_away(store: Store, clock: FakeClock) -> None:
    begun = await start(store)

    clock.advance(LEASE_S - 1)
    assert await store.turns.claim(LEASE_S) is None
    (orders,) = await store.turns.renew([begun.lease], LEASE_S)
    assert (orders.until_s, orders.lost, orders.stop_by) == (clock() + LEASE_S, False, "")
    clock.advance(LEASE_S - 1)
    assert await store.turns.claim(LEASE_S) is None


async def a_lapsed_turn_is_taken_over_as_a_new_attempt(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    clock.advance(LEASE_S)

    taken = await claim(store)

    assert taken.lease.fence > begun.lease.fence
    assert (taken.turn.attempt, taken.lease.attempt, taken.turn.tries) == (2, 2, 2)
    assert taken.questions == begun.questions
    assert (begun.left_until_s, taken.left_until_s) == (0, begun.until_s)


async def a_lapsed_lease_that_nobody_took_still_holds(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    clock.advance(10 * LEASE_S)

    (orders,) = await store.turns.append([words(begun.lease, 1, "late")], LEASE_S)

    assert (orders.lost, orders.until_s) == (False, clock() + LEASE_S)
    assert await store.turns.claim(LEASE_S) is None


async def a_worker_that_wakes_late_is_refused(store: Store, clock: FakeClock) -> None:
    late = await start(store)
    clock.advance(LEASE_S)
    taken = await claim(store)
    await store.turns.append([words(taken.lease, 1, "true")], LEASE_S)

    (appended,) = await store.turns.append([words(late.lease, 2, "false")], LEASE_S)
    (renewed,) = await store.turns.renew([late.lease], LEASE_S)

    assert appended.lost
    assert renewed.lost
    assert await texts(store, turn_of("q1")) == ["true"]
    assert (await store.turns.renew([taken.lease], LEASE_S))[0].until_s == clock() + LEASE_S


async def what_was_given_back_is_claimed_again_and_is_no_try(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "so far")], LEASE_S)

    await give_back(store, begun.lease, 2)

    assert await store.turns.depth() == 1
    (orders,) = await store.turns.renew([begun.lease], LEASE_S)
    assert orders.lost
    again = await claim(store)
    assert (again.turn.attempt, again.turn.given_back, again.turn.tries) == (2, 1, 1)
    assert again.left_until_s == 0
    assert await texts(store, turn_of("q1")) == ["so far"]


async def what_was_given_back_keeps_its_place(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await ask(store, "q2")
    await give_back(store, begun.lease)

    assert await store.turns.claim(LEASE_S, turn_of("q2")) is None
    assert (await claim(store)).turn.id == turn_of("q1")


async def a_running_turn_hears_that_it_should_stop(store: Store, clock: FakeClock) -> None:
    begun = await start(store)

    stopped = await store.turns.stop(turn_of("q1"), "person")

    assert (stopped.state, stopped.stop_by) == ("running", "person")
    (renewed,) = await store.turns.renew([begun.lease], LEASE_S)
    (appended,) = await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
    assert (renewed.stop_by, appended.stop_by) == ("person", "person")
    assert await store.turns.claim(LEASE_S, turn_of("q1")) is None


async def the_first_order_to_stop_stands(store: Store, clock: FakeClock) -> None:
    await start(store)
    await store.turns.stop(turn_of("q1"), "person")

    assert (await store.turns.stop(turn_of("q1"), "time")).stop_by == "person"


async def a_queued_turn_that_should_stop_need_not_wait(store: Store, clock: FakeClock) -> None:
    await start(store)
    await ask(store, "q2")

    stopped = await store.turns.stop(turn_of("q2"), "person")

    assert (stopped.state, stopped.stop_by) == ("queued", "person")
    claimed = await claim(store, turn_of("q2"))
    assert claimed.turn.stop_by == "person"
    await end(store, claimed.lease, 2, state="stopped")
    assert (await ask(store, "q2")).turn.state == "stopped"


async def a_lapsed_turn_that_should_stop_can_be_taken_to_stop_it(store: Store, clock: FakeClock) -> None:
    await start(store)
    await store.turns.stop(turn_of("q1"), "person")
    clock.advance(LEASE_S)

    assert (await claim(store)).turn.stop_by == "person"


async def a_turn_that_ended_stays_as_it_is(store: Store, clock: FakeClock) -> None:
    await end(store, (await start(store)).lease)

    stopped = await store.turns.stop(turn_of("q1"), "person")

    assert (stopped.state, stopped.stop_by) == ("done", "")
    assert await store.turns.claim(LEASE_S, turn_of("q1")) is None


async def what_never_was_cannot_be_stopped(store: Store, clock: FakeClock) -> None:
    await refused(store.turns.stop("never-was", "person"), NotFound)


async def depth_counts_what_is_queued(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await ask(store, "q2")
    await ask(store, "q3", thread="acme:web:2")
    assert await store.turns.depth() == 2

    await end(store, begun.lease)
    await claim(store)

    assert await store.turns.depth() == 1
    assert await store.threads.turns_after(THREAD) == [turn_of("q1"), turn_of("q2")]


PROMISES = (
    there_is_nothing_to_claim_in_an_empty_store,
    the_oldest_turn_is_claimed_first,
    a_turn_can_be_claimed_by_its_id,
    turns_of_one_thread_run_one_after_the_other,
    a_claim_says_whether_it_is_the_threads_first_turn,
    of_workers_that_race_one_gets_the_turn,
    a_lease_that_holds_is_not_taken_away,
    a_lapsed_turn_is_taken_over_as_a_new_attempt,
    a_lapsed_lease_that_nobody_took_still_holds,
    a_worker_that_wakes_late_is_refused,
    what_was_given_back_is_claimed_again_and_is_no_try,
    what_was_given_back_keeps_its_place,
    a_running_turn_hears_that_it_should_stop,
    the_first_order_to_stop_stands,
    a_queued_turn_that_should_stop_need_not_wait,
    a_lapsed_turn_that_should_stop_can_be_taken_to_stop_it,
    a_turn_that_ended_stays_as_it_is,
    what_never_was_cannot_be_stopped,
    depth_counts_what_is_queued,
)
