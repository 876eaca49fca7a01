"""How AG-UI events go over the wire: as server-sent events or as WebSocket messages."""

from __future__ import annotations

from functools import cached_property

import msgspec

from penstock.channels.web.agui import Agui
from penstock.core.events import Entry
from penstock.errors import Busy, PenstockError

BEAT = b": beat\n\n"
"""An SSE comment, for when nothing happens: proxies cut silent connections."""

_json = msgspec.json.Encoder().encode


class Sse(Agui):
    """Server-sent events; https://html.spec.whatwg.org/multipage/server-sent-events.html."""

    def _put_bytes(self, event: bytes, entry: Entry | None = None) -> None:
        if entry is None:
            self._out.append(b"data: %b\n\n" % event)
        else:
            self._out.append(b"id: %b.%d.%d\ndata: %b\n\n" % (self._id, entry[1], entry[0], event))

    def _flush(self) -> bytes:
        out = self._out
        if len(out) == 1:
            return out.pop()
        self._out = []
        return b"".join(out)


class Socket(Agui):
    """WebSocket messages, as the top of this file describes."""

    _n = 0

    @cached_property
    def _place(self) -> bytes:
        return b'"thread":%b,"turn":%b' % (_json(self._thread), _json(self._turn))

    def _put_bytes(self, event: bytes, entry: Entry | None = None) -> None:
        self._out.append(event)

    def _flush(self) -> bytes:
        if not self._out:
            return b""
        self._n += 1
        attempt, number = self._come()
        frame = b'{"type":"events","n":%d,%b,"cursor":"%b.%d.%d","events":[%b]}' % (
            self._n,
            self._place,
            self._id,
            attempt,
            number,
            b",".join(self._out),
        )
        self._out.clear()
        return frame

    def _come(self) -> tuple[int, int]:
        """A reader that is ahead of the log keeps the cursor it came with."""
        if self._seen is not None:
            return self._seen.attempt, self._seen.number
        return self._attempt, self._number


def error_frame(error: PenstockError, re: str = "") -> bytes:
    """What went wrong with the request `re`, as a WebSocket message."""
    frame: dict[str, object] = {"type": "error", "code": error.code, "message": error.for_reader}
    if re:
        frame["re"] = re
    if isinstance(error, Busy):
        frame["retryAfterS"] = error.retry_after_s
    return _json(frame)
