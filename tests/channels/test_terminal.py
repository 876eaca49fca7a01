"""What a terminal writes for a turn's log."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.channels.terminal import Look, Piece, Terminal
from penstock.core.events import (
    Cited,
    Entry,
    Event,
    Failed,
    Finished,
    Passage,
    Reasoning,
    Restarted,
    Retracted,
    Status,
    StepDone,
    Stopped,
    Text,
    Waiting,
)

SCREEN = Look(words_on_screen=True, beside_on_screen=True)
PIPE = Look()
ERASED = "\r\x1b[K"


def entries(events: Sequence[Event]) -> list[Entry]:
    return [Entry(number, 1, event) for number, event in enumerate(events, 1)]


def written(*events: Event, look: Look = PIPE) -> list[Piece]:
    return Terminal(look).write(entries(events))


def words(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces if not piece.beside)


def beside(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.beside)


# --- Words ----------------------------------------------------------------------


def test_words_are_written_as_they_come_and_the_last_line_is_ended() -> None:
    terminal = Terminal(PIPE)

    first, *rest = (terminal.write([entry]) for entry in entries([Text("Pa"), Text("ris"), Finished()]))

    assert first == [Piece("Pa")]
    assert rest == [[Piece("ris")], [Piece("\n")]]


def test_a_line_that_the_model_ended_is_not_ended_twice() -> None:
    assert words(written(Text("Paris\n"), Finished())) == "Paris\n"


def test_an_answer_without_a_word_writes_no_line() -> None:
    assert written(Finished()) == []


def test_a_model_cannot_steer_the_screen() -> None:
    clipboard = "\x1b]52;c;aGk=\x07\x9b2J a\tb\r\nc"

    assert words(written(Text(clipboard), Finished(), look=SCREEN)) == "]52;c;aGk=2J a\tb\nc\n"


def test_what_goes_into_a_file_is_what_the_model_said() -> None:
    assert words(written(Text("\x1b[1mbold\x1b[0m\n"), Finished())) == "\x1b[1mbold\x1b[0m\n"


@given(st.lists(st.text(max_size=5)), st.data())
def test_it_does_not_matter_how_the_log_is_cut(texts: list[str], data: st.DataObject) -> None:
    log = entries([*map(Text, texts), Finished()])
    cut = data.draw(st.integers(0, len(log)))
    terminal = Terminal(PIPE)

    pieces = terminal.write(log[:cut]) + terminal.write(log[cut:])

    assert words(pieces) == words(written(*(entry.event for entry in log)))
    assert words(pieces).removesuffix("\n") == "".join(texts).removesuffix("\n")


# --- Starting over --------------------------------------------------------------


@pytest.mark.parametrize("look", [SCREEN, PIPE])
def test_an_answer_that_starts_over_and_says_the_same_goes_on_silently(look: Look) -> None:
    pieces = written(
        Text("Paris is"), Restarted(2), Text("Par"), Text("is"), Text(" is big"), Finished(), look=look
    )

    assert words(pieces) == "Paris is big\n"
    assert beside(pieces) == ""


def test_a_person_is_told_when_it_says_something_else_and_reads_it_anew() -> None:
    pieces = written(Text("Lyon"), Restarted(2), Text("L"), Text("ille"), Finished(), look=SCREEN)

    assert words(pieces) == "Lyon\nLille\n"
    assert "starts over" in beside(pieces)


def test_a_program_is_not_given_two_answers_in_one() -> None:
    terminal = Terminal(PIPE)

    pieces = terminal.write(entries([Text("Lyon"), Restarted(2), Text("Lille"), Text("!"), Finished()]))

    assert words(pieces) == "Lyon\n"
    assert terminal.broken


def test_an_answer_that_ends_before_it_has_caught_up_is_another_answer() -> None:
    terminal = Terminal(PIPE)

    terminal.write(entries([Text("Paris is big"), Restarted(2), Text("Paris"), Finished()]))

    assert terminal.broken


def test_stopping_an_answer_that_starts_over_leaves_what_stands_there() -> None:
    pieces = written(Text("Paris is"), Restarted(2), Text("Par"), Stopped(), look=SCREEN)

    assert words(pieces) == "Paris is\n"
    assert beside(pieces) == "(stopped)\n"


def test_what_a_finished_step_said_stays() -> None:
    pieces = written(Text("One. "), StepDone(), Text("Two"), Restarted(2), Text("Two."), Finished())

    assert words(pieces) == "One. Two.\n"


def test_words_that_are_taken_back_are_said_to_be_at_once() -> None:
    pieces = written(Text("Paris, sh"), Retracted(5), look=SCREEN)

    assert words(pieces) == "Paris, sh\nParis"
    assert "taken back" in beside(pieces)


_EVENTS = st.one_of(
    st.text("ab", min_size=1, max_size=3).map(Text),
    st.just(Restarted(2)),
    st.integers(0, 5).map(Retracted),
    st.just(StepDone()),
)


@given(st.lists(_EVENTS, max_size=12))
def test_what_a_program_reads_is_the_answer_or_it_is_told(events: list[Event]) -> None:
    terminal = Terminal(PIPE)

    pieces = terminal.write(entries([*events, Finished()]))

    assert terminal.broken or words(pieces).removesuffix("\n") == terminal.view.text


@given(st.lists(_EVENTS, max_size=12))
def test_what_a_person_reads_last_is_the_answer(events: list[Event]) -> None:
    terminal = Terminal(SCREEN)

    pieces = terminal.write(entries([*events, Finished()]))

    assert words(pieces).removesuffix("\n").endswith(terminal.view.text)


# --- Beside the words -----------------------------------------------------------


def test_a_status_is_replaced_on_a_screen_and_gone_when_words_come() -> None:
    pieces = written(Status("searching"), Status("reading"), Text("Paris"), look=SCREEN)

    assert pieces == [
        Piece(f"{ERASED}searching …", beside=True),
        Piece(f"{ERASED}reading …", beside=True),
        Piece(ERASED, beside=True),
        Piece("Paris"),
    ]


def test_a_status_never_erases_a_line_that_has_words() -> None:
    assert beside(written(Text("Paris"), Status("searching"), look=SCREEN)) == ""
    assert beside(written(Text("Paris\n"), Status("searching"), look=SCREEN)) == f"{ERASED}searching …"


def test_in_a_file_each_status_is_a_line() -> None:
    pieces = written(Waiting(2), Status("searching"), Status("searching"), Reasoning("hm"), Reasoning("hm"))

    assert beside(pieces) == "waiting for 2 other answers …\nsearching …\nthinking …\n"


def test_in_a_file_thinking_is_told_once_whoever_says_it_and_however_often_it_begins() -> None:
    pieces = written(
        Status("Thinking…"),
        Reasoning("hm"),
        Text("Pa"),
        Restarted(2),
        Status("Thinking…"),
        Reasoning("hm"),
        Text("Paris"),
        Status("searching"),
        Reasoning("hm"),
        Finished(),
    )

    assert beside(pieces) == "Thinking …\nsearching …\nthinking …\n"


def test_on_a_screen_a_status_comes_back_after_the_words_that_erased_it() -> None:
    pieces = written(Reasoning("hm"), Text("Pa\n"), Reasoning("hm"), look=SCREEN)

    assert beside(pieces) == f"{ERASED}thinking …{ERASED}{ERASED}thinking …"


def test_when_there_is_nothing_more_to_say_the_status_is_gone() -> None:
    assert beside(written(Status("searching"), Status(""), look=SCREEN)) == f"{ERASED}searching …{ERASED}"
    assert beside(written(Status("searching"), Status(""))) == "searching …\n"


def test_sources_follow_the_answer() -> None:
    pieces = written(Cited(1, Passage("pay.md", "…", heading="Sick pay")), Text("Six weeks [1]."), Finished())

    assert words(pieces) == "Six weeks [1].\n"
    assert pieces[-1] == Piece("[1] pay.md: Sick pay\n", beside=True)


def test_a_source_cannot_steer_the_screen_either() -> None:
    assert "\x1b" not in beside(written(Cited(1, Passage("\x1b[2J.md", "…")), Finished()))


def test_colour_is_only_where_it_is_wanted() -> None:
    look = Look(words_on_screen=True, beside_on_screen=True, colour=True)

    assert beside(written(Text("Pa"), Stopped(), look=look)) == "\x1b[2m(stopped)\x1b[0m\n"
    assert beside(written(Text("Pa"), Stopped(), look=SCREEN)) == "(stopped)\n"


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (Finished(), ""),
        (Finished("length"), "limit"),
        (Finished("blocked"), "filter"),
        (Finished("refused"), "declined"),
        (Finished("tool"), "tool"),
        (Stopped("time"), "too long"),
        (Failed("model_busy", "The model is busy."), "penstock: The model is busy."),
    ],
)
def test_an_end_that_is_not_the_usual_one_is_told(end: Finished | Stopped | Failed, said: str) -> None:
    told = beside(written(Text("Pa"), end))

    assert said in told
    assert bool(said) == bool(told)
