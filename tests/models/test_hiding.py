"""What a provider says is shown without keys and without people's words, however much of them there is."""

from __future__ import annotations

import time

import pytest

from penstock.models.hiding import Hidden, unsaid

ASKED = "Hello, I am Anna Lutz.\nMy PIN is 4711, please keep it. Grüße, 山田太郎, René"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("model 'x' not found, try pulling it first", "model 'x' not found, try pulling it first"),
        ("Incorrect API key provided: sk-ab***yz.", "Incorrect API key provided: [key]"),
        ("key my-own-key is unknown", "key [key] is unknown"),
        ("input_value='My PIN is 4711,  please keep it'", "input_value='[...] is [...], please [...] it'"),
        ("there is no fault 'Anna Lutz'", "there is no fault '[...]'"),
        ("there is no fault 'ANNA'", "there is no fault '[...]'"),
        ("got PIN 4711", "got [...]"),
        ("maximum is 4712 tokens", "maximum is 4712 tokens"),
        ('"content": "Gr\\u00fc\\u00dfe,\\nAnna"', '"content": "[...]"'),
        ("'太郎' is not valid", "'[...]' is not valid"),
        ("got 'Rene\u0301'", "got '[...]'"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_message_is_shown_without_keys_and_without_peoples_words(message: str, shown: str) -> None:
    assert unsaid(message, Hidden("my-own-key", ASKED)) == shown


def test_a_message_is_shown_whole_when_nothing_was_said() -> None:
    assert unsaid("no fault 'Anna'", Hidden()) == "no fault 'Anna'"


def test_a_long_message_is_cut_after_it_was_cleaned() -> None:
    assert "secret" not in unsaid("x" * 395 + "secret-key-of-ours", Hidden("secret-key-of-ours"))


def test_no_half_of_a_word_is_left_where_a_message_is_cut() -> None:
    message = "Lutz " * 799 + "Zürichsee"

    assert "Z" not in unsaid(message, Hidden("", "Lutz Zürichsee"))


@pytest.mark.parametrize("at", [0, 1_000_000, 2_000_000])
def test_of_a_prompt_too_long_to_be_read_no_word_is_shown_that_could_be_its_own(at: int) -> None:
    said = "x " * (at // 2) + "Anna" + " y" * (1_000_000 - at // 2)

    assert unsaid("model not found: 'Anna' 4711", Hidden("", said)) == "model not found: '[...]"


@pytest.mark.parametrize(
    "said", ["ab" * 100_000, "a " * 100_000, "a" * 4_000_000, "é" * 200_000, "a b c " * 700_000]
)
@pytest.mark.parametrize("message", ["ab" * 500_000, "a " * 500_000, "é" * 500_000])
def test_a_long_message_about_a_long_prompt_is_cleaned_in_no_time(said: str, message: str) -> None:
    begun_s = time.process_time()
    unsaid(message, Hidden("", said))

    assert time.process_time() - begun_s < 0.25
