"""The statistics as the owner's charts want them: slots of one size, days by model and channel, and times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Literal

import msgspec
from msgspec.structs import asdict

from penstock.core.events import Usage
from penstock.engine import histogram
from penstock.engine.histogram import Histogram
from penstock.engine.statistics import Hour, Tally, added

_HOUR_S = 3_600
_DAY_S = 86_400
# More hours than this are shown by the day.
_MOST_HOURS = 72


class Times(msgspec.Struct, frozen=True):
    """Seconds that half of the turns, and 95 in a hundred, took at most; null where there are none."""

    count: int
    p50_s: float | None
    p95_s: float | None


class Tokens(msgspec.Struct, frozen=True):
    """As providers count them."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int


class Figures(msgspec.Struct, frozen=True):
    """`turns` by outcome ("done", "stopped", "failed"), `errors` by code. Both times count from the question:
    `first_visible` to the first word shown, `took` to the end."""

    turns: dict[str, int]
    errors: dict[str, int]
    first_visible: Times
    took: Times
    usage: Tokens


class Slot(Figures, frozen=True, kw_only=True):
    """An hour or a day, from `start_s` on."""

    start_s: float


class Day(Figures, frozen=True, kw_only=True):
    """One model in one channel on one day, which is UTC's."""

    day: str
    model: str
    channel: str


class Charts(msgspec.Struct, frozen=True):
    """`slots`: one after the other from `since_s` on, also those in which nothing was. Times in `_s` are
    seconds since the epoch but for those in `Times`."""

    since_s: float
    until_s: float
    step: Literal["hour", "day"]
    slots: list[Slot]
    days: list[Day]
    total: Figures
    models: list[str]
    channels: list[str]


def since(until_s: float, hours: int) -> int:
    """Where the first slot begins, if the last one, of so many hours in all, is the one of `until_s`."""
    step_s = _step_s(hours)
    slots = -(-hours * _HOUR_S // step_s)
    return int(until_s // step_s - slots + 1) * step_s


def charts(found: Sequence[Hour], until_s: float, hours: int) -> Charts:
    since_s, step_s = since(until_s, hours), _step_s(hours)
    slots: dict[int, list[Tally]] = {start_s: [] for start_s in range(since_s, int(until_s) + 1, step_s)}
    days: dict[tuple[str, str, str], list[Tally]] = {}
    for hour in found:
        slots.setdefault(hour.start_s // step_s * step_s, []).extend(hour.tallies)
        for one in hour.tallies:
            days.setdefault((hour.hour[:10], one.model, one.channel), []).append(one)
    by_slot = {start_s: _summed(tallies) for start_s, tallies in slots.items()}
    return Charts(
        since_s=since_s,
        until_s=until_s,
        step="hour" if step_s == _HOUR_S else "day",
        slots=[_slot(start_s, tally) for start_s, tally in sorted(by_slot.items())],
        days=[_day(*key, _summed(tallies)) for key, tallies in sorted(days.items())],
        total=figures(_summed(by_slot.values())),
        models=sorted({model for _, model, _ in days}),
        channels=sorted({channel for *_, channel in days}),
    )


def figures(tally: Tally) -> Figures:
    return Figures(
        turns={outcome: tally.turns.get(outcome, 0) for outcome in ("done", "stopped", "failed")},
        errors=dict(sorted(tally.errors.items())),
        first_visible=_times(tally.first_visible),
        took=_times(tally.took),
        usage=_tokens(tally.usage),
    )


def _slot(start_s: int, tally: Tally) -> Slot:
    return Slot(start_s=start_s, **asdict(figures(tally)))


def _day(day: str, model: str, channel: str, tally: Tally) -> Day:
    return Day(day=day, model=model, channel=channel, **asdict(figures(tally)))


def _summed(tallies: Iterable[Tally]) -> Tally:
    return reduce(added, tallies, Tally("", ""))


def _times(took: Histogram) -> Times:
    half, most = histogram.percentile(took, 0.5), histogram.percentile(took, 0.95)
    return Times(sum(took.values()), half, most)


def _tokens(usage: Usage) -> Tokens:
    return Tokens(**{name: getattr(usage, name) for name in Tokens.__struct_fields__})


def _step_s(hours: int) -> int:
    return _HOUR_S if hours <= _MOST_HOURS else _DAY_S
