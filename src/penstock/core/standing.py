"""Which turns of a thread stand: those that no later question was asked instead of.

A question that replaces a turn takes the place of that turn and of all that came after it.
Nothing is removed; what does not stand is an earlier version that can be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from penstock.core.ports import TurnInfo


class HasTurn(Protocol):
    """An Exchange, for example."""

    @property
    def turn(self) -> TurnInfo: ...


T = TypeVar("T", bound=HasTurn)


def standing(items: Iterable[T], *, replaced: str = "") -> list[T]:
    """Those that stand, oldest first as they are given.

    `items` are the consecutive turns of one thread up to its newest; `replaced` is the turn that one
    after them replaces, which is how a prompt asks for what comes before its own turn. A replaced turn that
    is not among them is taken to be older than all of them.
    """
    places: dict[str, int] = {}
    stand: list[tuple[int, T]] = []
    for place, item in enumerate(items):
        _cut(stand, places, item.turn.replaces)
        places[item.turn.id] = place
        stand.append((place, item))
    _cut(stand, places, replaced)
    return [item for _, item in stand]


def _cut(stand: list[tuple[int, T]], places: dict[str, int], replaced: str) -> None:
    """Take away the replaced turn and all after it."""
    if not replaced:
        return
    begin = places.get(replaced, 0)
    while stand and stand[-1][0] >= begin:
        stand.pop()
