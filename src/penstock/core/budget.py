"""A budget as one number: the generic cell rate algorithm (GCRA).

The number is the time at which the budget would be full again if nothing more were
taken. One number is one atomic update in SQLite, Redis and DynamoDB alike.
https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

from __future__ import annotations

from typing import NamedTuple


class Rate(NamedTuple):
    """One call every `every_s` seconds in the long run, `burst` at once."""

    every_s: float
    burst: int = 1


class Taken(NamedTuple):
    """`wait_s` is 0 when the calls were granted; else nothing was taken, and that long is to wait."""

    wait_s: float
    full_again_s: float


def take(full_again_s: float, rate: Rate, now_s: float, calls: int = 1) -> Taken:
    start = max(full_again_s, now_s)
    after = start + calls * rate.every_s
    wait_s = after - rate.burst * rate.every_s - now_s
    # A rounding error of the clock's own size must not refuse the call it just granted.
    if wait_s > 1e-9:
        return Taken(wait_s, full_again_s)
    return Taken(0.0, after)
