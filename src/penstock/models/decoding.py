"""What providers send, decoded: whoever sent it, what cannot be read is one and the same error; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from penstock.errors import ModelError

Decoded = TypeVar("Decoded")

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding JSON raises."""

Tokens = Any
"""A count as it was sent, for `count` to read: an answer that was shown does not fail for its bill."""
# Far beyond any answer, and still written down by every store.
_MAX_TOKENS = 2**53


class Garbled(ModelError):
    """What came cannot be read: a payload that is none, a wrong checksum."""

    code = "model_garbled"


def count(sent: Tokens) -> int:
    """What is no count, or no possible one, is none: 0."""
    match sent:
        case bool():
            return 0
        case int() if 0 <= sent <= _MAX_TOKENS:
            return sent
        case float() if sent.is_integer() and 0 <= sent <= _MAX_TOKENS:
            return int(sent)
    return 0


def decoded(decode: Callable[[bytes], Decoded], payload: bytes, who: str, what: str = "an event") -> Decoded:
    """Raises Garbled."""
    try:
        return decode(payload)
    except UNREADABLE as exc:
        raise Garbled(f"{who} sent {what} that is none: {exc}") from exc
