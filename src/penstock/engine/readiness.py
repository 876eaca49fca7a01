"""Whether a question could be written down now: found out by writing something, now and then.

A full disk is read as well as ever, so reading tells nothing. Whoever asks in between
gets what the last look found.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from penstock.core.ports import Store
from penstock.errors import StoreError, StoreLocked

_EVERY_S = 5.0
# What looks after a server asks again and again, and waits a few seconds at most.
_WITHIN_S = 3.0
_KEY = "penstock/ready"


class Readiness:
    """Of one store. However many ask, it is written to once in 5 s at most."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._looking = asyncio.Lock()
        self._looked_s = -math.inf
        self._why: StoreError | None = None

    async def check(self) -> None:
        """Raises StoreError: full, locked, damaged or closed."""
        async with self._looking:
            if self._clock() - self._looked_s >= _EVERY_S:
                self._why = await self._found()
                self._looked_s = self._clock()
        if self._why is not None:
            raise self._why.with_traceback(None)

    async def _found(self) -> StoreError | None:
        try:
            async with asyncio.timeout(_WITHIN_S):
                await self._store.turns.depth()
                await self._write()
        except StoreError as exc:
            return exc
        except TimeoutError:
            return StoreLocked(f"the store took no write for {_WITHIN_S:g} s")
        return None

    async def _write(self) -> None:
        """Two processes on one store may do this at once; that one of them loses is as good."""
        shelf = self._store.shelf
        found = await shelf.get(_KEY)
        await shelf.put(_KEY, b"", if_version=found.version if found else 0)
