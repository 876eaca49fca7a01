"""What is counted of turns adds up, whoever counts, and costs the store next to nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.events import Usage
from penstock.core.ports import Document, Shelf
from penstock.core.turn import State
from penstock.engine import TurnReport, histogram
from penstock.engine.chores import Chores
from penstock.engine.statistics import KEPT_DAYS, Hour, Statistics, Tally, merged, tally
from penstock.errors import ModelRefused, StoreLocked
from penstock.stores.sqlite import SqliteStore
from penstock.testing.clock import FakeClock
from penstock.testing.models import HOLD, ScriptedModel
from tests.engine.conftest import ANN, BOB, Stage

# 2026-11-20T12:00:00Z
NOON_S = 1_795_176_000.0


def report(
    took_s: float = 2.0,
    *,
    outcome: State = "done",
    model: str = "m",
    channel: str = "web",
    first_s: float | None = 0.5,
    error: str = "",
    tokens: int = 10,
) -> TurnReport:
    return TurnReport(
        turn="t",
        thread=f"acme:{channel}:secret-name",
        outcome=outcome,
        model=model,
        tries=1,
        took_s=took_s,
        first_visible_s=first_s,
        usage=Usage("reported", input_tokens=tokens, output_tokens=2 * tokens),
        error_code=error,
    )


class CountedShelf:
    """A Shelf that counts what is written to it, can be slow, and can be out of order."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.writes = 0
        self.kept_s: list[float] = []
        self.broken = False
        self.asked = asyncio.Event()
        self.may_write = asyncio.Event()
        self.may_write.set()

    async def get(self, key: str) -> Document | None:
        return await self._shelf.get(key)

    async def put(
        self, key: str, value: bytes, *, if_version: int | None = None, ttl_s: float = 0
    ) -> int | None:
        if self.broken:
            raise StoreLocked("held by somebody else")
        self.asked.set()
        await self.may_write.wait()
        self.writes += 1
        self.kept_s.append(ttl_s)
        return await self._shelf.put(key, value, if_version=if_version, ttl_s=ttl_s)

    async def delete(self, key: str) -> None:
        await self._shelf.delete(key)

    async def list(self, prefix: str) -> list[Document]:
        return await self._shelf.list(prefix)


class Bench:
    """Statistics on a real Shelf, with a clock and timers that a test turns by hand."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = FakeClock(NOON_S)
        self.shelf = CountedShelf(store.shelf)
        self.planned: list[tuple[float, Callable[[], None]]] = []
        self.chores = Chores()
        self.statistics = self.another()

    def another(self) -> Statistics:
        """A second process's."""
        return Statistics(
            self.shelf,
            self.chores,
            clock=self.clock,
            wall=self.clock,
            later=lambda after_s, act: self.planned.append((after_s, act)),
        )

    async def due(self) -> None:
        """What is planned happens."""
        planned, self.planned = self.planned, []
        for after_s, act in planned:
            self.clock.advance(after_s)
            act()
        await self.chores.ended()

    async def read(self, since_s: float = 0.0) -> list[Hour]:
        return await self.statistics.read(since_s)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store = SqliteStore(tmp_path)
    await store.open()
    yield Bench(store)
    await store.close()


# --- Histograms ---------------------------------------------------------------

_TIMES = st.lists(st.floats(0.001, 3_600), min_size=1, max_size=60)


def spread(times: list[float]) -> histogram.Histogram:
    whole: histogram.Histogram = {}
    for took_s in times:
        whole = histogram.added(whole, histogram.one(took_s))
    return whole


@given(_TIMES, st.sampled_from([0.5, 0.95]))
def test_a_percentile_stands_between_the_same_bounds_as_the_true_one(
    times: list[float], share: float
) -> None:
    true_s = sorted(times)[math.ceil(share * len(times)) - 1]

    found_s = histogram.percentile(spread(times), share)

    assert found_s is not None
    # It is rounded to a millisecond, perhaps down to the lower bound.
    assert histogram.one(true_s) in (histogram.one(found_s), histogram.one(found_s + 0.001))


@given(_TIMES, _TIMES)
def test_two_histograms_added_are_that_of_all_their_times(a: list[float], b: list[float]) -> None:
    assert histogram.added(spread(a), spread(b)) == spread(a + b)


def test_of_nothing_there_is_no_percentile() -> None:
    assert histogram.percentile({}, 0.5) is None


def test_times_that_spread_evenly_give_percentiles_between_the_bounds() -> None:
    times = spread([n / 1_000 for n in range(1, 1_001)])

    assert histogram.percentile(times, 0.5) == pytest.approx(0.5, abs=0.01)
    assert histogram.percentile(times, 0.95) == pytest.approx(0.95, abs=0.01)


def test_what_took_longer_than_an_hour_counts_as_an_hour() -> None:
    assert histogram.one(1e9) == histogram.one(3_600)


# --- Tallies ------------------------------------------------------------------


def test_a_turn_is_counted_by_model_and_channel_and_says_nothing_of_people() -> None:
    counted = tally(report(outcome="failed", error="model_busy", channel="slack", model="claude"))

    assert (counted.model, counted.channel) == ("claude", "slack")
    assert (counted.turns, counted.errors) == ({"failed": 1}, {"model_busy": 1})
    assert (counted.usage.input_tokens, counted.usage.output_tokens) == (10, 20)
    assert "secret" not in str(counted)


def test_a_turn_that_was_given_back_counts_by_the_word_it_showed_and_no_more() -> None:
    counted = tally(report(outcome="queued", first_s=0.7))

    assert counted == Tally("m", "web", first_visible=histogram.one(0.7))


@given(st.permutations([report(1), report(2, model="n"), report(3, channel="slack"), report(4, tokens=5)]))
def test_the_order_in_which_turns_are_counted_does_not_matter(turns: list[TurnReport]) -> None:
    hour = Hour("2026-11-20T12")
    one_by_one, in_halves = hour, hour
    for turn in turns:
        one_by_one = merged(one_by_one, [tally(turn)])
    for half in (turns[:2], turns[2:]):
        in_halves = merged(in_halves, merged(hour, map(tally, half)).tallies)

    assert one_by_one == in_halves
    assert [(t.model, t.channel, t.turns["done"]) for t in one_by_one.tallies] == [
        ("m", "slack", 1),
        ("m", "web", 2),
        ("n", "web", 1),
    ]


# --- On the Shelf -------------------------------------------------------------


async def test_a_thousand_turns_are_one_write(bench: Bench) -> None:
    for _ in range(1_000):
        bench.statistics.count(report())

    assert bench.shelf.writes == 0
    assert [after_s for after_s, _ in bench.planned] == [5.0]
    await bench.due()

    assert bench.shelf.writes == 1
    [hour] = await bench.read()
    assert (hour.hour, hour.start_s) == ("2026-11-20T12", NOON_S)
    assert hour.tallies[0].turns == {"done": 1_000}
    assert bench.planned == [], "and while nothing ends, nothing is written"


async def test_what_is_not_written_yet_is_seen_and_not_seen_twice(bench: Bench) -> None:
    bench.statistics.count(report())
    await bench.due()
    bench.statistics.count(report())

    assert [hour.tallies[0].turns for hour in await bench.read()] == [{"done": 2}]
    await bench.statistics.close()
    assert [hour.tallies[0].turns for hour in await bench.read()] == [{"done": 2}]


async def test_what_is_just_being_written_is_seen_once(bench: Bench) -> None:
    bench.shelf.may_write.clear()
    bench.statistics.count(report())
    flushed = asyncio.create_task(bench.statistics.flush())
    await bench.shelf.asked.wait()
    bench.statistics.count(report())
    read = asyncio.create_task(bench.read(NOON_S))
    # It begins during the first and, if it did not wait, would have read before the second.
    for _ in range(2):
        await bench.store.shelf.list("")
    bench.shelf.may_write.set()
    await flushed

    assert [hour.tallies[0].turns for hour in await read] == [{"done": 2}]


async def test_two_processes_count_into_the_same_hour(bench: Bench) -> None:
    other = bench.another()
    for _ in range(3):
        bench.statistics.count(report())
        other.count(report(channel="slack"))
        await asyncio.gather(bench.statistics.flush(), other.flush())

    [hour] = await bench.read()
    assert [(t.channel, t.turns) for t in hour.tallies] == [("slack", {"done": 3}), ("web", {"done": 3})]


async def test_what_a_full_disk_refused_is_written_when_there_is_room_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.shelf.broken = True
    bench.statistics.count(report())
    await bench.due()
    bench.statistics.count(report())
    bench.shelf.broken = False
    await bench.due()

    assert [hour.tallies[0].turns for hour in await bench.read()] == [{"done": 2}]
    assert bench.shelf.writes == 1
    assert len(caplog.records) == 1


async def test_closing_writes_what_there_is_and_plans_nothing_more(bench: Bench) -> None:
    bench.statistics.count(report())

    await bench.statistics.close()
    await bench.due()

    assert bench.shelf.writes == 1
    assert bench.planned == []


async def test_hours_are_read_from_the_one_that_is_asked_for(bench: Bench) -> None:
    for _ in range(50):
        bench.statistics.count(report())
        bench.clock.advance(3_600)
    await bench.statistics.flush()

    assert len(await bench.read()) == 50
    assert [hour.hour for hour in await bench.read(bench.clock() - 2 * 3_600)] == [
        "2026-11-22T12",
        "2026-11-22T13",
    ]


async def test_an_hour_is_kept_for_more_than_a_year_and_not_for_ever(bench: Bench) -> None:
    bench.statistics.count(report())
    await bench.statistics.flush()

    assert bench.shelf.kept_s == [KEPT_DAYS * 86_400.0]
    assert 366 < KEPT_DAYS < 1_000


# --- Of an engine -------------------------------------------------------------


async def test_every_end_of_a_turn_is_counted(stage: Stage) -> None:
    model = ScriptedModel(["Paris"], ["Pa", HOLD, "ris"], [ModelRefused("no")], name="scripted")
    async with stage.story(model) as story:
        await story.view((await story.ask(thread="t1")).turn.id)
        stopped = (await story.ask(thread="t2", person=BOB)).turn.id
        await story.seen_until(stopped, "Pa", person=BOB)
        await story.engine.stop(BOB, stopped)
        await story.ask(thread="t3", person=ANN)
        await story.reported(3)
        [hour] = await story.engine.owner.statistics(0.0)

    [counted] = hour.tallies
    assert (counted.model, counted.channel) == ("scripted", "web")
    assert counted.turns == {"done": 1, "stopped": 1, "failed": 1}
    assert counted.errors == {"model_refused": 1}
    assert sum(counted.first_visible.values()) == 2, "the refused one showed no word"
    assert sum(counted.took.values()) == 3


async def test_what_was_counted_is_there_after_a_restart(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris"])) as story:
        await story.view((await story.ask()).turn.id)
        await story.reported(1)
    async with stage.story(ScriptedModel(["Paris"])) as story:
        await story.view((await story.ask(id="web:another")).turn.id)
        await story.reported(1)
        hours = await story.engine.owner.statistics(0.0)

    assert sum(one.turns["done"] for hour in hours for one in hour.tallies) == 2


async def test_a_report_of_the_owners_that_breaks_takes_no_count_away(stage: Stage) -> None:
    reported = asyncio.Event()

    def broken(turn: TurnReport) -> None:
        reported.set()
        raise RuntimeError("somebody else's code")

    async with stage.story(ScriptedModel(["Paris"]), report=broken) as story:
        await story.ask()
        await reported.wait()
        [hour] = await story.engine.owner.statistics(0.0)

    assert hour.tallies[0].turns == {"done": 1}
