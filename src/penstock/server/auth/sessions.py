"""Who is signed in: on the Shelf, under the hash of what the browser holds.

Whoever reads the Shelf, or a backup of it, can take over nobody's session.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

import msgspec

from penstock.core.ports import Shelf
from penstock.core.question import Visitor


class Session(msgspec.Struct, frozen=True):
    """`warrant` is what it rests on: it is good for as long as the settings still say that."""

    visitor: Visitor
    warrant: str


_decode = msgspec.json.Decoder(Session).decode


class Sessions:
    def __init__(
        self, shelf: Shelf, ttl_s: float, new: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    ) -> None:
        self.ttl_s = ttl_s
        self._shelf = shelf
        self._new = new

    async def begin(self, session: Session) -> str:
        """What the browser shall hold. It is not kept here."""
        held = self._new()
        await self._shelf.put(_key(held), msgspec.json.encode(session), ttl_s=self.ttl_s)
        return held

    async def of(self, held: str) -> Session | None:
        found = await self._shelf.get(_key(held))
        return _decode(found.value) if found else None

    async def end(self, held: str) -> None:
        await self._shelf.delete(_key(held))


def _key(held: str) -> str:
    return f"session/{hashlib.sha256(held.encode('utf-8', 'surrogatepass')).hexdigest()}"
