"""How long things took, as counts that add up: between fixed bounds, so that hours, models and processes sum.

A histogram is sparse, from a bound in milliseconds to how many took at most that long and longer than the
bound before. Bounds stand beside their counts, so that those of another version's can still be added.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key")
Histogram = dict[int, int]

# Each at most half as long again as the one before, from half a second on: a percentile is that exact.
_BOUNDS_MS = (
    *(50, 100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 900, 1_000, 1_250, 1_500, 2_000, 2_500, 3_000),
    *(4_000, 5_000, 6_000, 8_000, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000),
    *(180_000, 240_000, 300_000, 450_000, 600_000, 900_000, 1_200_000, 1_800_000, 2_700_000, 3_600_000),
)


def one(seconds: float) -> Histogram:
    """What took longer than the last bound counts there."""
    place = bisect_left(_BOUNDS_MS, seconds * 1_000)
    return {_BOUNDS_MS[min(place, len(_BOUNDS_MS) - 1)]: 1}


def added(a: Mapping[Key, int], b: Mapping[Key, int]) -> dict[Key, int]:
    """For counts by name, too. (Adding Counters takes six times as long.)"""
    both = dict(a)
    for key, count in b.items():
        both[key] = both.get(key, 0) + count
    return both


def percentile(histogram: Mapping[int, int], share: float) -> float | None:
    """How many seconds this share (0.95, say) took at most; within two bounds, all count as spread evenly."""
    rank = share * sum(histogram.values())
    below = 0
    for bound_ms, count in sorted(histogram.items()):
        if below + count >= rank:
            from_ms = _before(bound_ms)
            return round((from_ms + (bound_ms - from_ms) * (rank - below) / count) / 1_000, 3)
        below += count
    return None


def _before(bound_ms: int) -> int:
    place = bisect_left(_BOUNDS_MS, bound_ms)
    return _BOUNDS_MS[place - 1] if place else 0
