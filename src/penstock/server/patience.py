"""How long a reader is waited for: until it hangs up, or takes nothing for too long.

One timer for each reader, not one for each message, because there is a message for every token.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

# A reader that takes nothing for so long is gone; it can come back with its cursor.
STALLED_S = 30.0


class Patience:
    """What runs inside is left when the reader is given up; then `lost` says so.

    async with Patience(30) as patience:
        patience.waiting()
        await send(message)
        patience.taken()
    """

    def __init__(self, stalled_s: float) -> None:
        self.lost = False
        self._stalled_s = stalled_s
        self._messages = 0
        self._waits_since_s = 0.0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._scope = asyncio.timeout(None)
        await self._scope.__aenter__()
        self._timer = self._loop.call_later(self._stalled_s, self._look)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._timer.cancel()
        try:
            await self._scope.__aexit__(kind, error, trace)
        except TimeoutError:
            return True
        return False

    def waiting(self) -> None:
        """A message begins to be sent."""
        if not self._messages:
            self._waits_since_s = self._loop.time()
        self._messages += 1

    def taken(self) -> None:
        """It was sent, or given up."""
        self._messages -= 1
        if self._messages:
            self._waits_since_s = self._loop.time()

    def lose(self) -> None:
        """The reader is gone."""
        self.lost = True
        if self._scope.when() is None:
            self._scope.reschedule(self._loop.time())

    def _look(self) -> None:
        if self._messages and self._loop.time() - self._waits_since_s >= self._stalled_s:
            self.lose()
        else:
            self._timer = self._loop.call_later(self._stalled_s / 2, self._look)
