"""What can be done to the store's model, and what it answers: a schedule is a sequence of actions.

They are the calls of `Turns` in short names and without times, so that a schedule can be
explored, kept in a file, and replayed on any store.
"""

from __future__ import annotations

import msgspec

from penstock.core.events import Entry, Event
from penstock.core.overlap import Limits, Overlap
from penstock.core.ports import Lease, Orders
from penstock.core.turn import State

ENOUGH = Limits()


class _Action(msgspec.Struct, frozen=True, cache_hash=True, tag_field="do", omit_defaults=True):
    pass


class Receive(_Action, frozen=True, cache_hash=True, tag="receive"):
    """`lease`: the caller wants to answer at once."""

    question: str
    thread: str
    turn: str
    text: str = "?"
    person: str = "ann"
    overlap: Overlap = "queue"
    limits: Limits = ENOUGH
    lease: bool = False


class Claim(_Action, frozen=True, cache_hash=True, tag="claim"):
    turn: str = ""


class Renew(_Action, frozen=True, cache_hash=True, tag="renew"):
    lease: Lease


class Append(_Action, frozen=True, cache_hash=True, tag="append"):
    lease: Lease
    first: int
    events: tuple[Event, ...]


class Finish(_Action, frozen=True, cache_hash=True, tag="finish"):
    lease: Lease
    first: int
    events: tuple[Event, ...]
    state: State


class Stop(_Action, frozen=True, cache_hash=True, tag="stop"):
    turn: str
    by: str = "person"


class Expire(_Action, frozen=True, cache_hash=True, tag="expire"):
    """Time passes until the lease of this turn, and no other, has lapsed."""

    turn: str


class Forget(_Action, frozen=True, cache_hash=True, tag="forget"):
    thread: str


Write = Append | Finish
Action = Receive | Claim | Renew | Append | Finish | Stop | Expire | Forget

# --- What comes of it ---------------------------------------------------------


class Got(msgspec.Struct, frozen=True):
    """A claim was granted. `left`: the worker that held the turn before vanished."""

    lease: Lease
    tries: int
    questions: tuple[str, ...]
    last: int = 0
    first: bool = False
    left: bool = False
    stop_by: str = ""


class Took(msgspec.Struct, frozen=True):
    """A question was received, now or before."""

    turn: str
    state: State
    repeat: bool = False
    ahead: int = 0
    stop: tuple[str, ...] = ()
    claim: Got | None = None


class Stands(msgspec.Struct, frozen=True):
    """How the turn stands after it was ordered to stop."""

    state: State
    stop_by: str


class Forgot(msgspec.Struct, frozen=True):
    turns: tuple[str, ...]


class Failure(msgspec.Struct, frozen=True):
    """The name of the error that was raised."""

    error: str


Outcome = Got | Took | Orders | Stands | Forgot | Failure | None

LOST = Orders(lost=True)


def entries(write: Write) -> tuple[Entry, ...]:
    """The lines of the log that this write makes."""
    attempt = write.lease.attempt
    return tuple(Entry(write.first + n, attempt, event) for n, event in enumerate(write.events))
