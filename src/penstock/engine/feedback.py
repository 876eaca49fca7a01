"""What people thought of answers: a thumb and perhaps a remark, one small document a turn on the Shelf."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Literal

import msgspec

from penstock.core.ports import Shelf
from penstock.core.shelves import feedback_key
from penstock.errors import Refused

MAX_REMARK_CHARS = 4_000

Rating = Literal["up", "down"]


class RemarkInvalid(Refused):
    code = "remark_invalid"


class Feedback(msgspec.Struct, frozen=True):
    """`at_s` is when it was given, in seconds since the epoch."""

    rating: Rating
    remark: str = ""
    at_s: float = 0.0


def checked(remark: str) -> str:
    """The remark as it may be written down. Raises RemarkInvalid."""
    if len(remark) > MAX_REMARK_CHARS:
        raise RemarkInvalid(f"The remark has {len(remark):,} characters; {MAX_REMARK_CHARS:,} are possible.")
    if "\x00" in remark:
        raise RemarkInvalid("The remark contains a NUL character, which is not text.")
    return remark.strip()


def decoded(value: bytes) -> Feedback:
    """A document below `core.shelves.FEEDBACK`."""
    return msgspec.json.decode(value, type=Feedback)


async def write(shelf: Shelf, turn: str, given: Feedback) -> None:
    await shelf.put(feedback_key(turn), msgspec.json.encode(given))


async def read(shelf: Shelf, turns: Iterable[str]) -> dict[str, Feedback]:
    """By turn; one that nobody rated is not among them."""
    turns = list(turns)
    found = await asyncio.gather(*(shelf.get(feedback_key(turn)) for turn in turns))
    return {turn: decoded(document.value) for turn, document in zip(turns, found, strict=True) if document}
