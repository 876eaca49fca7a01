"""Under which keys documents stand on the Shelf, and which of them go when something is forgotten.

Ids may hold a slash themselves, so they are quoted where another part could follow.
"""

from __future__ import annotations

from urllib.parse import quote

from penstock.core.question import Person

FEEDBACK = "feedback/"
"""The prefix of all feedback, for the owner's list."""


def feedback_key(turn: str) -> str:
    return f"{FEEDBACK}{quote(turn, safe='')}"


def shared_key(thread: str) -> str:
    """Where the token of a thread's read-only link stands: the token in UTF-8 and nothing else,
    so that forgetting the thread finds `share_key(token)`, too."""
    return f"shared/{quote(thread, safe='')}"


def share_key(token: str) -> str:
    """Which thread a read-only link shows."""
    return f"share/{quote(token, safe='')}"


def persons_shelf(person: Person) -> str:
    """The prefix under which a person's documents stand."""
    return f"person/{quote(person.tenant, safe='')}/{quote(person.id, safe='')}/"


def threads_shelf(thread: str) -> str:
    """The prefix under which a thread's documents stand."""
    return f"thread/{thread}/"


def of_turn(turn: str) -> tuple[str, ...]:
    """The keys that are deleted when a turn is forgotten."""
    return (feedback_key(turn),)


def of_thread(thread: str) -> tuple[str, ...]:
    """The keys that are deleted when a thread is forgotten, besides all below `threads_shelf`
    and the `share_key` of its token."""
    return (shared_key(thread),)
