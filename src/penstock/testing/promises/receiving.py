"""A question is written down once, and overlap is decided in the same step."""

from __future__ import annotations

import asyncio

from penstock.core.cursor import Begun
from penstock.core.events import Entry, Waiting
from penstock.core.overlap import Limits
from penstock.core.ports import Store
from penstock.core.question import Question
from penstock.errors import NotFound, QuestionChanged, StoreError, ThreadBusy, TooManyQueued
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import (
    ANN,
    BOB,
    LEASE_S,
    THREAD,
    ask,
    claim,
    end,
    give_back,
    question,
    refused,
    start,
    turn_of,
)


async def a_new_question_is_queued(store: Store, clock: FakeClock) -> None:
    received = await ask(store)

    assert received.turn.id == turn_of("q1")
    assert (received.turn.state, received.turn.attempt, received.turn.last) == ("queued", 0, 0)
    assert (received.turn.thread, received.turn.asked_s, received.turn.begins) == (THREAD, clock(), ())
    assert (received.repeat, received.ahead, received.stop, received.claim) == (False, 0, (), None)
    assert await store.turns.depth() == 1


async def a_question_comes_back_as_it_was_asked(store: Store, clock: FakeClock) -> None:
    asked = Question(
        "q1", THREAD, ANN, "Grüße 🙂 タイ", options={"temperature": 0.5, "stop": ["a", "b"]}, delivery="d1"
    )

    received = await store.turns.receive(asked, "t1", lease_s=LEASE_S)

    assert received.claim is not None
    assert received.claim.questions == (asked,)


async def a_question_can_be_claimed_in_the_same_step(store: Store, clock: FakeClock) -> None:
    received = await ask(store, lease_s=LEASE_S)

    assert received.claim is not None
    assert received.claim.turn == received.turn
    assert (received.turn.state, received.turn.attempt, received.claim.lease.attempt) == ("running", 1, 1)
    assert received.claim.until_s == clock() + LEASE_S
    assert await store.turns.depth() == 0


async def a_repeat_is_recognised_and_changes_nothing(store: Store, clock: FakeClock) -> None:
    first = await ask(store)
    clock.advance(5)

    repeat = await ask(store)

    assert repeat.repeat
    assert repeat.turn == first.turn
    assert await store.turns.depth() == 1


async def a_repeat_shows_the_turn_as_it_stands(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    running = await ask(store)
    await end(store, begun.lease)
    ended = await ask(store, lease_s=LEASE_S)

    assert (running.repeat, running.turn.state, running.claim) == (True, "running", None)
    assert (ended.repeat, ended.turn.state, ended.claim) == (True, "done", None)


async def a_repeat_tells_how_many_answers_come_first(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await ask(store, "q2")
    waiting = await ask(store, "q2")
    await end(store, begun.lease)
    next_one = await ask(store, "q2")

    assert (waiting.ahead, next_one.ahead) == (1, 0)


async def a_repeat_may_claim_a_turn_that_nobody_took(store: Store, clock: FakeClock) -> None:
    await ask(store)

    repeat = await ask(store, lease_s=LEASE_S)

    assert repeat.repeat
    assert repeat.claim is not None
    assert repeat.turn.state == "running"


async def a_question_may_not_change_under_its_id(store: Store, clock: FakeClock) -> None:
    await ask(store)

    await refused(ask(store, text="Why not?"), QuestionChanged)
    assert (await claim(store)).questions == (question(),)


async def a_thread_belongs_to_who_asked_first(store: Store, clock: FakeClock) -> None:
    await ask(store)

    await refused(ask(store, "q2", person=BOB), NotFound)
    assert await store.turns.depth() == 1


async def a_turns_id_is_used_once(store: Store, clock: FakeClock) -> None:
    await store.turns.receive(question("q1"), "t1")

    await refused(store.turns.receive(question("q2", thread="acme:web:2"), "t1"), StoreError)
    assert await store.threads.get("acme:web:2") is None, "nothing of the refused question is kept"


async def the_next_question_of_a_thread_waits(store: Store, clock: FakeClock) -> None:
    await ask(store)

    received = await ask(store, "q2", lease_s=LEASE_S)

    assert (received.ahead, received.claim) == (1, None)
    assert (received.turn.last, received.turn.begins) == (1, (Begun(0, 1),))
    page = await store.turns.read(turn_of("q2"))
    assert page.entries == [Entry(1, 0, Waiting(1))]


async def a_burst_is_answered_together(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await ask(store, "q2", overlap="burst")

    joined = await ask(store, "q3", overlap="burst")

    assert (joined.turn.id, joined.ahead, joined.repeat) == (turn_of("q2"), 1, False)
    await end(store, begun.lease)
    assert (await claim(store)).questions == (question("q2"), question("q3"))
    assert (await ask(store, "q3")).turn.id == turn_of("q2")


async def a_burst_joins_no_turn_that_began_or_will_be_stopped(store: Store, clock: FakeClock) -> None:
    await give_back(store, (await start(store)).lease)
    behind = await ask(store, "q2", overlap="burst")
    await store.turns.stop(turn_of("q2"), "person")
    last = await ask(store, "q3", overlap="burst")

    assert (behind.turn.id, last.turn.id) == (turn_of("q2"), turn_of("q3"))


async def an_interrupt_orders_what_runs_and_waits_to_stop(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    await ask(store, "q2")

    received = await ask(store, "q3", overlap="interrupt", lease_s=LEASE_S)

    assert received.stop == (turn_of("q1"), turn_of("q2"))
    assert (received.ahead, received.claim) == (2, None)
    (orders,) = await store.turns.renew([begun.lease], LEASE_S)
    assert orders.stop_by == "interrupted"
    assert (await claim(store)).turn.stop_by == "interrupted"


async def reject_refuses_while_an_answer_is_under_way(store: Store, clock: FakeClock) -> None:
    begun = await start(store)

    await refused(ask(store, "q2", overlap="reject"), ThreadBusy)
    await end(store, begun.lease)
    assert not (await ask(store, "q2", overlap="reject")).repeat


async def no_more_wait_than_the_limits_allow(store: Store, clock: FakeClock) -> None:
    limits = Limits(queued_per_thread=1, queued_per_person=2)
    await start(store)
    await ask(store, "q2", limits=limits)

    await refused(ask(store, "q3", limits=limits), TooManyQueued)
    await ask(store, "q3", thread="acme:web:2", limits=limits)
    await refused(ask(store, "q4", thread="acme:web:3", limits=limits), TooManyQueued)
    assert not (await ask(store, "q4", thread="acme:web:3", person=BOB, limits=limits)).repeat


async def of_twins_that_race_one_is_new(store: Store, clock: FakeClock) -> None:
    twins = await asyncio.gather(*(ask(store, lease_s=LEASE_S) for _ in range(5)))

    assert sorted(twin.repeat for twin in twins) == [False, True, True, True, True]
    assert sum(twin.claim is not None for twin in twins) == 1
    assert {twin.turn.id for twin in twins} == {turn_of("q1")}


async def questions_that_race_are_all_kept_and_ordered(store: Store, clock: FakeClock) -> None:
    received = await asyncio.gather(*(ask(store, f"q{n}") for n in range(6)))

    assert sorted(each.ahead for each in received) == list(range(6))
    order = [each.turn.id for each in sorted(received, key=lambda each: each.ahead)]
    assert await store.threads.turns_after(THREAD) == order


async def a_caller_that_gives_up_neither_loses_nor_repeats_its_question(
    store: Store, clock: FakeClock
) -> None:
    asking = asyncio.create_task(ask(store))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    await ask(store)

    assert await store.turns.depth() == 1
    assert (await claim(store)).questions == (question(),)


PROMISES = (
    a_new_question_is_queued,
    a_question_comes_back_as_it_was_asked,
    a_question_can_be_claimed_in_the_same_step,
    a_repeat_is_recognised_and_changes_nothing,
    a_repeat_shows_the_turn_as_it_stands,
    a_repeat_tells_how_many_answers_come_first,
    a_repeat_may_claim_a_turn_that_nobody_took,
    a_question_may_not_change_under_its_id,
    a_thread_belongs_to_who_asked_first,
    a_turns_id_is_used_once,
    the_next_question_of_a_thread_waits,
    a_burst_is_answered_together,
    a_burst_joins_no_turn_that_began_or_will_be_stopped,
    an_interrupt_orders_what_runs_and_waits_to_stop,
    reject_refuses_while_an_answer_is_under_way,
    no_more_wait_than_the_limits_allow,
    of_twins_that_race_one_is_new,
    questions_that_race_are_all_kept_and_ordered,
    a_caller_that_gives_up_neither_loses_nor_repeats_its_question,
)
