"""The terms of a text, in every kind of script."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.core.words import fold, is_japanese, keywords, stem, terms


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Café", "CAFE"),
        ("Grüße", "grusse"),
        ("Ｐｅｎｓｔｏｃｋ", "penstock"),
        ("ΑΘΉΝΑ", "αθηνα"),
        ("כֶּלֶב", "כלב"),
        ("ﾃﾞｰﾀﾍﾞｰｽ", "データベース"),
    ],
)
def test_case_accents_and_width_do_not_matter(written: str, asked: str) -> None:
    assert fold(written) == fold(asked)


def test_a_voiced_kana_is_another_letter_and_no_accent() -> None:
    assert fold("が") != fold("か")


@pytest.mark.parametrize(
    "family",
    [
        "index indexes indexed indexing",
        "use uses used using",
        "run runs running",
        "reply replies replied",
        "document documents documentation",
        "need needs needed",
        "configure configured configuration",
        "process processes processing",
    ],
)
def test_the_plain_forms_of_an_english_word_meet(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize("pair", ["university universe", "string strip", "thing think", "bus business"])
def test_different_words_stay_apart(pair: str) -> None:
    one, other = pair.split()

    assert stem(one) != stem(other)


def test_unspaced_scripts_give_pairs_and_single_ideographs() -> None:
    assert terms("黒猫AIモデル") == ["黒猫", "黒", "猫", "ai", "モデ", "デル"]


def test_a_thai_vowel_sign_stays_with_its_letter() -> None:
    assert terms("มือ") == ["มือ"]


@pytest.mark.parametrize(
    ("question", "carries"),
    [
        ("How do I use my own documents?", {"us", "document"}),
        ("What's in the Café?", {"cafe"}),
        ("文書はどうやって使いますか？", {"文書", "使"}),
        ("有給休暇を申請するにはどうすればいいですか", {"有給", "給休", "休暇", "申請"}),
        ("如何使用文档？", {"使用", "用文", "文档"}),
        ("Wie lange ist die Probezeit?", {"lange", "die", "probezeit"}),
    ],
)
def test_a_question_is_what_it_is_about(question: str, carries: set[str]) -> None:
    assert {word for word, weight in keywords(question).items() if weight > 0.5} == {*map(stem, carries)}


@pytest.mark.parametrize("question", ["", "  ", "What is it?", "???", "😀", "\x00", "どうすればいいですか"])
def test_a_question_may_be_about_nothing(question: str) -> None:
    assert keywords(question) == {}


@given(st.text())
@example("\ud800")
@example("a\u0301\u0e31\U0001f1e6")
def test_any_text_has_terms_of_letters_and_digits_only(text: str) -> None:
    for term in [*terms(text), *keywords(text)]:
        assert term
        assert not any(c.isspace() or c in '"*-+^():' for c in term)


@given(st.text(alphabet=st.sampled_from("abc 猫犬がダク ไทย ")))
def test_what_a_question_carries_is_found_in_the_same_text(text: str) -> None:
    assert keywords(text).keys() <= set(terms(text))


def test_a_text_is_japanese_when_it_has_kana() -> None:
    assert is_japanese("使い方")
    assert not is_japanese("如何使用")
