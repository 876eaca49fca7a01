"""The fold: every cut, every resume point, any number of restarts and retractions give one view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.cursor import Begun, Cursor, parse, resume
from penstock.core.events import (
    Cited,
    Entry,
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
    Unknown,
    Usage,
    Waiting,
    decode_batch,
    encode_batch,
)
from penstock.core.turn import Turn, TurnOver, View, fold
from penstock.errors import CursorInvalid

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
middle: st.SearchStrategy[Event] = st.one_of(
    st.builds(Text, words),
    st.builds(Reasoning, words),
    st.builds(Status, words),
    st.builds(Cited, st.integers(1, 9), st.builds(Passage, words, words)),
    st.builds(Usage, words, st.integers(0, 99), st.integers(0, 99)),
    st.builds(Noted, words),
    st.builds(Retracted, st.integers(0, 12)),
    st.just(StepDone()),
    st.builds(Unknown, words),
)
attempt = st.lists(middle, max_size=8)
end: st.SearchStrategy[Event] = st.sampled_from(
    [Finished(), Finished("length"), Stopped(), Failed("model_cut", "It was cut.", "t1")]
)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """The log of a turn: any number of attempts, each after the first begun by Restarted, then an end."""
    entries: list[Entry] = []
    attempts = draw(st.lists(attempt, min_size=1, max_size=4))
    for number, events in enumerate(attempts, 1):
        if number > 1:
            entries.append(Entry(len(entries) + 1, number, Restarted(number)))
        for event in events:
            entries.append(Entry(len(entries) + 1, number, event))
    entries.append(Entry(len(entries) + 1, len(attempts), draw(end)))
    return entries


def view_of(entries: list[Entry]) -> View:
    return fold(entry.event for entry in entries)


@given(logs(), st.data())
def test_any_cut_of_the_log_folds_to_the_same_view(log: list[Entry], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=5)))
    turn = Turn()

    for start, stop in zip([0, *cuts], [*cuts, len(log)], strict=True):
        for entry in log[start:stop]:
            turn.receive(entry.event)
        # Looking changes nothing.
        assert turn.view == turn.view

    assert turn.view == view_of(log)


@given(logs())
def test_a_log_read_back_from_the_store_folds_to_the_same_view(log: list[Entry]) -> None:
    events = [entry.event for entry in log]

    assert fold(decode_batch(encode_batch(events))) == fold(events)


@given(logs())
def test_what_was_shown_changes_only_by_growing_unless_the_epoch_rises(log: list[Entry]) -> None:
    turn, text, epoch = Turn(), "", 0

    for entry in log:
        turn.receive(entry.event)
        assert turn.epoch > epoch or (turn.epoch == epoch and turn.text.startswith(text))
        text, epoch = turn.text, turn.epoch


@given(logs(), st.data())
def test_a_reader_that_resumes_anywhere_sees_what_one_sees_that_never_left(
    log: list[Entry], data: st.DataObject
) -> None:
    seen = data.draw(st.integers(0, len(log)))
    last = log[seen - 1] if seen else Entry(0, 0, Text(""))
    newest = log[-1].attempt

    after = resume(
        Cursor("t", last.attempt, last.number),
        turn="t",
        attempt=newest,
        begins=begins(log),
        last=len(log),
        over=True,
    )

    assert after == seen
    assert view_of(log[:after] + log[after:]) == view_of(log)


@given(logs(), st.integers(1, 20))
def test_a_reader_of_text_that_was_never_journaled_goes_on_where_the_next_attempt_begins(
    log: list[Entry], ahead: int
) -> None:
    for begun in begins(log)[1:]:
        lost = Cursor("t", begun.attempt - 1, begun.number - 1 + ahead)

        after = resume(lost, turn="t", attempt=log[-1].attempt, begins=begins(log), last=len(log), over=True)

        assert after == begun.number - 1


def test_a_reader_ahead_of_the_journal_of_a_running_attempt_waits() -> None:
    after = resume(Cursor("t", 1, 9), turn="t", attempt=1, begins=[Begun(1, 1)], last=4, over=False)

    assert after == 9


@pytest.mark.parametrize(
    ("cursor", "over"),
    [(Cursor("u", 1, 1), False), (Cursor("t", 3, 1), False), (Cursor("t", 1, 9), True)],
    ids=["of another turn", "of an attempt that never was", "beyond the end"],
)
def test_a_foreign_or_future_cursor_is_refused(cursor: Cursor, over: bool) -> None:
    with pytest.raises(CursorInvalid):
        resume(cursor, turn="t", attempt=1, begins=[Begun(1, 1)], last=4, over=over)


@pytest.mark.parametrize(
    "text", ["", "t", "t.1", "t.1.x", "t.-1.2", "t 1.1.1", "t.1.1.1", "t." + "9" * 20 + ".1"]
)
def test_what_never_was_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        parse(text)


def test_a_cursor_survives_being_written_down() -> None:
    assert parse(str(Cursor("a1-b_2", 3, 17))) == Cursor("a1-b_2", 3, 17)


def begins(log: list[Entry]) -> list[Begun]:
    found: list[Begun] = []
    for entry in log:
        if not found or found[-1].attempt != entry.attempt:
            found.append(Begun(entry.attempt, entry.number))
    return found


# --- Rules, one by one --------------------------------------------------------


def test_text_clears_the_status() -> None:
    assert fold([Status("Looking…"), Text("Paris")]).status == ""


def test_a_restart_that_takes_nothing_back_is_not_seen() -> None:
    assert fold([Restarted(2), Text("Paris")]).epoch == 0


def test_a_restart_takes_back_what_was_said_since_the_last_finished_step() -> None:
    view = fold([Text("A"), StepDone(), Text("B"), Restarted(2), Text("C")])

    assert (view.text, view.epoch) == ("AC", 1)


def test_citations_of_a_broken_attempt_are_not_doubled() -> None:
    cited = Cited(1, Passage("handbook.md", "…"))

    assert len(fold([Text("x"), cited, Restarted(2), Text("x"), cited]).citations) == 1


def test_a_failure_keeps_the_words_already_said() -> None:
    view = fold([Text("The capital is"), Failed("model_cut", "It was cut off.", "t9")])

    assert (view.state, view.text, view.error, view.reference) == (
        "failed",
        "The capital is",
        "It was cut off.",
        "t9",
    )


def test_who_waits_is_told_their_place_until_it_is_their_turn() -> None:
    assert fold([Waiting(2)]).ahead == 2
    assert fold([Waiting(2), Restarted(1)]).ahead == 0


def test_usage_of_several_requests_adds_up() -> None:
    usage = fold([Usage("m", 10, 5), Usage("m", 1, 2), Finished()]).usage

    assert (usage.input_tokens, usage.output_tokens) == (11, 7)


def test_nothing_comes_after_the_end() -> None:
    turn = Turn()
    turn.receive(Finished())

    with pytest.raises(TurnOver):
        turn.receive(Text("late"))


def test_an_event_of_a_newer_program_folds_to_nothing() -> None:
    events = decode_batch(
        b'[{"type":"text","text":"a"},{"type":"sung","notes":3},{"type":"finished"}]', version=2
    )

    assert events == [Text("a"), Unknown("sung"), Finished()]
    assert fold(events).text == "a"


def test_a_known_event_that_a_newer_program_changed_folds_to_nothing() -> None:
    assert decode_batch(b'[{"type":"retracted","spans":[1]}]', version=2) == [Unknown("retracted")]
