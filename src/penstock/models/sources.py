"""The sources that a provider cites by itself, numbered; pure."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.core.events import Cited, Passage


class Sources:
    """`passages` is how many the prompt holds: what a provider cites by itself is numbered after them."""

    def __init__(self, passages: int = 0) -> None:
        self._passages = passages
        self._numbers: dict[str, int] = {}

    def cited(self, passage: Passage) -> Iterator[Cited]:
        """A source gets one number and is told once, however often it is cited."""
        if passage.source not in self._numbers:
            number = self._numbers[passage.source] = self._passages + len(self._numbers) + 1
            yield Cited(number, passage)
