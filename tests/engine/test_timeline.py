"""What the owner is told of one turn: everything that happened, when, and none of its words."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.cursor import Begun
from penstock.core.events import (
    Cited,
    Event,
    Failed,
    Finished,
    Noted,
    Passage,
    Reasoning,
    Restarted,
    Retracted,
    Status,
    StepDone,
    Stopped,
    Text,
    ToolCalled,
    ToolReturned,
    Unknown,
    Usage,
    Waiting,
)
from penstock.core.ports import TurnInfo, Written
from penstock.engine.timeline import Timeline, timeline

ASKED_S = 1_795_176_000.0
TURN = TurnInfo("t1", "acme:web:x", "done", 2, 9, (Begun(1, 1), Begun(2, 5)), ASKED_S, ended_s=ASKED_S + 9)


def log(*batches: tuple[float, int, list[Event]]) -> list[Written]:
    """Batches of events, each with the seconds since the question and its attempt."""
    written: list[Written] = []
    number = 1
    for after_s, attempt, events in batches:
        at_s = ASKED_S + after_s if after_s else 0.0
        written.append(Written(at_s, number, attempt, tuple(events)))
        number += len(events)
    return written


def kinds(told: Timeline) -> list[tuple[float | None, int, str, str]]:
    return [(m.since_s, m.attempt, m.kind, m.what) for m in told.moments]


def test_two_attempts_each_with_its_beginning_first_word_and_length() -> None:
    told = timeline(
        TURN,
        log(
            (0.1, 0, [Waiting(2)]),
            (1.0, 1, [Status("Looking in the documents…")]),
            (1.5, 1, [Reasoning("Hm. "), Text("Pa")]),
            (1.6, 1, [Text("ris"), Text(" is")]),
            (3.0, 2, [Restarted(2, "model_cut")]),
            (4.0, 2, [Text("Paris.")]),
            (9.0, 2, [Usage("m", 10, 5), Finished("complete")]),
        ),
    )

    assert kinds(told) == [
        (0.0, 0, "received", ""),
        (0.1, 0, "waiting", ""),
        (1.0, 1, "began", ""),
        (1.0, 1, "status", "Looking in the documents…"),
        (1.5, 1, "first_word", ""),
        (3.0, 2, "began", "model_cut"),
        (4.0, 2, "first_word", ""),
        (9.0, 2, "usage", "m"),
        (9.0, 2, "done", "complete"),
    ]
    first, second = told.attempts
    assert (first.began_s, first.first_word_s) == (ASKED_S + 1.0, ASKED_S + 1.5)
    assert (first.chars, first.reasoning_chars, first.why) == (8, 4, "")
    assert (second.attempt, second.first_word_s) == (2, ASKED_S + 4.0)
    assert (second.chars, second.why) == (6, "model_cut")


def test_the_details_of_what_went_on() -> None:
    told = timeline(
        TURN,
        log(
            (1, 1, [Cited(3, Passage("handbook.md", "secret words", "Leave", 0.5))]),
            (1, 1, [Noted("trimmed", {"turns": 4}), Retracted(120, "guardrail")]),
            (1, 1, [ToolCalled("c1", "search", '{"q": "secret"}'), ToolReturned("c1", "secret"), StepDone()]),
            (1, 1, [Usage("m", 10, 5, cache_read_tokens=7), Unknown("of_tomorrow")]),
            (2, 1, [Failed("model_busy", "The model is busy.", "t1")]),
        ),
    )

    found = {m.kind: (m.what, m.detail) for m in told.moments}
    assert found["passage"] == ("handbook.md", {"number": 3, "heading": "Leave", "score": 0.5})
    assert found["noted"] == ("trimmed", {"turns": 4})
    assert found["retracted"] == ("guardrail", {"keep_chars": 120})
    assert found["tool"] == ("search", {"call_id": "c1"})
    assert found["returned"] == ("", {"call_id": "c1", "chars": 6})
    assert found["usage"][1]["cache_read_tokens"] == 7
    assert found["unknown"] == ("of_tomorrow", {})
    assert found["failed"] == ("model_busy", {"sentence": "The model is busy.", "reference": "t1"})
    assert b"secret" not in msgspec.json.encode(told)


def test_a_log_from_before_times_were_kept_has_its_moments_without_them() -> None:
    told = timeline(TURN, log((0, 1, [Text("Paris")]), (0, 1, [Stopped("time")])))

    assert [(m.since_s, m.kind) for m in told.moments[1:]] == [
        (None, "began"),
        (None, "first_word"),
        (None, "stopped"),
    ]
    assert told.attempts[0].first_word_s is None
    assert told.attempts[0].chars == 5


@given(st.lists(st.text(), max_size=12), st.data())
def test_however_an_answer_was_cut_into_batches_it_has_one_beginning_and_one_first_word(
    texts: list[str], data: st.DataObject
) -> None:
    events: list[Event] = [*(Text(text) for text in texts), Finished()]
    batches: list[tuple[float, int, list[Event]]] = []
    while events:
        size = data.draw(st.integers(1, len(events)))
        batches.append((float(len(batches) + 1), 1, events[:size]))
        events = events[size:]

    told = timeline(TURN, log(*batches))

    names = [m.kind for m in told.moments]
    assert names.count("began") == names.count("done") == 1
    assert names.count("first_word") == int(any(texts))
    assert told.attempts[0].chars == sum(map(len, texts))
