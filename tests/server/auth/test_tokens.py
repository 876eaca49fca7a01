"""Tokens: how they are made, kept and found again."""

from __future__ import annotations

import re

import pytest

from penstock.core.question import Person, Visitor
from penstock.server.auth.tokens import Tokens, hashed, new_token
from penstock.settings import TokenEntry
from tests.server.auth.people import ANN, BOB


def test_a_token_has_more_random_bits_than_can_be_guessed() -> None:
    made = {new_token() for _ in range(1_000)}

    assert len(made) == 1_000
    # Six bits each.
    assert all(re.fullmatch(r"pst_[A-Za-z0-9_-]{43}", token) for token in made)


def test_a_token_is_found_by_its_hash_whatever_the_hash_looks_like() -> None:
    tokens = Tokens(
        {"ann": hashed(ANN).upper().replace("SHA", "sha"), "bob": TokenEntry(hashed(BOB), admin=True)}
    )

    ann, bob = tokens.holder(ANN), tokens.holder(BOB)

    assert ann is not None
    assert bob is not None
    assert ann.visitor == Visitor(Person("token", "ann", "ann"))
    assert bob.visitor == Visitor(Person("token", "bob", "bob"), admin=True)
    assert tokens.warrants == {ann.warrant, bob.warrant}


@pytest.mark.parametrize("wrong", ["", "pst_", ANN[:-1], ANN + "0", ANN.upper(), hashed(ANN), "\udc80", "é"])
def test_what_is_no_token_of_ours_is_nobodys(wrong: str) -> None:
    assert Tokens({"ann": hashed(ANN)}).holder(wrong) is None


@pytest.mark.parametrize("weak", ["", "secret", "pst_secret", "x" * 47])
def test_a_word_that_can_be_guessed_is_no_token_even_if_its_hash_is_set(weak: str) -> None:
    assert Tokens({"ann": hashed(weak)}).holder(weak) is None


def test_who_becomes_an_admin_or_gets_another_token_rests_on_something_new() -> None:
    warrants = [
        Tokens(table).warrants
        for table in (
            {"ann": hashed(ANN)},
            {"ann": TokenEntry(hashed(ANN), admin=True)},
            {"ann": hashed(BOB)},
            {"bob": hashed(ANN)},
        )
    ]

    assert len(set(warrants)) == 4
