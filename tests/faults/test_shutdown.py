"""Told to end: claim no more, let running turns finish for a while, give the rest back."""

from __future__ import annotations

import asyncio
import signal

from tests.faults.conftest import Serving
from tests.faults.readers import Screen, ask, read_by_sse, seen, to_be_shown

_THIRD = ".2🚰"
_WAITING = "waiting for running turns"


async def test_running_answers_finish_before_the_server_ends_and_waiting_ones_are_answered_by_the_next(
    serving: Serving,
) -> None:
    async with asyncio.timeout(30), serving(grace_s=20) as server:
        life = await server.start()
        running = (await ask(server, "thread", "hold-1"))["turn"]
        waiting = (await ask(server, "thread", "q2"))["turn"]
        first, second = Screen(), Screen()

        async with asyncio.TaskGroup() as readers:
            readers.create_task(read_by_sse(server, running, first))
            readers.create_task(read_by_sse(server, waiting, second))
            await seen(server, running, 1, _THIRD)
            life.send(signal.SIGTERM)
            assert await life.says(_WAITING)
            life.send(signal.SIGUSR1)
            assert await life.end() == 0
            await server.start()

        assert first.shown() == to_be_shown("hold-1")
        assert first.connections == 1
        assert second.shown_of(waiting) == to_be_shown("q2")
        assert [call.life for call in server.story.calls("hold-1")] == [1]
        assert [call.life for call in server.story.calls("q2")] == [2]


async def test_an_answer_given_back_was_no_try(serving: Serving) -> None:
    async with asyncio.timeout(30), serving(grace_s=0, max_attempts=1) as server:
        screen = Screen()
        life = await server.start()
        turn = (await ask(server, "thread", "hold-1"))["turn"]

        async with asyncio.TaskGroup() as readers:
            readers.create_task(read_by_sse(server, turn, screen))
            for attempt in (1, 2, 3):
                await seen(server, turn, attempt, _THIRD)
                life.send(signal.SIGTERM)
                assert await life.end() == 0
                life = await server.start()
            await seen(server, turn, 4, _THIRD)
            life.send(signal.SIGUSR1)

        assert screen.shown() == to_be_shown("hold-1")
        assert [call.life for call in server.story.calls("hold-1")] == [1, 2, 3, 4]


async def test_killed_while_it_waits_for_running_answers_it_loses_nothing_either(serving: Serving) -> None:
    async with asyncio.timeout(30), serving(grace_s=20) as server:
        screen = Screen()
        life = await server.start()
        turn = (await ask(server, "thread", "hold-1"))["turn"]

        async with asyncio.TaskGroup() as readers:
            readers.create_task(read_by_sse(server, turn, screen))
            await seen(server, turn, 1, _THIRD)
            life.send(signal.SIGTERM)
            assert await life.says(_WAITING)
            life = await server.restarted()
            await seen(server, turn, 2, _THIRD)
            life.send(signal.SIGUSR1)

        assert screen.shown() == to_be_shown("hold-1")
        assert server.integrity() == "ok"
