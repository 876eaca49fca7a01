"""What the owner may decide about the life of a turn, and what is told of each turn at its end."""

from __future__ import annotations

from typing import Any

import msgspec

from penstock.core.events import Usage
from penstock.core.overlap import Limits, Overlap
from penstock.core.turn import State


class Rules(msgspec.Struct, frozen=True):
    """All times in seconds. `options` are wishes to the model; what a question wishes goes before them.

    `retries` are tries at the model before its first event, within one attempt;
    `max_attempts` counts attempts of a turn, crashes of a worker included. After `abandoned_s`
    an answer whose only reader hung up is stopped, where its door asks for that. After `bin_s` in the bin
    a thread is forgotten.
    """

    instructions: str = ""
    options: dict[str, Any] = {}
    overlap: Overlap = "queue"
    limits: Limits = Limits()
    max_running: int = 100
    max_attempts: int = 3
    turn_max_s: float = 600.0
    first_token_s: float = 60.0
    idle_s: float = 60.0
    retries: int = 2
    retry_first_s: float = 0.5
    retry_most_s: float = 20.0
    passages: int = 5
    transcript_turns: int = 50
    lease_s: float = 10.0
    sweep_s: float = 60.0
    abandoned_s: float = 5.0
    beat_s: float = 15.0
    retention_days: float = 0.0
    bin_s: float = 600.0


class TurnReport(msgspec.Struct, frozen=True):
    """One turn's end, for logs and metrics: facts, never words. `outcome` "queued": it was given back.

    `first_visible_s` and `took_s` are measured from the question's receipt;
    `first_visible_s` is None when no text was shown, or some by an earlier worker already.
    """

    turn: str
    thread: str
    outcome: State
    model: str
    tries: int
    took_s: float
    first_visible_s: float | None
    usage: Usage
    error_code: str = ""
