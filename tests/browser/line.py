"""The network between browser and server, which the test can cut, freeze and mend."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self


class Line:
    """A TCP relay on loopback. `cut` breaks every connection and takes no new one; `mend` ends that."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._port = 0
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._whole = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def cut(self) -> None:
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server
        self._server.close()
        self.cut()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._whole:
                writer.transport.abort()
                return
            try:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            except OSError:
                # The server is down: the browser sees what it would see without us.
                writer.transport.abort()
                return
            self._writers.add(far_writer)
            pipes = [
                asyncio.create_task(_pour(reader, far_writer)),
                asyncio.create_task(_pour(far_reader, writer)),
            ]
            self._pipes.update(pipes)
            await asyncio.wait(pipes)
            self._pipes.difference_update(pipes)
            self._writers.discard(far_writer)
        finally:
            self._writers.discard(writer)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
