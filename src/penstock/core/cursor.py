"""How far a reader has come in a turn's log, and where to go on.

Numbers run through all attempts of a turn, and each entry knows its attempt. Text
may be seen before it is journaled, so a reader can hold a number that its attempt's
journal never reached: if a later attempt wrote that number, it is another event,
and the reader goes on where that later attempt begins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from penstock.errors import CursorInvalid

_SHAPE = re.compile(r"([0-9a-zA-Z_-]{1,64})\.(\d{1,9})\.(\d{1,12})")


class Cursor(NamedTuple):
    """Everything up to and with `number`, as `attempt` wrote it, has been seen."""

    turn: str
    attempt: int = 0
    number: int = 0

    def __str__(self) -> str:
        return f"{self.turn}.{self.attempt}.{self.number}"


class Begun(NamedTuple):
    """Where an attempt's entries begin in the log."""

    attempt: int
    number: int


def parse(text: str) -> Cursor:
    """Raises CursorInvalid when this never was a cursor of ours."""
    found = _SHAPE.fullmatch(text)
    if not found:
        raise CursorInvalid("This cursor is not one of ours; leave it out to read from the start.")
    return Cursor(found[1], int(found[2]), int(found[3]))


def resume(cursor: Cursor, *, turn: str, attempt: int, begins: Sequence[Begun], last: int, over: bool) -> int:
    """The number of the last entry this reader need not be given again.

    `attempt` is the turn's newest, `begins` tells where each attempt's entries begin
    (in order), `last` is the end of the journal, `over` whether the turn has ended.
    A number beyond the journal of the newest attempt is an honest reader of live
    text: it waits. Raises CursorInvalid for another turn's cursor, an attempt that
    never was, or a number beyond the end of a turn that is over.
    """
    if cursor.turn != turn:
        raise CursorInvalid("This cursor belongs to another answer; leave it out to read from the start.")
    if cursor.attempt > attempt:
        raise CursorInvalid(
            "This cursor is ahead of everything written; leave it out to read from the start."
        )
    later = next((b.number for b in begins if b.attempt > cursor.attempt), None)
    if later is not None:
        return min(cursor.number, later - 1)
    if over and cursor.number > last:
        raise CursorInvalid(
            "This cursor is ahead of everything written; leave it out to read from the start."
        )
    return cursor.number
