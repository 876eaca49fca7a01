"""A running turn's log, in the process that runs it: shown at once, journaled soon after.

Text and reasoning are published the moment they come. Everything else is published
only when the journal has it, because a reader who saw it must never have to unsee it.
Only a tail of the log stays in memory; readers further back are served by the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from penstock.core.cursor import Begun, Cursor, resume
from penstock.core.events import Entry, Event, Reasoning, Text
from penstock.core.ports import Batch, Claim, Lease
from penstock.core.turn import Turn
from penstock.engine.bells import Bells
from penstock.errors import ModelError

# How many journaled entries stay in memory for readers that are a little behind.
_TAIL = 32
# How long a model may take to close when it is interrupted.
_CLOSE_S = 2.0
# What an event costs in the journal beside its text.
_EVENT_BYTES = 32


class Live:
    def __init__(self, claim: Claim, so_far: Sequence[Entry], bells: Bells, now_s: float) -> None:
        self.claim = claim
        self.lease: Lease = claim.lease
        self.turn = claim.turn.id
        self.thread = claim.turn.thread
        self.tries = claim.turn.tries
        self.begins = list(claim.turn.begins)
        self._begun = self.begins[-1].attempt if self.begins else 0
        self.last = self.journaled = claim.turn.last
        self.first_text_s: float | None = None
        self.over = False
        # Whether the model has been heard in this attempt.
        self.heard = False
        self.fold = Turn()
        for entry in so_far:
            self.fold.receive(entry.event)

        # Kept by the journal: what is not written yet, and when a sign of life last reached the store.
        self.unjournaled_bytes = 0
        self.unjournaled_since_s = now_s
        self.flushes = 0
        self.renewed_s = now_s
        self.writing: asyncio.Task[None] | None = None

        self._entries: list[Entry] = []
        self._base = self.last + 1
        self._bells = bells
        self._scope: asyncio.Timeout | None = None
        self._last_call: asyncio.Timeout | None = None
        self.why: Exception | None = None

    # --- Showing ---------------------------------------------------------------

    def show(self, event: Text | Reasoning, now_s: float) -> None:
        """Publish a piece of text at once; the journal has it later."""
        if self.journaled == self.last:
            self.unjournaled_since_s = now_s
        # Encoding also finds what is not text, before anybody has seen it.
        self.unjournaled_bytes += len(event.text.encode()) + _EVENT_BYTES
        self.fold.receive(event)
        self._enter(event)
        if self.first_text_s is None and type(event) is Text:
            self.first_text_s = now_s
        self._bells.ring(self.turn)

    def written(self, events: Sequence[Event], now_s: float) -> None:
        """Publish events that the journal has, with everything before them."""
        for event in events:
            self._enter(event)
        self.journaled_to(self.last, now_s)
        self._bells.ring(self.turn)

    def journaled_to(self, number: int, now_s: float) -> None:
        """The journal has everything up to `number`, as it stood at `now_s`."""
        self.journaled = number
        self.unjournaled_since_s = now_s
        self.unjournaled_bytes = sum(_size(entry.event) for entry in self.after(number))
        if (spare := number - self._base + 1 - _TAIL) > _TAIL:
            del self._entries[:spare]
            self._base += spare

    def _enter(self, event: Event) -> None:
        self.last = number = self.last + 1
        attempt = self.lease.attempt
        if attempt != self._begun:
            self._begun = attempt
            self.begins.append(Begun(attempt, number))
        # Without the Python function that a NamedTuple is called through.
        self._entries.append(tuple.__new__(Entry, (number, attempt, event)))

    # --- Reading ---------------------------------------------------------------

    def holds(self, after: int) -> bool:
        """Whether everything after number `after` is still in memory."""
        return after >= self._base - 1

    def news(self, attempt: int, number: int) -> list[Entry] | None:
        """What came after a reader who keeps up with this attempt; None for any other reader."""
        if attempt == self.lease.attempt and self._base - 1 <= number <= self.last:
            return self._entries[number - self._base + 1 :]
        return None

    def after(self, number: int) -> list[Entry]:
        return self._entries[number - self._base + 1 :]

    def batch(self, events: Sequence[Event] = ()) -> Batch:
        """What the journal has not got yet, and `events` after it."""
        pending = [entry.event for entry in self.after(self.journaled)]
        return Batch(self.lease, self.journaled + 1, [*pending, *events])

    def resume(self, cursor: Cursor) -> int:
        """The number of the last entry that this reader need not be given again. Raises CursorInvalid."""
        if cursor[:2] == (self.turn, self.lease.attempt) and cursor.number <= self.last:
            return cursor.number
        # Of this attempt, nothing can have been seen that is not here, but for what the store has and is
        # about to be published. Of one that broke off in another process more may have been seen than it
        # wrote down: until this one has begun, that reader waits.
        over = cursor.attempt == self.lease.attempt and (self.over or self.writing is None)
        return resume(
            cursor, turn=self.turn, attempt=self.lease.attempt, begins=self.begins, last=self.last, over=over
        )

    # --- Being interrupted -----------------------------------------------------

    @asynccontextmanager
    async def interruptible(self) -> AsyncIterator[None]:
        """What runs inside is left at once when the turn is interrupted, by raising the reason."""
        if self.why is not None:
            raise self.why
        try:
            async with asyncio.timeout(None) as self._last_call, asyncio.timeout(None) as self._scope:
                yield
        except Exception:
            # What a model says to being closed must not hide why it was closed.
            if self.why is None:
                raise
            raise self.why from None
        finally:
            self._scope = None

    def interrupt(self, why: Exception) -> None:
        """The first reason counts, except that a model's failure gives way to an order."""
        if not self.over and (self.why is None or isinstance(self.why, ModelError)):
            self.why = why
            if self._scope is not None and self._scope.when() is None:
                now_s = asyncio.get_running_loop().time()
                self._scope.reschedule(now_s)
                # A model that closes too slowly, or swallowed the first call, is called once more.
                if self._last_call is not None:
                    self._last_call.reschedule(now_s + _CLOSE_S)

    def next_attempt(self) -> None:
        self.lease = Lease(self.lease.turn, self.lease.fence, self.lease.attempt + 1)
        self.tries += 1
        self.heard = False
        if isinstance(self.why, ModelError):
            self.why = None


def _size(event: Event) -> int:
    return _EVENT_BYTES + len(event.text) if isinstance(event, (Text, Reasoning)) else _EVENT_BYTES
