"""An answer's body while it arrives: a stream of events, or one piece of JSON; pure.

Some servers do not stream though asked to, and some complain with the status of an answer.
"""

from __future__ import annotations

from penstock.core import sse

_MAX_BODY_BYTES = 16 * 1024 * 1024


class JsonBody:
    """A body of JSON, whole at its end: the server did not stream, or it complains."""

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        self._body += chunk
        if len(self._body) > _MAX_BODY_BYTES:
            raise sse.EventTooLarge(f"a body of more than {_MAX_BODY_BYTES:,} bytes")
        return []

    def end(self) -> list[bytes]:
        return [bytes(self._body)]


def body_of(beginning: bytes) -> sse.Decoder | JsonBody:
    """By what it begins with, because its media type is not to be trusted."""
    return JsonBody() if beginning.lstrip().startswith((b"{", b"[")) else sse.Decoder()
