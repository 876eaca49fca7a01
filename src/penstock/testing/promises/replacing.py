"""A question that is asked instead of an earlier one, and when everything happened."""

from __future__ import annotations

from penstock.core.events import Event, Finished, Stopped, Text, Waiting
from penstock.core.ports import Batch, Received, Store, Written
from penstock.core.question import Question
from penstock.core.turn import View
from penstock.errors import NotFound, QuestionChanged, QuestionInvalid
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import (
    ANN,
    LEASE_S,
    THREAD,
    ask,
    claim,
    end,
    give_back,
    refused,
    start,
    turn_of,
    words,
)


def _instead(of: str, *, id: str = "again", thread: str = THREAD) -> Question:
    return Question(id, thread, ANN, "Why?", replaces=of)


async def _ask_instead(store: Store, of: str) -> Received:
    return await store.turns.receive(_instead(of), turn_of("again"), overlap="burst")


async def a_turn_remembers_what_it_replaces(store: Store, clock: FakeClock) -> None:
    await end(store, (await start(store)).lease)
    await ask(store, "q2")

    received = await _ask_instead(store, turn_of("q1"))

    assert received.turn.replaces == turn_of("q1")
    assert (await store.turns.read(turn_of("again"))).turn.replaces == turn_of("q1")
    assert [each.turn.replaces for each in await store.threads.transcript(THREAD)] == [
        "",
        "",
        turn_of("q1"),
    ]
    (_, _, replacing) = await store.threads.transcript(THREAD)
    assert replacing.questions == (_instead(turn_of("q1")),)


async def only_an_answer_of_the_same_thread_can_be_replaced(store: Store, clock: FakeClock) -> None:
    await ask(store, "q1", thread="acme:web:2")

    for replaced in (turn_of("q1"), "never-was"):
        await refused(_ask_instead(store, replaced), QuestionInvalid)

    assert await store.threads.get(THREAD) is None, "nothing of the refused question is kept"


async def a_question_that_replaces_shares_no_turn_with_what_waits(store: Store, clock: FakeClock) -> None:
    await start(store)
    await ask(store, "q2", overlap="burst")

    received = await _ask_instead(store, turn_of("q1"))

    assert (received.turn.id, received.ahead) == (turn_of("again"), 2)


async def a_repeat_of_a_question_that_replaces_is_recognised(store: Store, clock: FakeClock) -> None:
    await ask(store)
    await _ask_instead(store, turn_of("q1"))

    assert (await _ask_instead(store, turn_of("q1"))).repeat
    await refused(_ask_instead(store, turn_of("again")), QuestionChanged)
    await refused(_ask_instead(store, ""), QuestionChanged)


async def an_end_is_timed(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    assert begun.turn.ended_s == 0
    clock.advance(5)
    await give_back(store, begun.lease)
    assert (await store.turns.read(turn_of("q1"))).turn.ended_s == 0
    again = await claim(store)
    clock.advance(5)
    ended_s = clock()
    await end(store, again.lease)
    clock.advance(5)
    await end(store, again.lease)

    for turn in (
        (await store.turns.read(turn_of("q1"))).turn,
        (await store.threads.transcript(THREAD))[0].turn,
        (await store.turns.stop(turn_of("q1"), "person")),
        (await ask(store)).turn,
    ):
        assert (turn.state, turn.ended_s) == ("done", ended_s)


async def the_owner_sees_when_each_batch_was_written(store: Store, clock: FakeClock) -> None:
    await end(store, (await start(store, "q0")).lease)
    other = await start(store, "q1")
    asked_s = clock()
    await ask(store, "q2")
    await end(store, other.lease)
    clock.advance(5)
    begun = await claim(store)
    first: list[Event] = [Text("Grüße"), Text("!")]
    await store.turns.append([Batch(begun.lease, 2, first), words(begun.lease, 4, "a")], LEASE_S)
    clock.advance(5)
    await store.turns.append([Batch(begun.lease, 5, [])], LEASE_S)
    await store.turns.finish(Batch(begun.lease, 5, [Finished()]), "done", View(state="done"))

    assert await store.turns.written(turn_of("q2")) == [
        Written(asked_s, 1, 0, (Waiting(1),)),
        Written(asked_s + 5, 2, 1, (Text("Grüße"), Text("!"))),
        Written(asked_s + 5, 4, 1, (Text("a"),)),
        Written(asked_s + 10, 5, 1, (Finished(),)),
    ]
    await ask(store, "q3")
    assert await store.turns.written(turn_of("q3")) == []
    await refused(store.turns.written("never-was"), NotFound)


async def a_batch_written_again_keeps_its_time(store: Store, clock: FakeClock) -> None:
    begun = await start(store)
    written_s = clock()
    batch = words(begun.lease, 1, "a")
    stop = Batch(begun.lease, 2, [Stopped("person")])
    await store.turns.append([batch], LEASE_S)
    clock.advance(1)
    await store.turns.append([batch], LEASE_S)
    await store.turns.finish(stop, "stopped", View(state="stopped"))
    clock.advance(1)
    await store.turns.finish(stop, "stopped", View(state="stopped"))

    assert [each.at_s for each in await store.turns.written(turn_of("q1"))] == [written_s, written_s + 1]


PROMISES = (
    a_turn_remembers_what_it_replaces,
    only_an_answer_of_the_same_thread_can_be_replaced,
    a_question_that_replaces_shares_no_turn_with_what_waits,
    a_repeat_of_a_question_that_replaces_is_recognised,
    an_end_is_timed,
    the_owner_sees_when_each_batch_was_written,
    a_batch_written_again_keeps_its_time,
)
