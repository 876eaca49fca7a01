"""A conversation that goes on while the server is killed again and again, and what must be true of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.faults.readers import Screen, ask, read_by_socket, read_by_sse, read_thread, to_be_shown, told
from tests.faults.server import Server

# Questions that one thread has under way at once: one is answered, the others wait.
_AT_ONCE = 3
# A snapshot of the thread brings its newest 50 turns; what a page showed before those, it then loses.
_MOST = 45


class Asked(NamedTuple):
    """A question that was acknowledged, and the screens that followed its answer."""

    question: str
    turn: str
    repeat: bool
    by_sse: Screen
    leaving: Screen
    by_socket: Screen

    @property
    def screens(self) -> tuple[Screen, Screen, Screen]:
        return self.by_sse, self.leaving, self.by_socket


class Conversation:
    """One thread: somebody asks, without waiting for the answers, and three follow each of them."""

    def __init__(self, server: Server, thread: str, seed: str) -> None:
        self.thread = thread
        self.asked: list[Asked] = []
        self.whole = Screen()
        self._server = server
        self._chance = random.Random(f"{seed} {thread}")
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def go_on_until(self, enough: asyncio.Event) -> None:
        """Ask until then; returns when everything asked has been answered and read."""
        follower = asyncio.create_task(read_thread(self._server, self.thread, self.whole, lambda _: False))
        try:
            async with asyncio.TaskGroup() as readers:
                while not enough.is_set() and len(self.asked) < _MOST:
                    await self._room.acquire()
                    readers.create_task(self._read(await self._ask()))
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
        await read_thread(self._server, self.thread, self.whole, self._has_all)

    def _has_all(self, screen: Screen) -> bool:
        return screen.ended >= {asked.turn for asked in self.asked}

    async def _ask(self) -> Asked:
        question = f"{self.thread}-{len(self.asked)}-{self._chance.randrange(10**6)}"
        accepted = await ask(self._server, self.thread, question)
        asked = Asked(question, accepted["turn"], accepted["repeat"], Screen(), Screen(), Screen())
        self.asked.append(asked)
        return asked

    async def _read(self, asked: Asked) -> None:
        leaving = random.Random(self._chance.random())
        async with asyncio.TaskGroup() as readers:
            readers.create_task(read_by_sse(self._server, asked.turn, asked.by_sse))
            readers.create_task(read_by_sse(self._server, asked.turn, asked.leaving, leaving))
            readers.create_task(
                read_by_socket(self._server, self.thread, asked.question, asked.turn, asked.by_socket)
            )
        self._room.release()

    # --- What must be true ------------------------------------------------------

    async def check(self) -> None:
        transcript = await self._transcript()
        order = [(turn["questions"][0]["id"], turn["answer"]["turn"]) for turn in transcript]
        assert order == [(asked.question, asked.turn) for asked in self.asked]
        for asked, turn in zip(self.asked, transcript, strict=True):
            self._check_answer(asked, turn["answer"])
            # The transcript has what was settled; this is folded from the log.
            assert await told(self._server, "GET", f"/api/turns/{asked.turn}") == turn["answer"]
        self._check_whole()
        self._check_calls()

    async def _transcript(self) -> list[dict[str, Any]]:
        turns: list[dict[str, Any]] = []
        before: str | None = ""
        while before is not None:
            page = await told(
                self._server, "GET", f"/api/threads/{self.thread}", params={"limit": 200, "before": before}
            )
            turns, before = [*page["turns"], *turns], page["earlier"]
        return turns

    def _check_answer(self, asked: Asked, settled: dict[str, Any]) -> None:
        expected = to_be_shown(asked.question)
        assert (settled["state"], settled["text"]) == ("done", expected.text)
        assert settled["reasoning"] == expected.reasoning
        for screen in asked.screens:
            for turn, answers in screen.answers().items():
                assert answers == [to_be_shown(self._question_of(turn)).text]
            assert screen.shown_of(asked.turn) == expected

    def _check_whole(self) -> None:
        """Who follows the thread sees every question and every answer once, in order."""
        shown = list(self.whole.answers().items())
        assert shown == [(asked.turn, [to_be_shown(asked.question).text]) for asked in self.asked]

    def _check_calls(self) -> None:
        """The model was called at most once in each life, and never after the answer was over."""
        for asked in self.asked:
            calls = self._server.story.calls(asked.question)
            lives = [call.life for call in calls]
            assert lives == sorted(set(lives))
            assert lives, "an answer that nobody gave"
            ended_s = min(screen.ended_s or 0.0 for screen in asked.screens)
            assert all(call.at_s < ended_s for call in calls)

    def _question_of(self, turn: str) -> str:
        return next(asked.question for asked in self.asked if asked.turn == turn)

    def waits_s(self) -> Iterator[float]:
        """How long readers waited for the next event of a turn that had begun in an earlier life."""
        for asked in self.asked:
            for screen in asked.screens:
                yield from screen.taken_over_after_s
