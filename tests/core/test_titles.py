"""What a thread is called by its first question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.titles import MAX_TITLE_CHARS, title_of

PLAIN = {
    "How much leave is there?": "How much leave is there?",
    "  \n\n  How  much\tleave?  \nPlease.": "How much leave?",
    "# Heading **with** _signs_": "Heading with signs",
    "> - [ ] a ~~quoted~~ `task`": "a quoted task",
    "1. first of all": "first of all",
    "2026 was a good year": "2026 was a good year",
    "1.5 litres?": "1.5 litres?",
    "***both at once***": "both at once",
    "What does snake_case_name and 2*3*4 mean?": "What does snake_case_name and 2*3*4 mean?",
    "See [the page](https://example.org 'title') and ![a picture](a.png)": "See the page and a picture",
    "```python\nprint('hello')\n```": "print('hello')",
    "---\n***\nWhy?": "Why?",
    "🙂": "🙂",
    "???\nReally": "Really",
    "有給休暇は何日ありますか": "有給休暇は何日ありますか",
    "turned \u202eround\u2069": "turned round",
    "": "",
    " \n\t": "",
}


@pytest.mark.parametrize(("text", "title"), PLAIN.items())
def test_a_title_is_the_first_line_that_says_something_without_markdown(text: str, title: str) -> None:
    assert title_of(text) == title


def test_a_long_question_is_cut_at_a_word() -> None:
    title = title_of("please " * 50)

    assert title == "please " * 10 + "please…"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("休" * 100, "休" * 79 + "…"),
        ("Hi " + "a" * 100, "Hi " + "a" * 76 + "…"),
        ("a" * 78 + "e\u0301" * 10, "a" * 78 + "…"),
        ("a" * 77 + "👩\u200d🚀" * 10, "a" * 77 + "…"),
        ("a" * 80, "a" * 80),
    ],
    ids=["no spaces", "an endless word", "an accent", "a joined emoji", "just short enough"],
)
def test_where_there_is_no_word_to_cut_at_no_letter_is_torn(text: str, title: str) -> None:
    assert title_of(text) == title


@given(st.text(st.sampled_from("ab *_~`#>[]()!-1.é\u0301\u200d🚀\n"), max_size=300))
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_of(text)

    assert len(title) <= MAX_TITLE_CHARS
    assert title == " ".join(title.split())


@pytest.mark.parametrize("text", ["*a " * 40_000, "#\n" * 50_000, "[" * 100_000, "[a](" * 30_000])
def test_a_hostile_question_is_titled_like_any_other(text: str) -> None:
    """A pattern that went over all of it again for each sign would not come back for minutes."""
    assert len(title_of(text)) <= MAX_TITLE_CHARS
