"""One connection to a simulator: reads requests with h11, and plays the steps of each reply.

Every byte passes through here, so that a response can end anywhere: between the lines of its
head, within a chunk, with a reset.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from http.client import responses

import h11

from penstock.sim.asked import Request
from penstock.sim.steps import Cut, Head, Hold, Say, Steps, Wait, is_chunked

_READ_BYTES = 64 * 1024
_MAX_BODY_BYTES = 64 * 1024 * 1024


class Left(Exception):
    """Whoever asked has closed the connection before all was said."""


class WasCut(Exception):
    """The steps end with a cut."""


class Connection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        hold: Callable[[], Awaitable[None]],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._hold = hold
        self._http = h11.Connection(h11.SERVER)
        self._chunked = False

    async def request(self) -> Request | None:
        """The next one, or None when there will be no more. Raises h11.RemoteProtocolError."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        if self._http.our_state is not h11.IDLE:
            return None
        head: h11.Request | None = None
        body = bytearray()
        while True:
            match event := self._http.next_event():
                case h11.NEED_DATA:
                    await self._read()
                case h11.Request():
                    head = event
                case h11.Data():
                    body += event.data
                    if len(body) > _MAX_BODY_BYTES:
                        raise h11.RemoteProtocolError("The body is too large.", 413)
                case h11.EndOfMessage() if head is not None:
                    return _request(head, bytes(body))
                case _:
                    return None

    async def _read(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            await self._write(self._sent(h11.InformationalResponse(status_code=100, headers=[])))
        self._http.receive_data(await self._reader.read(_READ_BYTES))

    async def play(self, steps: Steps) -> None:
        """Raises Left, or WasCut when the connection was cut as the steps want it."""
        playing = asyncio.ensure_future(self._play(steps))
        leaving = asyncio.ensure_future(self._until_left())
        try:
            await asyncio.wait({playing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                raise Left
            await playing
        except ConnectionError:
            raise Left from None
        finally:
            playing.cancel()
            leaving.cancel()
            await asyncio.gather(playing, leaving, return_exceptions=True)

    async def _until_left(self) -> None:
        while data := await self._reader.read(_READ_BYTES):
            self._http.receive_data(data)

    async def _play(self, steps: Steps) -> None:
        for step in steps:
            match step:
                case Head():
                    await self._begin(step)
                case Say(data, _, only):
                    await self._write(_part(self._sent(h11.Data(data)), only, chunked=self._chunked))
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                case Hold():
                    await self._hold()
                case Cut(reset):
                    self._cut(reset)
                    raise WasCut
        await self._write(self._sent(h11.EndOfMessage()))

    async def _begin(self, head: Head) -> None:
        self._chunked = is_chunked(head)
        headers = [*head.headers, *([("Transfer-Encoding", "chunked")] if self._chunked else [])]
        reason = responses.get(head.status, "")
        sent = self._sent(h11.Response(status_code=head.status, headers=headers, reason=reason))
        if not head.line_every_s:
            await self._write(sent)
            return
        for line in sent.splitlines(keepends=True):
            await self._write(line)
            await asyncio.sleep(head.line_every_s)

    def _sent(self, event: h11.Event) -> bytes:
        return self._http.send(event) or b""

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def _cut(self, reset: bool) -> None:
        if not reset:
            self._writer.close()
            return
        # Lingering for no time makes the system send a reset.
        made: socket.socket = self._writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def refuse(self, status: int) -> None:
        """For what is no HTTP."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [("Content-Length", "0"), ("Connection", "close")]
            await self._write(self._sent(h11.Response(status_code=status, headers=headers)))


def _part(sent: bytes, only: int | None, *, chunked: bool) -> bytes:
    """So many bytes of the data; of a chunk, the line in front of them, too."""
    if only is None:
        return sent
    start = sent.index(b"\r\n") + 2 if chunked else 0
    return sent[: start + only]


def _request(head: h11.Request, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    return Request(head.method.decode(), head.target.decode("latin-1"), headers, body)
