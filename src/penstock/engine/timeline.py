"""What happened in a turn and when, for the owner: derived from its log, which knows when it was written.

The answer's words are not in it, only how many characters an attempt wrote; the transcript has them.
A text that readers saw at once stands here with the time of the batch that it was written in, which is as
much later as the store's cadence (a tenth of a second in SQLite).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias, assert_never

import msgspec

from penstock.core.events import (
    Cited,
    Event,
    Failed,
    Finished,
    Noted,
    Reasoning,
    Restarted,
    Retracted,
    Status,
    StepDone,
    Stopped,
    Text,
    ToolCalled,
    ToolReturned,
    Unknown,
    Usage,
    Waiting,
)
from penstock.core.ports import TurnInfo, Written

Detail: TypeAlias = dict[str, str | int | float | bool | None]

Kind = Literal[
    "received",
    "waiting",
    "began",
    "first_word",
    "status",
    "passage",
    "noted",
    "tool",
    "returned",
    "step",
    "retracted",
    "usage",
    "done",
    "stopped",
    "failed",
    "unknown",
]


class Moment(msgspec.Struct, frozen=True):
    """Something that happened. `at_s` is None when the log is from before times were kept; `since_s` counts
    from the question.

    `what` is its one word: why an attempt began, a status' label, a passage's source, a note's or tool's
    name, why text was taken back, a model, how a done answer ended, who stopped it, an error's code.
    """

    at_s: float | None
    since_s: float | None
    attempt: int
    kind: Kind
    what: str = ""
    detail: Detail = {}


class Tried(msgspec.Struct, frozen=True):
    """One attempt: when it was first heard of, when its first word came, and how much it wrote."""

    attempt: int
    began_s: float | None
    why: str = ""
    first_word_s: float | None = None
    chars: int = 0
    reasoning_chars: int = 0


class Timeline(msgspec.Struct, frozen=True):
    turn: TurnInfo
    attempts: tuple[Tried, ...]
    moments: tuple[Moment, ...]


def timeline(turn: TurnInfo, written: Iterable[Written]) -> Timeline:
    attempts: dict[int, Tried] = {}
    moments = [Moment(turn.asked_s, 0.0, 0, "received")]
    for batch in written:
        at_s = batch.at_s or None
        since_s = None if at_s is None else round(at_s - turn.asked_s, 3)
        before = attempts.get(batch.attempt)
        moments += [Moment(at_s, since_s, batch.attempt, *one) for one in _told(batch, before)]
        attempts[batch.attempt] = _grown(before or Tried(batch.attempt, at_s, _why(batch)), batch)
    # What is written before the first attempt is that the turn waits.
    return Timeline(turn, tuple(one for one in attempts.values() if one.attempt), tuple(moments))


def _told(batch: Written, before: Tried | None) -> Iterator[tuple[Kind, str, Detail]]:
    """What is told of a batch; `before` is its attempt as it was, if it had begun."""
    if before is None and batch.attempt:
        yield "began", _why(batch), {}
    silent = before is None or not before.chars
    for event in batch.events:
        match event:
            case Text(text):
                if text and silent:
                    silent = False
                    yield "first_word", "", {}
            case Reasoning() | Restarted():
                pass
            case _:
                yield _of(event)


def _of(event: Event) -> tuple[Kind, str, Detail]:
    match event:
        case Waiting(ahead):
            return "waiting", "", {"ahead": ahead}
        case Status(label):
            return "status", label, {}
        case Cited(number, passage):
            detail: Detail = {"number": number, "heading": passage.heading, "score": passage.score}
            return "passage", passage.source, detail
        case Noted(what, noted):
            return "noted", what, noted
        case ToolCalled(call_id, name):
            return "tool", name, {"call_id": call_id}
        case ToolReturned(call_id, text):
            return "returned", "", {"call_id": call_id, "chars": len(text)}
        case StepDone():
            return "step", "", {}
        case Retracted(keep_chars, why):
            return "retracted", why, {"keep_chars": keep_chars}
        case Usage(model):
            return "usage", model, tokens(event)
        case Finished(reason):
            return "done", reason, {}
        case Stopped(by):
            return "stopped", by, {}
        case Failed(code, sentence, reference):
            return "failed", code, {"sentence": sentence, "reference": reference}
        case Unknown(tag):
            return "unknown", tag, {}
        case Text() | Reasoning() | Restarted():
            raise AssertionError("told by the attempt they are part of")
        case _:
            assert_never(event)


def tokens(usage: Usage) -> Detail:
    """The counts alone."""
    return {name: getattr(usage, name) for name in usage.__struct_fields__ if name != "model"}


def _why(batch: Written) -> str:
    """What an attempt says of its beginning; the first one says nothing."""
    return next((event.why for event in batch.events if isinstance(event, Restarted)), "")


def _grown(tried: Tried, batch: Written) -> Tried:
    text = sum(len(event.text) for event in batch.events if isinstance(event, Text))
    reasoning = sum(len(event.text) for event in batch.events if isinstance(event, Reasoning))
    return msgspec.structs.replace(
        tried,
        first_word_s=(batch.at_s or None) if text and not tried.chars else tried.first_word_s,
        chars=tried.chars + text,
        reasoning_chars=tried.reasoning_chars + reasoning,
    )
