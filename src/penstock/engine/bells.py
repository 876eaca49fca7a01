"""How readers are woken: a bell for each reader, rung by the key it waits for.

A bell remembers that it rang, so a reader that looks, finds nothing and then waits
cannot miss what happened in between. Several rings before the reader runs are one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    __slots__ = ("_rang", "_waiting")

    def __init__(self) -> None:
        self._rang = False
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        self._rang = True
        if (waiting := self._waiting) is not None:
            self._waiting = None
            if not waiting.done():
                waiting.set_result(None)

    async def wait(self) -> None:
        """Return at once when it rang since the last wait, else with the next ring."""
        if not self._rang:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        self._rang = False


class Bells:
    """Keys are ids of turns and keys of threads."""

    def __init__(self) -> None:
        self._by_key: dict[str, set[Bell]] = {}

    @contextmanager
    def on(self, key: str) -> Iterator[Bell]:
        bell = Bell()
        bells = self._by_key.setdefault(key, set())
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells and self._by_key.get(key) is bells:
                del self._by_key[key]

    def ring(self, key: str) -> None:
        for bell in self._by_key.get(key, ()):
            bell.ring()

    def ring_all(self) -> None:
        for bells in self._by_key.values():
            for bell in bells:
                bell.ring()

    def count(self, key: str) -> int:
        return len(self._by_key.get(key, ()))

    @property
    def total(self) -> int:
        return sum(map(len, self._by_key.values()))
