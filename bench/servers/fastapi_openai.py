"""A FastAPI StreamingResponse around the official openai SDK: what most people write."""

from __future__ import annotations

import re

from bench.place import BENCH, ROOT, Place
from bench.server import Missing, Ports, Server


def build(place: Place, ports: Ports) -> Server:
    if not place.peers_python.exists():
        raise Missing("its environment is not there; start with scripts/bench, which makes it")
    return Server(
        "fastapi",
        "FastAPI + openai SDK",
        uvicorn(place, "fastapi_relay:app", ports.server),
        environment=upstream_environment(ports),
        version=versions("fastapi", "openai", "uvicorn"),
    )


def versions(*packages: str) -> str:
    """As they are locked, which is as scripts/bench installs them."""
    lock = (ROOT / "locks/bench.txt").read_text()
    return ", ".join(
        f"{name} {found[1]}" for name in packages if (found := re.search(rf"^{name}==(\S+)", lock, re.M))
    )


def uvicorn(place: Place, app: str, port: int) -> list[str]:
    """With everything that makes uvicorn fast; one worker, as the others have."""
    return [
        *(str(place.peers_python), "-m", "uvicorn", app, "--app-dir", str(BENCH / "apps")),
        *("--host", "127.0.0.1", "--port", str(port), "--backlog", "4096"),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
    ]


def upstream_environment(ports: Ports) -> dict[str, str]:
    return {"OPENAI_BASE_URL": f"http://127.0.0.1:{ports.upstream}/v1", "OPENAI_API_KEY": "sk-synthetic"}
