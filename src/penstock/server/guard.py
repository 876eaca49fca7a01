"""Who may knock, before anybody is asked anything: plain rules on a request's first line and headers.

A page of another site, open in the same browser, can send requests to a server on this
machine. So a request that a browser made for another origin is refused, a body must say
that it is JSON (which makes browsers ask first, and be refused), and a host name that is
not ours (DNS rebinding) is refused while listening on loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.requests import HTTPConnection, Request

from penstock.server.problems import BodyTooLarge, BodyTooSlow, ForeignOrigin, WrongMediaType

# A body that comes more slowly than the worst of lines is held back on purpose, or lost.
_SLOWEST_BYTES_PER_S = 1_000

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


def check_host(connection: HTTPConnection, hosts: Sequence[str]) -> None:
    """Raises ForeignOrigin when the request was meant for another host. No hosts: all are welcome."""
    name = _name(connection.headers.get("host", ""))
    if hosts and name not in hosts:
        raise ForeignOrigin("This server does not answer under that host name.")


def check_origin(connection: HTTPConnection) -> None:
    """Raises ForeignOrigin when a browser sent this for a page of another origin."""
    origin = connection.headers.get("origin")
    if origin is None:
        return
    host = connection.headers.get("host", "").lower()
    # Port and all: another port is another program.
    if not host or origin.lower() not in (f"http://{host}", f"https://{host}"):
        raise ForeignOrigin("Pages of other sites may not use this server.")


async def json_body(request: Request, max_bytes: int, within_s: float) -> bytes:
    """The body, when it says it is JSON and is not too large; it is never read further than that.

    It has `within_s`, and more the more of it has come.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise WrongMediaType("Send the body as JSON, with Content-Type: application/json.")
    too_large = BodyTooLarge(f"The body is larger than {max_bytes:,} bytes.")
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > max_bytes:
        raise too_large
    body = bytearray()
    until_s = asyncio.get_running_loop().time() + within_s
    try:
        async with asyncio.timeout_at(until_s) as limit:
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    raise too_large
                limit.reschedule(until_s + len(body) / _SLOWEST_BYTES_PER_S)
    except TimeoutError:
        raise BodyTooSlow(
            "The body did not come to its end in time: send it again, without pauses."
        ) from None
    return bytes(body)


def _name(host: str) -> str:
    """A host header without its port; IPv6 addresses stand in brackets."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
