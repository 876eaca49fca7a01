"""What would be logged again and again: said at once the first time, then now and then with a count."""

from __future__ import annotations

import math
from collections.abc import Callable

_EVERY_S = 10.0


class Seldom:
    """Of one kind of mishap: tells its owner when to log it, every 10 s at most."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._said_s = -math.inf
        self._unsaid = 0

    def times(self) -> int:
        """It happened: how often since it was last said, when it is to be said now; else 0."""
        self._unsaid += 1
        now_s = self._clock()
        if now_s - self._said_s < _EVERY_S:
            return 0
        self._said_s = now_s
        times, self._unsaid = self._unsaid, 0
        return times
