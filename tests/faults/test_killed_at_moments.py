"""kill -9 at a chosen moment."""

from __future__ import annotations

import asyncio
import signal

from penstock.engine.run import TooManyAttempts
from tests.faults.conftest import Serving
from tests.faults.conversation import Conversation
from tests.faults.readers import Screen, ask, read_by_sse, seen, to_be_shown
from tests.faults.story import Script

# A held story stops after its third word.
_THIRD = ".2🚰"
# What the store does in the life of a turn; the process dies just before each.
_STEPS = [
    "INSERT INTO questions",
    "fence = fence + 1",
    "COMMIT",
    "INSERT INTO log",
    "UPDATE turns SET attempt",
    "INSERT INTO views",
]


async def test_killed_before_each_step_of_the_store_every_answer_comes_once(serving: Serving) -> None:
    async with asyncio.timeout(60), serving(max_attempts=1000) as server:
        conversation, enough = Conversation(server, "thread", "steps"), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(conversation.go_on_until(enough))
            for number, step in enumerate(_STEPS, 1):
                life = await server.start(Script(number, pace_ms=1, statement=step, nth=2))
                assert await life.ends_within(10), step
                assert server.integrity() == "ok"
            await server.start(Script(len(_STEPS) + 1, pace_ms=1))
            enough.set()

        await conversation.check()


async def test_killed_while_nothing_runs_it_still_knows_what_it_answered(serving: Serving) -> None:
    async with asyncio.timeout(30), serving() as server:
        await server.start()
        turn = (await ask(server, "thread", "q1"))["turn"]
        before, after = Screen(), Screen()
        await read_by_sse(server, turn, before)

        await server.restarted()
        repeated = await ask(server, "thread", "q1")
        await read_by_sse(server, turn, after)

        assert (repeated["turn"], repeated["state"], repeated["repeat"]) == (turn, "done", True)
        assert before.shown() == after.shown() == to_be_shown("q1")
        assert len(server.story.calls("q1")) == 1


async def test_an_answer_that_kills_again_and_again_fails_with_a_sentence_and_the_next_goes_on(
    serving: Serving,
) -> None:
    async with asyncio.timeout(30), serving(max_attempts=3) as server:
        life = await server.start()
        deadly = (await ask(server, "thread", "hold-1"))["turn"]
        after_it = (await ask(server, "thread", "q2"))["turn"]
        failed, answered = Screen(), Screen()

        async with asyncio.TaskGroup() as readers:
            readers.create_task(read_by_sse(server, deadly, failed))
            readers.create_task(read_by_sse(server, after_it, answered))
            for attempt in (1, 2, 3):
                await seen(server, deadly, attempt, _THIRD)
                life = await server.restarted()

        assert await life.ready()
        assert failed.shown().state == "failed"
        assert failed.shown().error == (TooManyAttempts.code, TooManyAttempts.for_reader, deadly)
        assert [call.life for call in server.story.calls("hold-1")] == [1, 2, 3]
        assert answered.shown_of(after_it) == to_be_shown("q2")
        assert [call.life for call in server.story.calls("q2")] == [4]


async def test_killed_in_the_middle_of_an_answer_the_reader_goes_on_where_it_was(serving: Serving) -> None:
    async with asyncio.timeout(30), serving() as server:
        await server.start()
        turn = (await ask(server, "thread", "hold-1"))["turn"]
        screen = Screen()

        async with asyncio.TaskGroup() as readers:
            readers.create_task(read_by_sse(server, turn, screen))
            await seen(server, turn, 1, _THIRD)
            life = await server.restarted()
            await seen(server, turn, 2, _THIRD)
            life.send(signal.SIGUSR1)

        assert screen.shown() == to_be_shown("hold-1")
        assert screen.connections == 2
