from __future__ import annotations

from typing import get_args

import pytest

from penstock.core.overlap import NAMES, Backlog, Join, Limits, NewTurn, Overlap, decide
from penstock.errors import ThreadBusy, TooManyQueued

OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)
BUSY = Backlog(running=("a",), queued=("b", "c"))


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_a_quiet_thread_answers_at_once(overlap: Overlap) -> None:
    assert decide(overlap, Backlog(), Limits()) == NewTurn(ahead=0)


def test_queue_waits_for_all_before_it() -> None:
    assert decide("queue", BUSY, Limits()) == NewTurn(ahead=3)


def test_burst_joins_the_turn_that_has_not_begun() -> None:
    assert decide("burst", BUSY, Limits()) == Join("c", ahead=2)


def test_burst_behind_a_running_turn_begins_a_turn_that_later_ones_join() -> None:
    assert decide("burst", Backlog(running=("a",)), Limits()) == NewTurn(ahead=1)


def test_interrupt_stops_what_runs_and_what_waits() -> None:
    assert decide("interrupt", BUSY, Limits()) == NewTurn(ahead=3, stop=("a", "b", "c"))


def test_reject_refuses_while_an_answer_is_under_way() -> None:
    assert isinstance(decide("reject", BUSY, Limits()), ThreadBusy)


def test_a_full_thread_refuses_before_it_accepts() -> None:
    assert isinstance(decide("queue", BUSY, Limits(queued_per_thread=2)), TooManyQueued)


def test_a_person_with_too_many_questions_is_refused_even_in_a_quiet_thread() -> None:
    backlog = Backlog(persons_queued=5)

    assert isinstance(decide("queue", backlog, Limits(queued_per_person=5)), TooManyQueued)


def test_an_interruption_is_never_refused_for_want_of_room() -> None:
    assert isinstance(decide("interrupt", BUSY, Limits(1, 1)), NewTurn)


def test_the_names_of_other_systems_mean_ours() -> None:
    assert set(NAMES.values()) == set(OVERLAPS)
    assert all(NAMES[name] == name for name in OVERLAPS)
