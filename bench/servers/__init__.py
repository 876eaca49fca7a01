"""The servers under test, in the order of the table; each file says how to start and how to ask one."""

from __future__ import annotations

from collections.abc import Callable

from bench.place import Place
from bench.server import Ports, Server
from bench.servers import fastapi_openai, floor, nginx, penstock

Build = Callable[[Place, Ports], Server]

SERVERS: dict[str, Build] = {
    "floor": floor.build,
    "nginx": nginx.build,
    "direct": penstock.build_direct,
    "durable-sse": penstock.build_durable_sse,
    "durable-ws": penstock.build_durable_ws,
    "fastapi": fastapi_openai.build,
}
