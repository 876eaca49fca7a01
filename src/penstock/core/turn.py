"""One answer, from its first event to its last: the fold of its log.

Give a Turn the events in order and ask it for the view: what a reader should see
now. It does not send, sleep or look at a clock, so every rule in this file can be
tested with a list of events and an assert.

The epoch rises whenever text that was already there is taken back. A channel that
can replace text shows the new view; one that cannot must say that it starts over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, assert_never

import msgspec

from penstock.core.events import (
    Cited,
    Event,
    Failed,
    Finished,
    FinishReason,
    Noted,
    Passage,
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

State = Literal["queued", "running", "done", "stopped", "failed"]
ENDED: frozenset[State] = frozenset({"done", "stopped", "failed"})


class TurnOver(Exception):
    """An event after the end: a fault in whoever wrote the log."""


class Citation(msgspec.Struct, frozen=True):
    number: int
    passage: Passage


class View(msgspec.Struct, frozen=True):
    """What a reader should see now.

    `finish` says how a done answer ended; `stopped_by`, `error` and `reference` are
    empty unless the turn was stopped or failed. `error` is a sentence for the reader.
    """

    state: State = "queued"
    text: str = ""
    reasoning: str = ""
    status: str = ""
    citations: tuple[Citation, ...] = ()
    epoch: int = 0
    ahead: int = 0
    finish: FinishReason | None = None
    stopped_by: str = ""
    error_code: str = ""
    error: str = ""
    reference: str = ""
    usage: Usage = Usage()

    @property
    def done(self) -> bool:
        return self.state in ENDED


class _Kept(msgspec.Struct, frozen=True):
    """What the last finished step leaves standing when a later attempt starts over."""

    text: str = ""
    reasoning: str = ""
    citations: tuple[Citation, ...] = ()


# Small strings cost about eight times their text, so they are joined now and then.
_MOST_PIECES = 32


class Turn:
    """The fold. Text is kept in pieces, so a long answer costs no more per event than a short one."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._kept = _Kept()
        # Everything of the view but the two growing texts.
        self._rest = View()
        # Text comes and there is nothing else to change: true for nearly every event.
        self._flowing = False

    @property
    def view(self) -> View:
        return msgspec.structs.replace(self._rest, text=self.text, reasoning=self._joined(self._reasoning))

    @property
    def text(self) -> str:
        return self._joined(self._text)

    @property
    def epoch(self) -> int:
        return self._rest.epoch

    @property
    def done(self) -> bool:
        return self._rest.done

    @property
    def state(self) -> State:
        return self._rest.state

    def receive(self, event: Event) -> None:
        if self._flowing and type(event) is Text:
            self._text.append(event.text)
            if len(self._text) > _MOST_PIECES:
                self._joined(self._text)
            return
        if self._rest.done:
            raise TurnOver(f"{type(event).__name__} after the end")
        match event:
            case Text(text):
                self._text.append(text)
                self._set(state="running", status="")
            case Reasoning(text):
                self._reasoning.append(text)
                if len(self._reasoning) > _MOST_PIECES:
                    self._joined(self._reasoning)
                self._running()
            case Status(label):
                self._set(state="running", status=label)
            case Waiting(ahead):
                self._set(ahead=ahead)
            case Cited(number, passage):
                self._set(state="running", citations=(*self._rest.citations, Citation(number, passage)))
            case Usage():
                self._set(usage=added(self._rest.usage, event))
            case StepDone():
                self._kept = _Kept(self.text, self._joined(self._reasoning), self._rest.citations)
            case Retracted(keep_chars):
                self._take_back_to(self.text[:keep_chars])
            case Restarted():
                self._take_back_to(self._kept.text)
                self._reasoning = [self._kept.reasoning]
                self._set(state="running", status="", ahead=0, citations=self._kept.citations)
            case Finished(reason):
                self._set(state="done", status="", ahead=0, finish=reason)
            case Stopped(by):
                self._set(state="stopped", status="", ahead=0, stopped_by=by)
            case Failed(code, sentence, reference):
                self._set(
                    state="failed", status="", ahead=0, error_code=code, error=sentence, reference=reference
                )
            case ToolCalled() | ToolReturned():
                self._running()
            case Noted() | Unknown():
                pass
            case _:
                assert_never(event)

    def _take_back_to(self, text: str) -> None:
        if text != self.text:
            self._set(epoch=self._rest.epoch + 1)
        self._text = [text]

    def _running(self) -> None:
        if self._rest.state == "queued":
            self._set(state="running")

    def _set(self, **changes: object) -> None:
        self._rest = msgspec.structs.replace(self._rest, **changes)
        self._flowing = self._rest.state == "running" and not self._rest.status

    @staticmethod
    def _joined(pieces: list[str]) -> str:
        if len(pieces) > 1:
            pieces[:] = ["".join(pieces)]
        return pieces[0] if pieces else ""


def fold(events: Iterable[Event]) -> View:
    turn = Turn()
    for event in events:
        turn.receive(event)
    return turn.view


def added(a: Usage, b: Usage) -> Usage:
    """The counts of two requests to a model, under the later one's name."""
    return Usage(
        model=b.model or a.model,
        input_tokens=a.input_tokens + b.input_tokens,
        output_tokens=a.output_tokens + b.output_tokens,
        reasoning_tokens=a.reasoning_tokens + b.reasoning_tokens,
        cache_read_tokens=a.cache_read_tokens + b.cache_read_tokens,
        cache_write_tokens=a.cache_write_tokens + b.cache_write_tokens,
    )
