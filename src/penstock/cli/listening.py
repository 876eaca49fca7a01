"""The sockets of `penstock serve`, taken before anything starts, so that a port in use is told at once."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from penstock.errors import ConfigError

# What uvicorn takes, too. Whoever comes while the assistant still starts waits here.
_BACKLOG = 2048
# How long the system keeps what a reader does not take; accepted connections inherit it.
_UNREAD_MS = 60_000


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """A listening socket for every address of the host, all on one port. Raises ConfigError."""
    with ExitStack() as stack, _explained(host, port):
        sockets: list[socket.socket] = []
        for family, address in _addresses(host):
            made = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            _bind(made, address, port)
            # Port 0 is any that is free; the further addresses take the same.
            port = made.getsockname()[1]
            sockets.append(made)
        stack_of_all = stack.pop_all()
    with stack_of_all:
        yield sockets


def url(host: str, port: int) -> str:
    """Where a person on this machine opens it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(place[0])) for family, _, _, _, place in found))


def _bind(made: socket.socket, address: str, port: int) -> None:
    if os.name == "posix":
        # Connections of the server before us may still be closing.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if (option := getattr(socket, "TCP_USER_TIMEOUT", None)) is not None:
        # A reader that takes nothing any more would otherwise keep its socket until it does.
        made.setsockopt(socket.IPPROTO_TCP, option, _UNREAD_MS)
    made.bind((address, port))
    made.listen(_BACKLOG)


@contextmanager
def _explained(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except socket.gaierror:
        raise ConfigError(f"There is no host named {host!r}: give another with --host.") from None
    except OSError as exc:
        raise ConfigError(_sentence(exc, host, port)) from None


def _sentence(exc: OSError, host: str, port: int) -> str:
    match exc.errno:
        case errno.EADDRINUSE:
            return f"Port {port} is in use: stop what uses it, or give another port with --port (0: any)."
        case errno.EACCES:
            return f"Port {port} is not for ordinary users: give one above 1023 with --port."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine: give another with --host."
        case _:
            return f"{url(host, port)} cannot be listened on: {exc.strerror}."
