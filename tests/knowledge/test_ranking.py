"""Which passages fit a question, and which fit it better."""

from __future__ import annotations

from penstock.knowledge.ranking import score, weights


def test_a_word_that_few_passages_hold_weighs_more() -> None:
    found = weights({"leave": 1.0, "twins": 1.0, "unknown": 1.0}, {"leave": 90, "twins": 2}, 100)

    assert found["leave"] < found["twins"] < found["unknown"] <= 2


def test_a_passage_that_holds_all_of_the_question_beats_one_that_repeats_half_of_it() -> None:
    wanted = {"parent": 1.0, "leave": 1.0}

    assert score(wanted, [], ["parent", "leave"]) > score(wanted, [], ["leave"] * 20)


def test_a_heading_counts_more_than_the_text() -> None:
    wanted = {"leave": 1.0}

    assert score(wanted, ["leave"], ["x"]) > score(wanted, [], ["leave", "x"])


def test_a_passage_that_holds_little_of_the_question_does_not_fit() -> None:
    wanted = dict.fromkeys(["who", "won", "football", "world", "cup"], 1.5)

    assert score(wanted, [], ["world"] * 5) == 0


def test_of_a_long_question_a_part_is_enough() -> None:
    wanted = {f"word{n}": 1.5 for n in range(40)}

    assert score(wanted, [], [f"word{n}" for n in range(4)]) > 0


def test_in_a_single_passage_a_word_of_every_passage_still_counts() -> None:
    wanted = weights({"leave": 1.0}, {"leave": 1}, 1)

    assert score(wanted, [], ["leave"]) > 0
