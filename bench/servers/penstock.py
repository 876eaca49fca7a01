"""Penstock, three times: straight through, and through the durable log by SSE and by WebSocket.

It is the same process in all three; only the door differs at which the clients knock.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

from bench.place import BENCH, Place
from bench.server import Missing, Ports, Server
from bench.servers.fastapi_openai import upstream_environment

_QUESTION = "Tell me a long story."


def build_direct(place: Place, ports: Ports) -> Server:
    """The OpenAI endpoint: the default path and body of a Server are its."""
    return _serve(place, ports, "direct", "Penstock, OpenAI endpoint")


def build_durable_sse(place: Place, ports: Ports) -> Server:
    return replace(
        _serve(place, ports, "durable-sse", "Penstock, durable log, SSE"),
        path="/api/threads/t%ID%/questions",
        body=json.dumps({"text": _QUESTION}),
    )


def build_durable_ws(place: Place, ports: Ports) -> Server:
    return replace(
        _serve(place, ports, "durable-ws", "Penstock, durable log, WebSocket"),
        path="/api/socket",
        body=json.dumps({"type": "ask", "thread": "t%ID%", "text": _QUESTION}),
        mode="ws",
    )


def _serve(place: Place, ports: Ports, name: str, title: str) -> Server:
    if not place.penstock_python.exists():
        raise Missing("no .venv; run scripts/setup")
    assistant = str(BENCH / "apps/penstock_assistant.py")
    serve = ["-m", "penstock", "serve", assistant, "--host", "127.0.0.1", "--port", str(ports.server)]
    return Server(
        name,
        title,
        [str(place.penstock_python), *serve],
        # More streams than the default lets run at once, and all by one person.
        environment=upstream_environment(ports) | {"PENSTOCK_MAX_RUNNING": "5000"} | _given(),
    )


def _given() -> dict[str, str]:
    """BENCH_PENSTOCK_MAX_RUNNING=9 in the caller's environment is PENSTOCK_MAX_RUNNING=9 in the server's."""
    prefix = "BENCH_"
    return {
        name.removeprefix(prefix): value
        for name, value in os.environ.items()
        if name.startswith(f"{prefix}PENSTOCK_")
    }
