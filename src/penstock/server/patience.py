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
        patience.begun += 1
        await send(message)
        patience.taken += 1

    Given up is a reader that had something to take and took nothing for `stalled_s` to one and a half
    times as long. Counting costs nothing beside reading a clock, for every token.
    """

    def __init__(self, stalled_s: float) -> None:
        self.lost = False
        self.begun = 0
        """Messages that were begun to be sent."""
        self.taken = 0
        """Those of them that were sent, or given up."""
        self._every_s = stalled_s / 2
        self._taken_before = 0
        self._looks_in_vain = 0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._scope = asyncio.timeout(None)
        await self._scope.__aenter__()
        self._timer = self._loop.call_later(self._every_s, self._look)
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

    def lose(self) -> None:
        """The reader is gone."""
        self.lost = True
        self.leave()

    def leave(self, done: object = None) -> None:
        """There is nothing more to wait for; also as a task's callback."""
        if self._scope.when() is None:
            self._scope.reschedule(self._loop.time())

    def _look(self) -> None:
        in_vain = self.begun > self.taken and self.taken == self._taken_before
        self._looks_in_vain = self._looks_in_vain + 1 if in_vain else 0
        self._taken_before = self.taken
        # It may have begun just before the first of them.
        if self._looks_in_vain == 3:
            self.lose()
        else:
            self._timer = self._loop.call_later(self._every_s, self._look)
