"""A simulator that runs: on a port, with a record of what it was asked, and held back if you like."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

import h11
import msgspec

from penstock.sim.asked import Request
from penstock.sim.connection import Connection, Left, WasCut
from penstock.sim.simulator import Count, Reply
from penstock.sim.steps import Head

Outcome = Literal["", "whole", "cut", "left"]


class Simulated(Protocol):
    """What `simulate` runs: it gives the steps for each request."""

    def check(self, told: str) -> None: ...
    def reply(self, request: Request, count: Count) -> Reply: ...


class Seen(msgspec.Struct):
    """A request that came. `outcome` is empty while it is answered; `left`: whoever asked went away."""

    request: Request
    status: int
    faults: tuple[str, ...] = ()
    outcome: Outcome = ""

    @property
    def path(self) -> str:
        return self.request.path

    @property
    def headers(self) -> dict[str, str]:
        """Names in lower case."""
        return dict(self.request.headers)

    @property
    def body(self) -> bytes:
        return self.request.body

    def json(self) -> Any:
        return msgspec.json.decode(self.request.body)


class Simulation:
    """A running simulator, as `simulate` gives it.

    `url` is where it is; `requests` what it was asked, in the order in which it came.
    """

    def __init__(self, simulator: Simulated, tell: Callable[[Seen], None] | None = None) -> None:
        self.url = ""
        self.requests: list[Seen] = []
        self._simulator = simulator
        self._tell = tell
        self._count = Count()
        self._next: deque[str] = deque()
        self._gate = asyncio.Semaphore(0)
        self._held = asyncio.Event()
        self._ended = asyncio.Condition()
        self._connections: set[asyncio.Task[None]] = set()

    def next(self, *faults: str) -> None:
        """What happens to the next requests, one each; "" is nothing. Raises ValueError.

        `next("throttle", "", "cut:100")`
        """
        for fault in faults:
            self._simulator.check(fault)
        self._next.extend(faults)

    def go_on(self) -> None:
        """Let an answer pass the HOLD at which it waits, or will wait."""
        self._gate.release()

    async def holding(self) -> None:
        """Return when an answer waits at a HOLD."""
        await self._held.wait()
        self._held.clear()

    async def ended(self, number: int = -1) -> Seen:
        """That request (the last, unless told), once its outcome is known."""
        async with self._ended:
            await self._ended.wait_for(lambda: self._has_ended(number))
        return self.requests[number]

    def _has_ended(self, number: int) -> bool:
        came = self.requests[number : number + 1 or None]
        return bool(came and came[0].outcome)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(Connection(reader, writer, self._hold))
        except (ConnectionError, asyncio.CancelledError):
            # Its client is gone, or we are closing.
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def close(self) -> None:
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, connection: Connection) -> None:
        try:
            while (request := await connection.request()) is not None:
                if await self._answer(connection, request) != "whole":
                    return
        except h11.RemoteProtocolError as exc:
            await connection.refuse(exc.error_status_hint)

    async def _answer(self, connection: Connection, request: Request) -> Outcome:
        told = self._next.popleft() if self._next else ""
        reply = self._simulator.reply(msgspec.structs.replace(request, told=told), self._count)
        asked, answered = self._count
        self._count = Count(asked + 1, answered + reply.is_answer)
        status = next((step.status for step in reply.steps if isinstance(step, Head)), 0)
        seen = Seen(request, status, reply.faults)
        self.requests.append(seen)
        outcome: Outcome = "left"
        try:
            await connection.play(reply.steps)
            outcome = "whole"
        except WasCut:
            outcome = "cut"
        except Left:
            pass
        finally:
            await self._note(seen, outcome)
        return outcome

    async def _note(self, seen: Seen, outcome: Outcome) -> None:
        seen.outcome = outcome
        if self._tell is not None:
            self._tell(seen)
        async with self._ended:
            self._ended.notify_all()

    async def _hold(self) -> None:
        self._held.set()
        await self._gate.acquire()


@asynccontextmanager
async def simulate(
    simulator: Simulated,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    sockets: Sequence[socket.socket] = (),
    tell: Callable[[Seen], None] | None = None,
) -> AsyncIterator[Simulation]:
    """Run a simulator in this event loop, on a free port unless one is given.

    `sockets`: listening ones to use instead. `tell` is called with each request once it has ended.
    """
    simulation = Simulation(simulator, tell)
    servers = [await asyncio.start_server(simulation.connected, sock=one) for one in sockets] or [
        await asyncio.start_server(simulation.connected, host, port)
    ]
    at = servers[0].sockets[0].getsockname()
    simulation.url = f"http://[{at[0]}]:{at[1]}" if ":" in at[0] else f"http://{at[0]}:{at[1]}"
    try:
        yield simulation
    finally:
        for server in servers:
            server.close()
        await simulation.close()
