"""HTTP to the outside: one client for models and AWS, which gives out what has arrived, as it arrives.

Interface only, for now.
"""

from __future__ import annotations

from collections.abc import Mapping


class Unreachable(Exception):
    """No response came; the message says why in a few words ("its name is unknown"), without an address."""


class CutOff(Exception):
    """The connection broke in the middle of a response's body."""


class Response:
    """A response under way: its headers are here, its body arrives. Use `contextlib.closing`."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of a repeated one, the values joined by ", "."""

    async def read(self) -> bytes:
        """Everything that has arrived, at least a byte; nothing at the end. Raises CutOff."""
        raise NotImplementedError

    async def whole(self, most_bytes: int) -> bytes:
        """The body to its end, or its first `most_bytes`. Raises CutOff."""
        raise NotImplementedError

    def close(self) -> None:
        """Back into the pool if the body has ended, else the connection is closed."""


class Client:
    """Keeps connections alive, per host. Times are the caller's: asyncio.timeout works everywhere."""

    def __init__(self, *, connect_timeout_s: float = 10.0) -> None: ...

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """The response, once its headers are here. `url` is sent as it is written, and never redirected.

        Sends Host and Content-Length itself. Raises Unreachable.
        """
        raise NotImplementedError

    async def close(self) -> None: ...
