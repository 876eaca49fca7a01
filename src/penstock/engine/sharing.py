"""Read-only links: a token that nobody guesses names a thread, until it is revoked.

Two documents on the Shelf, from the thread to its token and back. A link holds only while both
say the same, so whatever happens between the two writes, what was revoked stays revoked.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable

from penstock.core.ports import Shelf
from penstock.core.shelves import share_key, shared_key

# 192 random bits, as 32 characters.
_TOKEN_BYTES = 24
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")


def new_token() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


async def share(shelf: Shelf, thread: str, new_token: Callable[[], str] = new_token) -> str:
    """The thread's token; the one it has, if it is shared already."""
    token = await token_of(shelf, thread)
    while token is None:
        made = new_token()
        # Two tabs may do this at once: the first one's token is both's.
        put = await shelf.put(shared_key(thread), made.encode(), if_version=0)
        token = made if put is not None else await token_of(shelf, thread)
    await shelf.put(share_key(token), thread.encode())
    return token


async def unshare(shelf: Shelf, thread: str) -> None:
    token = await token_of(shelf, thread)
    if token is not None:
        await revoke(shelf, thread, token)


async def revoke(shelf: Shelf, thread: str, token: str) -> None:
    await shelf.delete(share_key(token))
    await shelf.delete(shared_key(thread))


async def token_of(shelf: Shelf, thread: str) -> str | None:
    """None when it is not shared."""
    document = await shelf.get(shared_key(thread))
    return document.value.decode() if document else None


async def thread_of(shelf: Shelf, token: str) -> str | None:
    """The key of the thread that this token shows; None when there is none, or it was revoked."""
    if not _TOKEN.fullmatch(token):
        return None
    document = await shelf.get(share_key(token))
    if document is None:
        return None
    thread = document.value.decode()
    valid = await token_of(shelf, thread)
    return thread if valid is not None and hmac.compare_digest(valid, token) else None
