"""Tickets: the signed-in page fetches one, and it opens a socket, once, within 30 seconds.

Browsers cannot set headers on a WebSocket. A ticket says itself who it is for, so nothing is
kept until it is used.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import msgspec

from penstock.core.ports import Shelf
from penstock.core.question import Visitor
from penstock.server.auth.seal import Seal
from penstock.server.problems import NotSignedIn

TICKET_S = 30
_PURPOSE = "ticket"
# Clocks of two machines may differ; what is used is remembered for longer than it is good.
_REMEMBERED_S = 10 * TICKET_S


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    id: str
    until_s: float
    visitor: Visitor


_decode = msgspec.json.Decoder(_Ticket).decode


class Tickets:
    def __init__(
        self,
        shelf: Shelf,
        seal: Seal,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(16),
    ) -> None:
        self._shelf = shelf
        self._seal = seal
        self._clock = clock
        self._new_id = new_id

    async def give(self, visitor: Visitor) -> str:
        ticket = _Ticket(self._new_id(), self._clock() + TICKET_S, visitor)
        return await self._seal.sealed(_PURPOSE, msgspec.json.encode(ticket))

    async def taken(self, text: str) -> Visitor:
        """Whose it is; nobody's from now on. Raises NotSignedIn."""
        said = await self._seal.opened(_PURPOSE, text)
        ticket = _decode(said) if said is not None else None
        if ticket is None or ticket.until_s < self._clock() or not await self._first(ticket.id):
            raise NotSignedIn("This ticket is not valid, or no longer: fetch a new one for each socket.")
        return ticket.visitor

    async def _first(self, id: str) -> bool:
        """The Shelf lets one of several win."""
        put = await self._shelf.put(f"ticket/{id}", b"", if_version=0, ttl_s=_REMEMBERED_S)
        return put is not None
