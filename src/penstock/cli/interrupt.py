"""Ctrl-C while an answer comes in: the first asks for its end, the second ends the program."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import FrameType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While it is entered, `came` tells which signal came (0: none), and `then` what is to be done."""

    def __init__(self) -> None:
        self.came = 0
        self._act: Callable[[], None] = lambda: None

    def then(self, act: Callable[[], None]) -> None:
        """Do this when the signal comes, or now, if it has come already."""
        self._act = act
        if self.came:
            act()

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._before = {number: signal.signal(number, self._heard) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = number
        self._loop.call_soon_threadsafe(self._act_now)

    def _act_now(self) -> None:
        self._act()
