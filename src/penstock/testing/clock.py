"""A clock that is turned by hand."""

from __future__ import annotations


class FakeClock:
    """Seconds since the epoch, called like `time.time`; they pass when `advance` says so."""

    def __init__(self, now_s: float = 1_800_000_000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds
