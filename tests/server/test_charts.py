"""Hours that were counted, as the slots, days and percentiles of the owner's charts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock.core.events import Usage
from penstock.engine import histogram
from penstock.engine.statistics import Hour, Tally
from penstock.server.charts import Times, charts, since

# The day before this one ends at midnight, UTC.
NOW_S = datetime(2026, 11, 20, 13, 45, tzinfo=UTC).timestamp()


def tally(turns: int = 1, took_s: float = 2.0, *, model: str = "m", channel: str = "web") -> Tally:
    (bound_ms,) = histogram.one(took_s)
    return Tally(
        model,
        channel,
        turns={"done": turns},
        usage=Usage("", input_tokens=10 * turns, output_tokens=turns),
        first_visible={500: turns},
        took={bound_ms: turns},
    )


def hour(name: str, *tallies: Tally) -> Hour:
    return Hour(name, tallies)


def test_a_day_is_shown_by_the_hour_and_the_running_hour_is_the_last() -> None:
    found = charts([hour("2026-11-20T12", tally(3)), hour("2026-11-20T13", tally(1))], NOW_S, 24)

    assert found.step == "hour"
    assert len(found.slots) == 24
    assert datetime.fromtimestamp(found.since_s, UTC).isoformat() == "2026-11-19T14:00:00+00:00"
    assert [slot.turns["done"] for slot in found.slots[-3:]] == [0, 3, 1]
    assert [slot.start_s - found.since_s for slot in found.slots[:3]] == [0, 3_600, 7_200]
    assert found.total.turns == {"done": 4, "stopped": 0, "failed": 0}
    assert (found.total.usage.input_tokens, found.total.usage.output_tokens) == (40, 4)


def test_a_month_is_shown_by_the_day() -> None:
    hours = [
        hour("2026-11-18T00", tally(1)),
        hour("2026-11-18T23", tally(2)),
        hour("2026-11-19T00", tally(4)),
    ]

    found = charts(hours, NOW_S, 30 * 24)

    assert found.step == "day"
    assert len(found.slots) == 30
    assert [slot.turns["done"] for slot in found.slots[-3:]] == [3, 4, 0]
    assert datetime.fromtimestamp(found.slots[-1].start_s, UTC).isoformat() == "2026-11-20T00:00:00+00:00"


def test_usage_is_told_by_day_model_and_channel() -> None:
    hours = [
        hour("2026-11-19T22", tally(1, model="a"), tally(2, model="b")),
        hour("2026-11-19T23", tally(4, model="a"), tally(8, model="a", channel="slack")),
        hour("2026-11-20T00", tally(16, model="a")),
    ]

    found = charts(hours, NOW_S, 48)

    assert [(day.day, day.model, day.channel, day.usage.output_tokens) for day in found.days] == [
        ("2026-11-19", "a", "slack", 8),
        ("2026-11-19", "a", "web", 5),
        ("2026-11-19", "b", "web", 2),
        ("2026-11-20", "a", "web", 16),
    ]
    assert (found.models, found.channels) == (["a", "b"], ["slack", "web"])


def test_the_slowest_of_twenty_is_past_the_95th_percentile() -> None:
    found = charts([hour("2026-11-20T13", tally(19, 1.0), tally(1, 100.0))], NOW_S, 1)

    assert found.total.took.count == 20
    assert found.total.took.p50_s == pytest.approx(0.95, abs=0.05)
    assert found.total.took.p95_s == 1.0
    assert found.slots[0].took == found.total.took


def test_where_nothing_was_there_are_slots_and_no_times() -> None:
    found = charts([], NOW_S, 3)

    assert [slot.took for slot in found.slots] == [Times(0, None, None)] * 3
    assert (found.days, found.models) == ([], [])


@pytest.mark.parametrize("hours", [1, 2, 72, 73, 96, 720, 9_600])
def test_there_are_as_many_slots_as_hours_or_days_were_asked_for(hours: int) -> None:
    found = charts([], NOW_S, hours)

    assert found.since_s == since(NOW_S, hours)
    assert len(found.slots) == (hours if hours <= 72 else -(-hours // 24))
    assert found.slots[-1].start_s <= NOW_S
