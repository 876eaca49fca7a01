"""Writes the logs of all live turns together, at the store's cadence, and renews their leases.

One call to the store carries the batches of every turn that is due, so that journaling
costs a fixed amount per tick and not per turn. The store answers with standing orders:
stop, or the lease is lost. While the store cannot write, batches are tried again until
the lease is nearly over; then the turn is given up, and whoever claims it next goes on.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TypeVar

from penstock.core.events import Event
from penstock.core.ports import Orders, Turns
from penstock.core.turn import State
from penstock.engine.live import Live
from penstock.engine.seldom import Seldom
from penstock.errors import LeaseLost, StoreError

log = logging.getLogger("penstock.engine")

# DESIGN.md: a lease is renewed at most every 2 s; a turn that writes renews by writing.
_RENEW_EVERY_S = 2.0
_TRY_AGAIN_S = 0.2
# The share of a lease for which a failing write is tried again.
_PATIENCE = 0.7
# A turn's share of a write costs as much as some tokens, mostly because loop and writer fight for Python's
# lock. So with more than twenty live turns they are written less often, with a hundred twice a second: nobody
# waits for it, since readers are served from memory and a new attempt starts the text over.
_PAUSE_PER_TURN_S = 0.005

T = TypeVar("T")


class StopOrdered(Exception):
    """Somebody wants this turn stopped. `by` says who."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class Journal:
    def __init__(self, turns: Turns, lease_s: float, clock: Callable[[], float]) -> None:
        self._turns = turns
        self._cadence = turns.cadence
        self._lease_s = lease_s
        self.renew_every_s = min(_RENEW_EVERY_S, lease_s / 3)
        self._clock = clock
        self._due: dict[Live, float] = {}
        # How many turns the last write at the cadence carried.
        self._written = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = math.inf
        self._tasks: set[asyncio.Task[None]] = set()
        self.lag_s = 0.0
        self._failures = Seldom(clock)

    # --- At the cadence --------------------------------------------------------

    def note(self, live: Live, now_s: float) -> bool:
        """There is something unjournaled: write it when it is due. Whether reading the model must pause."""
        if live.writing is None and live not in self._due:
            self._plan(live, now_s)
        if live.unjournaled_bytes > self._cadence.max_bytes:
            return True
        return now_s - live.unjournaled_since_s > self._cadence.max_s and live.last > live.journaled

    def _plan(self, live: Live, now_s: float) -> None:
        cadence = self._cadence
        wait_s = min(cadence.first_s * cadence.grow**live.flushes, cadence.most_s)
        wait_s = max(wait_s, min((len(self._due) + self._written) * _PAUSE_PER_TURN_S, cadence.max_s / 2))
        due_s = now_s + wait_s
        if due_s >= self._timer_s >= due_s - wait_s / 2:
            # A write is due soon anyway: turns at about the same pace are written together.
            due_s = self._timer_s
        self._due[live] = due_s
        if due_s < self._timer_s:
            self._arm(due_s)

    def _arm(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_s = due_s
        self._timer = asyncio.get_running_loop().call_later(max(0.0, due_s - self._clock()), self._tick)

    def _tick(self) -> None:
        self._timer, self._timer_s = None, math.inf
        # Timers may fire a clock's resolution early.
        now_s = self._clock() + 0.001
        ready = [live for live, due_s in self._due.items() if due_s <= now_s]
        for live in ready:
            del self._due[live]
        self._written = len(ready)
        if ready:
            self._begin(ready)
        if self._due:
            self._arm(min(self._due.values()))

    def _begin(self, lives: Sequence[Live]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._write(lives))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        for live in lives:
            live.writing = task
        return task

    async def _write(self, lives: Sequence[Live]) -> None:
        batches = [live.batch() for live in lives]
        since_s = min(live.unjournaled_since_s for live in lives)
        try:
            orders, asked_s = await self._persistently(lambda: self._turns.append(batches, self._lease_s))
        except StoreError as exc:
            for live in lives:
                live.interrupt(exc)
            return
        finally:
            for live in lives:
                live.writing = None
        self.lag_s = self._clock() - since_s
        for live, batch, order in zip(lives, batches, orders, strict=True):
            if not order.lost:
                live.flushes += 1
                live.journaled_to(batch.first + len(batch.events) - 1, asked_s)
            self._heed(live, order, asked_s)
            if not order.lost and live.last > live.journaled:
                self._plan(live, self._clock())

    # --- At once ---------------------------------------------------------------

    async def catch_up(self, live: Live) -> None:
        """Return when everything shown until now is journaled."""
        shown = live.last
        while live.journaled < shown and live.why is None:
            self._due.pop(live, None)
            await asyncio.shield(live.writing or self._begin([live]))

    async def commit(self, live: Live, *events: Event) -> None:
        """Write events, and all shown before them, then publish them. Raises LeaseLost, StoreError."""
        await self._alone(live, lambda: self._commit(live, events))

    async def _commit(self, live: Live, events: Sequence[Event]) -> None:
        batch = live.batch(events)
        (orders,), asked_s = await self._persistently(lambda: self._turns.append([batch], self._lease_s))
        if orders.lost:
            raise LeaseLost(f"turn {live.turn} is another worker's now")
        for event in events:
            live.fold.receive(event)
        live.written(events, asked_s)
        self._heed(live, orders, asked_s)

    async def finish(self, live: Live, state: State, *events: Event) -> None:
        """Write the last events and let go of the turn, then publish them. Raises LeaseLost, StoreError.

        Does nothing when the turn ended while the caller was on the way here.
        """
        await self._alone(live, lambda: self._finish(live, state, events))

    async def _finish(self, live: Live, state: State, events: Sequence[Event]) -> None:
        if live.over:
            return
        # A copy: whoever looks at the turn must not see an end that is not written yet. It may share
        # its pieces of text with the original, since an end adds none.
        ended = copy.copy(live.fold)
        for event in events:
            ended.receive(event)
        batch, view = live.batch(events), ended.view
        orders, asked_s = await self._persistently(lambda: self._turns.finish(batch, state, view))
        if orders.lost:
            raise LeaseLost(f"turn {live.turn} is another worker's now")
        live.over, live.fold = True, ended
        live.written(events, asked_s)

    async def _alone(self, live: Live, act: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do it when no other write of this turn is under way, and to its end even when the caller is
        interrupted: what the store has written must be published, or the log would have a hole."""
        self._due.pop(live, None)
        while live.writing is not None:
            await asyncio.wait([live.writing])
            self._due.pop(live, None)
        live.writing = asyncio.create_task(act())
        live.writing.add_done_callback(lambda task: self._alone_over(live, task))
        self._tasks.add(live.writing)
        await asyncio.shield(live.writing)

    def _alone_over(self, live: Live, task: asyncio.Task[None]) -> None:
        live.writing = None
        self._tasks.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None and not isinstance(exc, LeaseLost):
            log.warning("a write failed", extra={"turn": live.turn, "error": type(exc).__name__})

    async def renew(self, lives: Sequence[Live]) -> None:
        """A sign of life for the turns that have been silent; give up those whose lease ran out."""
        now_s = self._clock()
        silent = [live for live in lives if now_s - live.renewed_s > self.renew_every_s * 0.9]
        if not silent:
            return
        try:
            orders = await self._turns.renew([live.lease for live in silent], self._lease_s)
        except StoreError as exc:
            log.warning("leases could not be renewed", extra={"error": exc.code, "turns": len(silent)})
            for live in silent:
                if self._clock() - live.renewed_s > self._lease_s:
                    live.interrupt(LeaseLost(f"turn {live.turn} could not be renewed in time"))
            return
        for live, order in zip(silent, orders, strict=True):
            live.renewed_s = now_s
            self._heed(live, order, now_s)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _persistently(self, act: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """The store's answer and when it was asked, so that a lease is never thought longer than it is."""
        give_up_s = self._clock() + self._lease_s * _PATIENCE
        while True:
            asked_s = self._clock()
            try:
                return await act(), asked_s
            except StoreError as exc:
                if asked_s + _TRY_AGAIN_S > give_up_s:
                    raise
                if times := self._failures.times():
                    log.warning(
                        "the store could not write; trying again", extra={"error": exc.code, "times": times}
                    )
                await asyncio.sleep(_TRY_AGAIN_S)

    @staticmethod
    def _heed(live: Live, orders: Orders, asked_s: float) -> None:
        if orders.lost:
            live.interrupt(LeaseLost(f"turn {live.turn} is another worker's now"))
            return
        live.renewed_s = asked_s
        if orders.stop_by:
            live.interrupt(StopOrdered(orders.stop_by))
