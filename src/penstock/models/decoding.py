"""What providers send, decoded: whoever sent it, what cannot be read is one and the same error; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec

from penstock.errors import ModelError

Decoded = TypeVar("Decoded")

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding JSON raises."""

# Far beyond any answer, and still written down by every store.
Tokens = Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None


class Garbled(ModelError):
    """What came cannot be read: a payload that is none, a wrong checksum."""

    code = "model_garbled"


def decoded(decode: Callable[[bytes], Decoded], payload: bytes, who: str, what: str = "an event") -> Decoded:
    """Raises Garbled."""
    try:
        return decode(payload)
    except UNREADABLE as exc:
        raise Garbled(f"{who} sent {what} that is none: {exc}") from exc
