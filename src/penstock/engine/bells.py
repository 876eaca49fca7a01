"""How readers are woken: a bell for each reader, rung by the key it waits for.

A bell remembers that it rang, so a reader that looks, finds nothing and then waits
cannot miss what happened in between. Several rings before the reader runs are one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    __slots__ = ("_waiting", "rang")

    def __init__(self) -> None:
        self.rang = False
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        self.rang = True
        if (waiting := self._waiting) is not None:
            self._waiting = None
            if not waiting.done():
                waiting.set_result(None)

    def ringing(self) -> asyncio.Future[None]:
        """Done with the next ring. For whoever looks at `rang` before and resets it after."""
        self._waiting = asyncio.get_running_loop().create_future()
        return self._waiting

    async def wait(self) -> None:
        """Return at once when it rang since the last wait, else with the next ring."""
        if not self.rang:
            await self.ringing()
        self.rang = False


class Bells:
    """Keys are ids of turns and keys of threads."""

    def __init__(self) -> None:
        self._by_key: dict[str, set[Bell]] = {}

    @contextmanager
    def on(self, key: str) -> Iterator[Bell]:
        bell = self.hang(key)
        try:
            yield bell
        finally:
            self.take_down(key, bell)

    def hang(self, key: str) -> Bell:
        bell = Bell()
        self._by_key.setdefault(key, set()).add(bell)
        return bell

    def take_down(self, key: str, bell: Bell) -> None:
        bells = self._by_key.get(key, set())
        bells.discard(bell)
        if not bells:
            self._by_key.pop(key, None)

    def ring(self, key: str) -> None:
        for bell in self._by_key.get(key, ()):
            # Bell.ring, written out: this is done for each token.
            bell.rang = True
            if (waiting := bell._waiting) is not None:
                bell._waiting = None
                if not waiting.done():
                    waiting.set_result(None)

    def ring_all(self) -> None:
        for bells in self._by_key.values():
            for bell in bells:
                bell.ring()

    def count(self, key: str) -> int:
        return len(self._by_key.get(key, ()))
