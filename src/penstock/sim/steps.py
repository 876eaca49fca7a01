"""What a simulator does with a connection, as values: say this, wait, stop in the middle.

An answer is worked out whole, before any of it is sent; pace and faults only change the steps.
So what a seed, a pace and a fault amount to can be looked at without a socket or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec


class Head(msgspec.Struct, frozen=True):
    """Status and headers. Without a content-length the body is chunked, one chunk for each `Say`."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    line_every_s: float = 0.0
    """Above 0, its lines are sent one by one."""


Part = Literal["", "words", "end"]


class Say(msgspec.Struct, frozen=True):
    """Bytes of the body. `part` tells faults and pace what they are: a token of the answer, or its end mark.

    `only` so many of them are sent, though the HTTP chunk announces all.
    """

    data: bytes
    part: Part = ""
    only: int | None = None


class Wait(msgspec.Struct, frozen=True):
    seconds: float


class Hold(msgspec.Struct, frozen=True):
    """Wait until whoever runs the simulator lets it go on."""


HOLD = Hold()


class Cut(msgspec.Struct, frozen=True):
    """Close the connection here; with `reset`, by a TCP reset."""

    reset: bool = False


Step = Head | Say | Wait | Hold | Cut
Steps = tuple[Step, ...]


def whole(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Steps:
    """A response that is not streamed."""
    return Head(status, (*headers, ("content-length", str(len(body))))), Say(body)


def is_chunked(head: Head) -> bool:
    return all(name != "content-length" for name, _ in head.headers)
