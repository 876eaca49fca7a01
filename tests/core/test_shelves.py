"""Documents on the Shelf do not meet by accident, whatever the ids they are called by."""

from __future__ import annotations

from penstock.core.question import Person
from penstock.core.shelves import (
    FEEDBACK,
    feedback_key,
    of_thread,
    of_turn,
    persons_shelf,
    share_key,
    shared_key,
)


def test_ids_with_slashes_do_not_meet() -> None:
    people = [Person("a", "b/c"), Person("a/b", "c"), Person("a", "b"), Person("a", "b%2Fc")]

    prefixes = [persons_shelf(person) for person in people]

    assert not [(a, b) for a in prefixes for b in prefixes if a is not b and a.startswith(b)]


def test_nobody_reaches_another_document_by_a_token() -> None:
    assert share_key("../shared/acme").count("/") == 1


def test_feedback_of_all_turns_is_listed_by_one_prefix() -> None:
    assert feedback_key("turn/1").startswith(FEEDBACK)
    assert feedback_key("turn/1").count("/") == FEEDBACK.count("/")


def test_what_goes_with_a_turn_and_a_thread() -> None:
    assert of_turn("t1") == (feedback_key("t1"),)
    assert of_thread("acme:web:1") == (shared_key("acme:web:1"),)
