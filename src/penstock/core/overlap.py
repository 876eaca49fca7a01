"""What happens to a question that arrives while its thread is still being answered.

A pure decision: the store asks for it inside the step that writes the question down,
so that no other question can slip between the decision and the deed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from penstock.errors import PenstockError, ThreadBusy, TooManyQueued

Overlap = Literal["queue", "burst", "interrupt", "reject"]
"""queue: answered in turn; burst: those that arrive while one runs are answered together next;
interrupt: what runs or waits is stopped, the new one is next; reject: refused."""

NAMES: dict[str, Overlap] = {
    # The words other systems use, so that migrants find theirs.
    "queue": "queue",
    "enqueue": "queue",
    "serial": "queue",
    "burst": "burst",
    "collect": "burst",
    "interrupt": "interrupt",
    "rollback": "interrupt",
    "reject": "reject",
    "drop": "reject",
}


class Backlog(msgspec.Struct, frozen=True):
    """What the store knows when a question arrives.

    `running` and `queued` are the thread's unfinished turns, oldest first. A turn that was
    ordered to stop or begun and given back counts as running, with all before it: no new
    question may join it. `persons_queued` counts the asker's queued turns in all threads.
    """

    running: tuple[str, ...] = ()
    queued: tuple[str, ...] = ()
    persons_queued: int = 0


class Limits(msgspec.Struct, frozen=True):
    """How many turns may wait."""

    queued_per_thread: int = 10
    queued_per_person: int = 20


class NewTurn(msgspec.Struct, frozen=True):
    """A turn of its own, behind `ahead` others of its thread; `stop` names turns to be stopped first."""

    ahead: int
    stop: tuple[str, ...] = ()


class Join(msgspec.Struct, frozen=True):
    """Answered together with the question(s) of a turn that has not begun."""

    turn: str
    ahead: int


Decision = NewTurn | Join


def decide(overlap: Overlap, backlog: Backlog, limits: Limits) -> Decision | PenstockError:
    """What to do with the new question, or the error to refuse it with."""
    unfinished = backlog.running + backlog.queued
    if not unfinished:
        return _if_room(NewTurn(ahead=0), backlog, limits)
    match overlap:
        case "reject":
            return ThreadBusy("an answer is under way in this thread")
        case "interrupt":
            return NewTurn(ahead=len(unfinished), stop=unfinished)
        case "burst" if backlog.queued:
            return Join(backlog.queued[-1], ahead=len(unfinished) - 1)
        case _:
            return _if_room(NewTurn(ahead=len(unfinished)), backlog, limits)


def _if_room(turn: NewTurn, backlog: Backlog, limits: Limits) -> NewTurn | PenstockError:
    if len(backlog.queued) >= limits.queued_per_thread:
        return TooManyQueued(f"{len(backlog.queued)} turns wait in this thread")
    if backlog.persons_queued >= limits.queued_per_person:
        return TooManyQueued(f"{backlog.persons_queued} turns of this person wait")
    return turn
