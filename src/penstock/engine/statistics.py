"""How many turns ended, how, by which model and channel, what they used and how long they took, hour by hour.

One document an hour on the Shelf, which only ever grows by adding: several processes may count, and any hours
may be summed. It holds facts about turns and nothing about people. What was counted is written every few
seconds, so a process that dies leaves its last ones out: this is for seeing, not for accounts.
"""

from __future__ import annotations

import asyncio
import calendar
import logging
import time
from collections.abc import Callable, Iterable

import msgspec

from penstock.core.events import Usage
from penstock.core.ports import Document, Shelf
from penstock.core.question import thread_parts
from penstock.core.turn import ENDED
from penstock.core.turn import added as usage_added
from penstock.engine import histogram
from penstock.engine.chores import Chores
from penstock.engine.histogram import Histogram
from penstock.engine.rules import TurnReport
from penstock.engine.seldom import Seldom
from penstock.errors import StoreError

log = logging.getLogger("penstock.engine")

_PREFIX = "stats/"
_FLUSH_EVERY_S = 5.0
# Other processes may write the same hour at the same moment; each try lets one of them through.
_TRIES = 10
_DAY_S = 86_400.0
# More are listed by the month.
_MOST_DAYS = 10
KEPT_DAYS = 400
"""How long an hour is kept: a year can be looked back on."""


# --- Pure: tallies that add up ------------------------------------------------


class Tally(msgspec.Struct, frozen=True):
    """Turns of one model in one channel: by outcome, by error code, what they used and how long they took.

    `first_visible` and `took` are measured from the question; a turn that showed no word is not in the first.
    """

    model: str
    channel: str
    turns: dict[str, int] = {}
    errors: dict[str, int] = {}
    usage: Usage = Usage()
    first_visible: Histogram = {}
    took: Histogram = {}


class Hour(msgspec.Struct, frozen=True):
    """`hour` is UTC, YYYY-MM-DDTHH."""

    hour: str
    tallies: tuple[Tally, ...] = ()

    @property
    def start_s(self) -> int:
        return calendar.timegm(time.strptime(self.hour, "%Y-%m-%dT%H"))


def tally(report: TurnReport) -> Tally:
    """One turn. One that was given back has not ended; only the word it showed first counts."""
    ended, first_s = report.outcome in ENDED, report.first_visible_s
    return Tally(
        model=report.model,
        channel=thread_parts(report.thread).channel,
        turns={report.outcome: 1} if ended else {},
        errors={report.error_code: 1} if ended and report.error_code else {},
        usage=msgspec.structs.replace(report.usage, model="") if ended else Usage(),
        first_visible=histogram.one(first_s) if first_s is not None else {},
        took=histogram.one(report.took_s) if ended else {},
    )


def added(a: Tally, b: Tally) -> Tally:
    """Both together, under the first one's model and channel."""
    return Tally(
        model=a.model,
        channel=a.channel,
        turns=histogram.added(a.turns, b.turns),
        errors=histogram.added(a.errors, b.errors),
        usage=usage_added(a.usage, b.usage),
        first_visible=histogram.added(a.first_visible, b.first_visible),
        took=histogram.added(a.took, b.took),
    )


def merged(hour: Hour, more: Iterable[Tally]) -> Hour:
    """The hour with these added to it, one tally for each model and channel."""
    tallies = {(one.model, one.channel): one for one in hour.tallies}
    for one in more:
        there = tallies.get((one.model, one.channel))
        tallies[one.model, one.channel] = added(there, one) if there else one
    return Hour(hour.hour, tuple(tallies[key] for key in sorted(tallies)))


# --- I/O: gathered here, kept on the Shelf ------------------------------------


class Statistics:
    """`later` calls back after so many seconds: the event loop's own, unless a test turns the clock."""

    def __init__(
        self,
        shelf: Shelf,
        chores: Chores,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self._shelf = shelf
        self._chores = chores
        self._wall = wall
        self._later = later
        self._failures = Seldom(clock)
        self._unwritten: dict[str, Hour] = {}
        self._planned = self._closing = False
        self._alone = asyncio.Lock()

    def before(self, report: Callable[[TurnReport], None]) -> Callable[[TurnReport], None]:
        """What counts each turn and then tells `report` of it."""

        def both(turn: TurnReport) -> None:
            self.count(turn)
            report(turn)

        return both

    def count(self, report: TurnReport) -> None:
        self._add(Hour(self._hour(self._wall()), (tally(report),)))
        self._plan()

    async def read(self, since_s: float) -> list[Hour]:
        """The hours from then on in which anything ended, oldest first. Raises StoreError."""
        # Not while they are written, or a turn would count twice or not at all.
        async with self._alone:
            found = [
                _decoded(one) for some in self._prefixes(since_s) for one in await self._shelf.list(some)
            ]
            hours = {hour.hour: hour for hour in found}
            for hour in self._unwritten.values():
                hours[hour.hour] = merged(hours.get(hour.hour, Hour(hour.hour)), hour.tallies)
        since = self._hour(since_s)
        return [hours[name] for name in sorted(hours) if name >= since]

    async def flush(self) -> None:
        """Write what has been counted; what cannot be written is kept for the next time."""
        async with self._alone:
            for name in list(self._unwritten):
                hour, written = self._unwritten.pop(name), False
                try:
                    written = await self._write(hour)
                except StoreError as exc:
                    if times := self._failures.times():
                        extra = {"error": exc.code, "times": times}
                        log.warning("statistics were not written; trying again", extra=extra)
                finally:
                    if not written:
                        self._add(hour)
        if self._unwritten:
            self._plan()

    async def close(self) -> None:
        self._closing = True
        await self.flush()

    def _add(self, hour: Hour) -> None:
        so_far = self._unwritten.get(hour.hour, Hour(hour.hour))
        self._unwritten[hour.hour] = merged(so_far, hour.tallies)

    def _plan(self) -> None:
        if not self._planned and not self._closing:
            self._planned = True
            (self._later or asyncio.get_running_loop().call_later)(_FLUSH_EVERY_S, self._due)

    def _due(self) -> None:
        self._planned = False
        if not self._closing:
            self._chores.begin(self.flush())

    async def _write(self, hour: Hour) -> bool:
        key = _PREFIX + hour.hour
        for _ in range(_TRIES):
            found = await self._shelf.get(key)
            whole = merged(_decoded(found) if found else Hour(hour.hour), hour.tallies)
            value, version = msgspec.json.encode(whole), found.version if found else 0
            if await self._shelf.put(key, value, if_version=version, ttl_s=KEPT_DAYS * _DAY_S) is not None:
                return True
        return False

    def _prefixes(self, since_s: float) -> list[str]:
        """What the hours from then till now begin with: their days, or months when there are many."""
        now_s = self._wall()
        first_s = max(since_s, now_s - KEPT_DAYS * _DAY_S)
        days = range(int(first_s // _DAY_S), int(now_s // _DAY_S) + 1)
        chars = len("2026-11-20" if len(days) <= _MOST_DAYS else "2026-11")
        return sorted({_PREFIX + self._hour(day * _DAY_S)[:chars] for day in days})

    @staticmethod
    def _hour(at_s: float) -> str:
        return time.strftime("%Y-%m-%dT%H", time.gmtime(at_s))


def _decoded(document: Document) -> Hour:
    return msgspec.json.decode(document.value, type=Hour)
