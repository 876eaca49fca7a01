"""A C program that copies bytes: what the kernel alone costs."""

from __future__ import annotations

from bench.place import Place
from bench.server import Ports, Server


def build(place: Place, ports: Ports) -> Server:
    return Server(
        "floor", "C, copies bytes (floor)", [str(place.floor), str(ports.server), str(ports.upstream)]
    )
