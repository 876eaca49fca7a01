"""What we give out and want back unchanged: signed with a secret that never leaves the Shelf.

HMAC-SHA256 over what it is for and what it says, so that one kind cannot pass for another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable

from penstock.core.ports import Shelf
from penstock.errors import StoreError

_SECRET = "auth/secret"


class Seal:
    def __init__(self, shelf: Shelf, new: Callable[[], bytes] = lambda: secrets.token_bytes(32)) -> None:
        self._shelf = shelf
        self._new = new
        self._secret = b""

    async def sealed(self, purpose: str, said: bytes) -> str:
        """Printable, and fit for an address."""
        return f"{_text(said)}.{_text(self._mark(await self._ours(), purpose, said))}"

    async def opened(self, purpose: str, text: str) -> bytes | None:
        """What was sealed; None when it was not by us, or for something else."""
        try:
            said, mark = (_bytes(part) for part in text.split("."))
        except ValueError:
            return None
        good = hmac.compare_digest(mark, self._mark(await self._ours(), purpose, said))
        return said if good else None

    @staticmethod
    def _mark(secret: bytes, purpose: str, said: bytes) -> bytes:
        return hmac.digest(secret, purpose.encode() + b"\n" + said, hashlib.sha256)

    async def _ours(self) -> bytes:
        """The secret; the first who needs it makes it, for all processes on this store."""
        if not self._secret:
            await self._shelf.put(_SECRET, self._new(), if_version=0)
            found = await self._shelf.get(_SECRET)
            if found is None:
                raise StoreError("the server's secret was not kept")
            self._secret = found.value
        return self._secret


def _text(said: bytes) -> str:
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError. Strict, so that there is one way only to write it."""
    said = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(said) != text:
        raise binascii.Error("written in another way")
    return said
