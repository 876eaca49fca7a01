"""Who may knock, before anybody is asked anything: plain rules on a request's first line and headers.

A page of another site, open in the same browser, can send requests to a server on this
machine. So a request that a browser made for another origin is refused, a body must say
that it is JSON (which makes browsers ask first, and be refused), and a host name that is
not ours (DNS rebinding) is refused while listening on loopback.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence

from starlette.requests import HTTPConnection, Request

from penstock.server.problems import BodyTooLarge, BodyTooSlow, ForeignOrigin, WrongMediaType

# A body that comes more slowly than the worst of lines is held back on purpose, or lost.
_SLOWEST_BYTES_PER_S = 1_000

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


# Whoever sends one of these was sent on by a proxy, or says so.
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
# What changes nothing may be asked for from anywhere; its answer is kept from other pages all the same.
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_host(connection: HTTPConnection, hosts: Sequence[str]) -> None:
    """Raises ForeignOrigin when the request was meant for another host. No hosts: all are welcome."""
    name = _name(connection.headers.get("host", ""))
    if hosts and name not in hosts:
        raise ForeignOrigin("This server does not answer under that host name.")


def check_origin(connection: HTTPConnection, own: str = "") -> None:
    """Raises ForeignOrigin when a browser sent this for a page of another origin.

    `own` is where people open us, for a proxy that does not pass on the host they asked for.
    """
    origin = connection.headers.get("origin")
    if origin is None or (own and origin.lower() == own):
        return
    host = connection.headers.get("host", "").lower()
    # Port and all: another port is another program.
    if not host or origin.lower() not in (f"http://{host}", f"https://{host}"):
        raise ForeignOrigin("Pages of other sites may not use this server.")


def check_own_page(connection: HTTPConnection) -> None:
    """Raises ForeignOrigin when a cookie is to change something, and nothing says that our page wants it.

    A browser names the origin with all that changes something, and with every socket; `check_origin`
    has compared it.
    """
    method = connection.scope.get("method", "")
    said = connection.headers.get("sec-fetch-site") == "same-origin" or "origin" in connection.headers
    if method not in _HARMLESS and not said:
        raise ForeignOrigin("Send the Origin header, as browsers do, or a token instead of a cookie.")


def check_here(connection: HTTPConnection) -> None:
    """Raises ForeignOrigin when another machine asks, or a proxy for somebody, as far as can be known."""
    peer = connection.client
    if (peer is not None and _is_elsewhere(peer.host)) or _is_sent_on(connection):
        raise ForeignOrigin(
            "Only the machine this runs on may use it: its owner has not said who else may (docs/sign-in.md)."
        )


def is_here(connection: HTTPConnection) -> bool:
    """Whether a program on this machine asks, and no proxy for somebody else."""
    return (
        connection.client is not None
        and is_private(connection.client.host)
        and _name(connection.headers.get("host", "")) in LOOPBACK
        and not _is_sent_on(connection)
    )


def _is_sent_on(connection: HTTPConnection) -> bool:
    return any(name in connection.headers for name in _FORWARDED)


def is_private(host: str) -> bool:
    """Whether only this machine reaches it."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _is_elsewhere(host: str) -> bool:
    """What is no address (a socket in the file system, a test) is not."""
    address = _address(host)
    return address is not None and not address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


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
