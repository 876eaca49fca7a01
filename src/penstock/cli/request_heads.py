"""uvicorn's fast HTTP protocol with an end to what it reads of a request beside its body, and to its waiting.

Its slow one (h11) stops at 64 KB; this one would keep headers for as long as a stranger sends them.
Neither would ever give up a connection on which no request comes.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# What servers and proxies take is between 8 and 64 KB.
_MOST_BYTES = 64 * 1024


class BoundedHeads(HttpToolsProtocol):
    within_s = 30.0
    """How long a head may take."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._beside_body = 0
        """Bytes since a head, a piece of a body or a request ended: of a head, or of trailers."""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._beside_body += len(data)
        super().data_received(data)
        if self._beside_body > _MOST_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        if self._timer is None:
            self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._came()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._beside_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._beside_body = 0
        super().on_message_complete()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.within_s, self._too_late)

    def _came(self) -> None:
        self._beside_body = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            # It came too early: the answer to the one before goes on.
            self._wait()

    def _refuse(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.send_400_response(f"The head of a request has at most {_MOST_BYTES:,} bytes.")
        else:
            # Trailers without end, in the middle of an answer.
            self.transport.close()
