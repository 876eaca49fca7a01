"""Which turns of a thread stand, whatever was asked again in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.ports import Exchange, TurnInfo
from penstock.core.standing import standing
from penstock.core.turn import View


def exchange(id: str, replaces: str = "") -> Exchange:
    info = TurnInfo(id, "acme:web:1", "done", 1, 1, (), 0.0, replaces=replaces)
    return Exchange(info, (), View(state="done"))


def thread(*turns: str) -> list[Exchange]:
    """Each is called by a letter; "c>a" is asked instead of a."""
    return [exchange(*turn.split(">")) for turn in turns]


def names(exchanges: list[Exchange]) -> str:
    return "".join(each.turn.id for each in exchanges)


CASES = {
    "nothing was asked yet": ([], ""),
    "nothing was replaced": (["a", "b", "c"], "abc"),
    "the last was asked again": (["a", "b", "c>b"], "ac"),
    "and again": (["a", "b", "c>b", "d>c"], "ad"),
    "and from the first version": (["a", "b", "c>b", "d>b"], "ad"),
    "the first was edited, and the rest goes with it": (["a", "b", "c", "d>a"], "d"),
    "the conversation went on after that": (["a", "b", "c>a", "d", "e"], "cde"),
    "a version within a version": (["a", "b", "c>b", "d", "e>d", "f>c"], "af"),
    "an earlier version was edited": (["a", "b", "c>a", "d", "e>b"], "e"),
    "it replaces one older than those that are read": (["b", "c>a", "d"], "cd"),
}


@pytest.mark.parametrize(("turns", "stand"), CASES.values(), ids=CASES)
def test_a_turn_stands_until_a_later_one_is_asked_instead(turns: list[str], stand: str) -> None:
    assert names(standing(thread(*turns))) == stand


@pytest.mark.parametrize(
    ("replaced", "stand"), [("", "ac"), ("c", "a"), ("b", "a"), ("a", ""), ("older", "")]
)
def test_a_prompt_takes_what_stands_before_the_turn_it_replaces(replaced: str, stand: str) -> None:
    assert names(standing(thread("a", "b", "c>b"), replaced=replaced)) == stand


@given(st.lists(st.integers(-1, 30), max_size=30))
def test_what_stands_is_in_order_and_ends_with_the_newest(replaced: list[int]) -> None:
    turns = [exchange(str(n), str(of) if 0 <= of < n else "") for n, of in enumerate(replaced)]

    stand = standing(turns)

    places = [int(each.turn.id) for each in stand]
    assert places == sorted(places)
    assert places[-1:] == ([len(turns) - 1] if turns else [])
    # Said the slow way: nobody at or after it, and later than what it replaces, took its place.
    slowly = [
        n for n in range(len(turns)) if not any(0 <= replaced[m] <= n < m for m in range(n + 1, len(turns)))
    ]
    assert places == slowly
