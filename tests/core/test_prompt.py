from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.core.citing import cited
from penstock.core.events import Cited, Passage
from penstock.core.prompt import FileText, build, dated, estimate_tokens, grouped, system_text
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
