"""Runs the HTTP side under uvicorn, and ends it in the right order.

Told to end, it takes no more connections, lets running turns finish for the grace period while
their readers go on reading, gives the rest back to the store, and then cuts the readers that are left: they
come back with their cursors. Told twice, it ends at once, which loses nothing either.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from types import FrameType

import click
import uvicorn
from starlette.types import ASGIApp

from penstock.assistant import Assistant
from penstock.cli.listening import listening, url
from penstock.cli.request_heads import BoundedHeads
from penstock.server import build
from penstock.server.app import Life
from penstock.server.desk import Desk
from penstock.settings import Settings

# How long readers have for the last words once the engine has ended.
_LAST_WORDS_S = 1.0
# When uvicorn gives up on what cutting them has not ended.
_GIVE_UP_S = 5


def run(assistant: Assistant, settings: Settings, *, until_stdin_ends: bool = False) -> None:
    """Serve until told to end. Raises ConfigError and StoreError when it cannot start.

    `until_stdin_ends`: end also when stdin does.
    """
    app = build(assistant, settings=settings)
    ours = config(app, settings)
    with (
        listening(settings.host, settings.port) as sockets,
        asyncio.Runner(loop_factory=ours.get_loop_factory()) as runner,
    ):
        runner.run(_serve(app.life, ours, sockets, until_stdin_ends))


async def _serve(
    life: Life, config: uvicorn.Config, sockets: list[socket.socket], until_stdin_ends: bool
) -> None:
    # Not left to uvicorn, whose word for "the store is taken" is a traceback.
    async with life.lifespan(config.app):
        server = _Server(config, await life.desk(), sockets)
        if until_stdin_ends:
            threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
        await server.serve(sockets)


def config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves it; the event loop is the fastest that is installed."""
    return uvicorn.Config(
        app,
        lifespan="off",
        http=BoundedHeads,
        ws="websockets-sansio",
        # Compressing a few words costs more than sending them.
        ws_per_message_deflate=False,
        # In bytes; the socket itself says what is too large, in characters of up to four.
        ws_max_size=4 * settings.max_body_bytes,
        access_log=False,
        server_header=False,
        log_config=None,
        # Its "debug" logs what people write, its "info" tells nothing that we do not.
        log_level="warning",
        timeout_graceful_shutdown=_GIVE_UP_S,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, desk: Desk, sockets: list[socket.socket]) -> None:
        super().__init__(config)
        self._desk = desk
        self._url = url(desk.settings.host, sockets[0].getsockname()[1])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _calm_the_collector()
        model = self._desk.model
        click.echo(f"Penstock is at {self._url} and answers with {model.name} ({model.why}).")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._desk.engine.close(self._desk.settings.grace_s)
        asyncio.get_running_loop().call_later(_LAST_WORDS_S, self._cut_readers)
        await super().shutdown(sockets)

    def _cut_readers(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.should_exit = True


def _calm_the_collector() -> None:
    """Python's cycle collector looks at everything that lives, again and again while streams open: with a
    thousand of them that stopped all for 200 ms at a time. What is there now stays; the rest is looked at
    less often, for hardly anything of ours is ever part of a cycle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _end_with_stdin(server: uvicorn.Server) -> None:
    while os.read(0, 1024):
        pass
    server.should_exit = True
