from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.citing import cited
from penstock.core.events import Cited, Passage
from penstock.core.prompt import (
    FileText,
    build,
    dated,
    estimate_tokens,
    grouped,
    limit_of,
    stops_of,
    system_text,
)
from penstock.core.question import Message


def turn(n: int, words: int = 10) -> list[Message]:
    return [Message("user", f"question {n} " + "word " * words), Message("assistant", f"answer {n}")]


def test_the_question_comes_last() -> None:
    prompt = build(instructions="Be kind.", turns=[turn(1)], question="And now?", window_tokens=8_000).prompt

    assert [m.role for m in prompt.messages] == ["user", "assistant", "user"]
    assert prompt.question == "And now?"


def test_turns_are_dropped_whole_and_the_oldest_first() -> None:
    turns = [turn(n, words=100) for n in range(10)]

    built = build(instructions="", turns=turns, question="?", window_tokens=1_200)

    kept = built.prompt.messages[:-1]
    assert 0 < built.dropped_turns < 10
    assert list(kept) == [m for t in turns[built.dropped_turns :] for m in t]


def test_a_question_that_alone_fills_the_window_is_still_asked() -> None:
    built = build(instructions="", turns=[turn(1)], question="word " * 5_000, window_tokens=1_000)

    assert built.dropped_turns == 1
    assert len(built.prompt.messages) == 1


@given(st.lists(st.integers(0, 400), max_size=12), st.integers(500, 20_000))
def test_what_is_kept_fits_the_window_with_room_for_the_answer(sizes: list[int], window: int) -> None:
    built = build(instructions="", turns=[turn(1, n) for n in sizes], question="?", window_tokens=window)

    if built.dropped_turns < len(sizes):
        assert built.estimated_tokens <= window - min(8_192, window // 4)
    assert len(built.prompt.messages) == 2 * (len(sizes) - built.dropped_turns) + 1


@given(st.text())
def test_the_estimate_never_falls_when_text_is_added(text: str) -> None:
    assert estimate_tokens(text + "a") >= estimate_tokens(text)


def test_scripts_without_spaces_are_estimated_higher() -> None:
    assert estimate_tokens("日本語の文書") >= 12
    assert estimate_tokens("handbook") <= 4


def test_passages_and_files_stand_in_the_system_text_as_material() -> None:
    prompt = build(
        instructions="Be kind.",
        turns=[],
        question="?",
        window_tokens=8_000,
        passages=[Passage("a.md", "Holidays: 30 days.", "Leave")],
        files=[FileText("log.txt", "boom")],
    ).prompt

    text = system_text(prompt)

    assert text.startswith("Be kind.")
    assert "[1] a.md: Leave\n<passage>\nHolidays: 30 days.\n</passage>" in text
    assert "The file log.txt:\n<file>\nboom\n</file>" in text


def test_a_file_longer_than_the_window_is_cut_at_its_end_and_says_so() -> None:
    built = build(
        instructions="",
        turns=[turn(1)],
        question="What went wrong? " * 10,
        window_tokens=2_000,
        files=[FileText("log.txt", "one line of many\n" * 5_000)],
    )

    (file,) = built.prompt.files
    assert file.text.startswith("one line of many\n" * 200)
    assert file.text.endswith("\n(cut: the file is longer than the model can read)")
    assert built.prompt.question == "What went wrong? " * 10
    assert 1_450 < built.estimated_tokens <= 1_500, "a quarter is left for the answer"
    assert built.trimmed == {"turns": 1, "files": 1}


def test_small_files_stay_whole_beside_a_long_one() -> None:
    small, long = FileText("a.txt", "short"), FileText("b.txt", "日本語の文書" * 5_000)

    built = build(
        instructions="", turns=[], question="?", window_tokens=2_000, files=[long, small, long, small]
    )

    first, second, third, fourth = built.prompt.files
    assert (second, fourth) == (small, small)
    assert first == third
    assert len(first.text) > 200
    assert built.cut_files == 2


def test_files_that_fit_are_given_as_they_are() -> None:
    files = [FileText("a.txt", "x" * 100), FileText("b.txt", "")]

    built = build(instructions="", turns=[turn(1)], question="?", window_tokens=8_000, files=files)

    assert built.prompt.files == tuple(files)
    assert built.trimmed == {}


@given(st.lists(st.text(max_size=2_000), min_size=1, max_size=6), st.integers(1_000, 4_000))
def test_whatever_the_files_what_is_asked_fits_the_window(texts: list[str], window: int) -> None:
    files = [FileText(f"{n}.txt", text * 10) for n, text in enumerate(texts)]

    built = build(instructions="", turns=[turn(1)], question="?", window_tokens=window, files=files)

    assert built.estimated_tokens <= window - min(8_192, window // 4)


def test_a_clients_history_is_cut_where_the_user_speaks() -> None:
    history = [
        Message("assistant", "Hello!"),
        Message("user", "a"),
        Message("assistant", "A"),
        Message("user", "b"),
    ]

    assert grouped(history) == [history[:1], history[1:3], history[3:]]


def test_instructions_carry_the_date() -> None:
    assert dated("Be kind.", "Monday, 2 March 2026") == "Be kind.\n\nToday is Monday, 2 March 2026."
    assert dated("Be kind.", "") == "Be kind."


def test_citations_are_read_back_from_the_text() -> None:
    passages = [Passage("a.md", "…"), Passage("b.md", "…"), Passage("c.md", "…")]

    found = cited(
        "Thirty days [2]. Also 【1、3】, not [7] and not [2](https://example.org).", passages, already={3}
    )

    assert found == [Cited(1, passages[0]), Cited(2, passages[1])]


def test_no_limit_and_no_stop_is_wished_for_where_nothing_was_said() -> None:
    assert limit_of({"max_tokens": None}) is None
    assert stops_of({"stop": None}) == stops_of({"stop": ""}) == stops_of({}) == []


@pytest.mark.parametrize("stop", ["END", ["END"], ("END",)])
def test_what_an_answer_stops_before_is_one_text_or_several(stop: object) -> None:
    assert stops_of({"stop": stop}) == ["END"]
