"""Penstock, three times: straight through, and through the durable log by SSE and by WebSocket.

It is the same process in all three; only the door differs at which the clients knock.
"""

from __future__ import annotations

import json
from dataclasses import replace

from bench.place import BENCH, Place
from bench.server import Missing, Ports, Server
from bench.servers.fastapi_openai import upstream_environment

_QUESTION = "Tell me a long story."

# A thousand streams of one person are more than the defaults let run or wait at once.
_ROOM = {"PENSTOCK_MAX_RUNNING": "5000", "PENSTOCK_MAX_QUEUED_PER_PERSON": "5000"}


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
        environment=upstream_environment(ports) | _ROOM,
    )
