"""One attempt at a turn: listen to the model, show what it says.

The rules that hold for every model are kept here, so that no adapter has to: a model
that says nothing for too long is stalled; one that fails before its first event is
asked again, with jitter, when it asked to be; a stream without its end mark is cut.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from typing import assert_never

import msgspec

from penstock.core.citing import cited
from penstock.core.events import (
    Cited,
    Event,
    Failed,
    Finished,
    Noted,
    Reasoning,
    Restarted,
    Retracted,
    Status,
    StepDone,
    Stopped,
    Text,
    ToolCalled,
    ToolReturned,
    Unknown,
    Usage,
    Waiting,
)
from penstock.core.ports import Model
from penstock.core.prompt import Prompt
from penstock.engine.journal import Journal
from penstock.engine.live import Live
from penstock.engine.rules import Rules
from penstock.engine.silence import Silence
from penstock.errors import ModelBusy, ModelCut, ModelError, ModelRefused

log = logging.getLogger("penstock.engine")

# A model that never waits would keep everybody else waiting; after so many events they get their turn.
_EVENTS_AT_ONCE = 32


class ToolsWanted(ModelRefused):
    code = "tools_wanted"
    for_reader = "The model wanted to use a tool, and this assistant has none to offer."


class NotAnEvent(ModelRefused):
    """A model of somebody's own gave an event with a value that its type forbids."""

    code = "not_an_event"
    for_reader = ModelError.for_reader


class Attempts:
    """Makes attempts: holds everything an attempt needs that is not the turn's own."""

    def __init__(self, model: Model, journal: Journal, rules: Rules, clock: Callable[[], float]) -> None:
        self.model = model
        self._journal = journal
        self._rules = rules
        self._clock = clock

    async def listen(self, live: Live, prompt: Prompt) -> None:
        """Show what the model says, and finish the turn when it has ended. Raises ModelError."""
        said = _Said()
        silence = Silence(live, self._rules.first_token_s, self._rules.idle_s, self._clock)
        try:
            await self._until_heard(live, prompt, said, silence)
        finally:
            silence.over()
        if said.finished is None:
            raise ModelCut("the stream ended without its end mark")
        late = cited(live.fold.text, prompt.passages, said.citations)
        await self._journal.finish(live, "done", *late, *said.usage, said.finished)

    async def _until_heard(self, live: Live, prompt: Prompt, said: _Said, silence: Silence) -> None:
        """Hear the model out; ask it again while it fails before it has said anything."""
        retry = 0
        while True:
            try:
                # In a task of its own, because each token wakes every coroutine that waits for the next one,
                # and a turn's task has a dozen more, from its claim down to here.
                await asyncio.create_task(self._hear(live, prompt, said, silence))
                return
            except ModelError as exc:
                wait_s = self._pause_s(exc, retry)
                if live.why is not None or live.heard or not exc.try_again or wait_s is None:
                    raise
                log.info(
                    "the model failed before its first word; asking again",
                    extra={"turn": live.turn, "error": exc.code, "wait_s": round(wait_s, 2)},
                )
                silence.allow(wait_s)
                await asyncio.sleep(wait_s)
                retry += 1

    def _pause_s(self, exc: ModelError, retry: int) -> float | None:
        """How long to wait before asking again; None to give up. Full jitter over a doubling bound."""
        if retry >= self._rules.retries:
            return None
        asked_for_s = exc.retry_after_s if isinstance(exc, ModelBusy) else None
        if asked_for_s is not None:
            return asked_for_s if asked_for_s <= self._rules.retry_most_s else None
        bound_s = min(self._rules.retry_first_s * 2**retry, self._rules.retry_most_s)
        return random.uniform(bound_s / 2, bound_s)

    async def _hear(self, live: Live, prompt: Prompt, said: _Said, silence: Silence) -> None:
        clock, journal = self._clock, self._journal
        heard = 0
        events = self.model.stream(prompt)
        try:
            async for event in events:
                if live.why is not None:
                    # It was called and did not listen.
                    raise live.why
                if type(event) is Text or type(event) is Reasoning:
                    live.heard = True
                    now_s = silence.heard_s = clock()
                    live.show(event, now_s)
                    if journal.note(live, now_s):
                        await journal.catch_up(live)
                else:
                    # A note is for the owner; the model may still fail as if it had said nothing.
                    if type(event) is not Noted:
                        live.heard = True
                        silence.heard_s = clock()
                    await self._rare(live, event, said)
                heard += 1
                if not heard % _EVENTS_AT_ONCE:
                    await asyncio.sleep(0)
        finally:
            await _closed(events)

    async def _rare(self, live: Live, event: Event, said: _Said) -> None:
        """Everything but text: shown only once it is written down."""
        _check(event)
        match event:
            case Usage():
                said.usage.append(event)
            case Finished():
                said.finished = event
            case ToolCalled():
                await self._journal.commit(live, event)
                raise ToolsWanted(f"the model called {event.name!r}")
            case Cited(number):
                said.citations.add(number)
                await self._journal.commit(live, event)
            case Status() | Noted() | Retracted() | StepDone() | ToolReturned():
                await self._journal.commit(live, event)
            case Waiting() | Restarted() | Stopped() | Failed() | Unknown():
                raise ModelRefused(f"a model may not say {type(event).__name__}")
            case Text() | Reasoning():
                raise AssertionError("shown where it is frequent")
            case _:
                assert_never(event)


class _Said:
    """What the model has said beside its words."""

    def __init__(self) -> None:
        self.finished: Finished | None = None
        self.usage: list[Usage] = []
        self.citations: set[int] = set()


def _check(event: Event) -> None:
    """Raises NotAnEvent for what could be written down and never be read again."""
    try:
        msgspec.convert(msgspec.to_builtins(event), Event)
    except (msgspec.ValidationError, TypeError) as exc:
        raise NotAnEvent(f"{type(event).__name__}: {exc}") from None


async def _closed(events: AsyncIterator[Event]) -> None:
    """Close what the model opened, so that a stopped turn also stops the bill."""
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()
