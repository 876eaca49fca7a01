"""What the stories of every provider share: a stream cut into pieces, and heard until it breaks."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.core.events import Event
from penstock.errors import ModelError


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def until_error(stream: Iterator[Event]) -> tuple[list[Event], ModelError | None]:
    """The events up to the end or an error, and that error."""
    events: list[Event] = []
    while True:
        try:
            events.append(next(stream))
        except StopIteration:
            return events, None
        except ModelError as exc:
            return events, exc
