"""How long a model may say nothing: a watch over one attempt, which interrupts the turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from penstock.engine.live import Live
from penstock.errors import ModelStalled


class Silence:
    """Interrupts a turn whose model is silent too long.

    `heard_s` is set with every event, which costs nothing; one timer looks at it now and then.
    """

    def __init__(self, live: Live, first_s: float, idle_s: float, clock: Callable[[], float]) -> None:
        self._live = live
        self._first_s = first_s
        self._idle_s = idle_s
        self._clock = clock
        self._since_s = clock()
        self.heard_s: float | None = None
        self._timer = asyncio.get_running_loop().call_later(min(first_s, idle_s), self._look)

    def allow(self, s: float) -> None:
        """The next `s` seconds are a pause of our own."""
        self._since_s = self._clock() + s

    def over(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        if self.heard_s is None:
            left_s = self._since_s + self._first_s - self._clock()
        else:
            left_s = self.heard_s + self._idle_s - self._clock()
        if left_s > 0:
            self._timer = asyncio.get_running_loop().call_later(left_s, self._look)
        else:
            after = "the first event" if self.heard_s is None else "the next event"
            self._live.interrupt(ModelStalled(f"waited too long for {after}"))
