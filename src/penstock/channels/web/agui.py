"""A turn's log as AG-UI events, for one reader; the package says how it is driven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec

from penstock.channels.web.run import citation, ended, started
from penstock.channels.web.shared import Frames
from penstock.channels.web.transcript import (
    Asked,
    Line,
    answer_line,
    message_id,
    reasoning_id,
    reasoning_line,
)
from penstock.core.cursor import Cursor
from penstock.core.events import (
    Cited,
    End,
    Entry,
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
from penstock.core.turn import Citation, Turn, added

_json = msgspec.json.Encoder().encode
_TAKE_BACK = (Restarted, Retracted)


class EarlierMissing(Exception):
    """Text was taken back and nobody gave `earlier`: a fault in whoever drives the reader."""


class Agui:
    """One reader of one turn. `Sse` and `Socket` say how its events are framed.

    `asked` tells what the turn answers, for a reader that did not ask it; `earlier` are the
    thread's messages before the answer (see `needs_earlier`).
    """

    def __init__(
        self,
        thread: str,
        turn: str,
        *,
        seen: Cursor | None = None,
        frames: Frames | None = None,
        asked: Asked | None = None,
    ) -> None:
        self.earlier: Sequence[Line] | None = None
        self._thread = thread
        self._turn = turn
        self._seen = seen
        self._frames = frames or Frames(turn)
        self._asked = asked

        # The log so far.
        self._fold = Turn()
        self._number = 0
        self._attempt = 0
        self._epoch = 0
        self._thinking = False
        self._reasoned = False
        # Came back ahead of a log without reasoning: perhaps it has seen some, which the log's would follow.
        self._unsure = False
        self._usage: dict[str, Usage] = {}
        self._end: tuple[Entry, End] | None = None

        # This connection.
        self._text_open = False
        self._reasoning_open = False
        self._id = turn.encode()
        self._out: list[bytes] = []

    @property
    def number(self) -> int:
        """The last entry it was fed; the next one must follow it."""
        return self._number

    @property
    def done(self) -> bool:
        return self._fold.done

    # --- What the driver calls -------------------------------------------------

    def skip(self, entries: Sequence[Entry]) -> None:
        """Entries that this reader has seen already."""
        for entry in entries:
            self._receive(entry)

    def needs_earlier(self, entries: Sequence[Entry]) -> bool:
        """Whether `earlier` must be set before these entries are encoded."""
        if self.earlier is not None:
            return False
        # A loop and not any(): this is asked for every wake-up.
        for entry in entries:
            if type(entry.event) in _TAKE_BACK:
                return True
        return self._is_astray(entries)

    def opening(self) -> bytes:
        self._put(started(self._thread, self._turn, self._asked))
        if self._end:
            self._finish(*self._end)
        else:
            if self._fold.text:
                self._open_text()
            if self._thinking:
                self._open_reasoning()
        return self._flush()

    def encode(self, entries: Sequence[Entry]) -> bytes:
        """The bytes for all of these; empty when none of them is for the reader."""
        if self._seen is not None:
            entries = self._unseen(entries, self._seen)
        for entry in entries:
            number, attempt, event = entry
            # The path of nearly every entry, so it is spelt out.
            if type(event) is Text and self._text_open and not self._reasoning_open:
                self._fold.receive(event)
                self._number, self._attempt = number, attempt
                self._put_bytes(self._frames.text(number, attempt, event.text, self._epoch), entry)
            else:
                self._translate(entry)
        return self._flush()

    # --- Framing ---------------------------------------------------------------

    def _put_bytes(self, event: bytes, entry: Entry | None = None) -> None:
        """Add an event; with `entry`, the one by which that entry has been seen."""
        raise NotImplementedError

    def _flush(self) -> bytes:
        raise NotImplementedError

    def _put(self, event: dict[str, object], entry: Entry | None = None) -> None:
        self._put_bytes(_json(event), entry)

    def _custom(self, name: str, value: dict[str, object], entry: Entry | None = None) -> None:
        self._put({"type": "CUSTOM", "name": f"penstock.{name}", "value": value}, entry)

    # --- Coming back -----------------------------------------------------------

    def _is_astray(self, entries: Sequence[Entry]) -> bool:
        """Whether the reader saw text live that the log then never got."""
        seen = self._seen
        return seen is not None and any(e.attempt > seen.attempt and e.number <= seen.number for e in entries)

    def _unseen(self, entries: Sequence[Entry], seen: Cursor) -> Sequence[Entry]:
        """What is news to a reader that came with this cursor, which may be ahead of the log."""
        known = 0
        for entry in entries:
            if entry.number > seen.number or entry.attempt > seen.attempt:
                break
            known += 1
        self.skip(entries[:known])
        news = entries[known:]
        if news:
            if self._is_astray(news[:1]):
                self._snapshot()
                self._unsure = not self._reasoned
            self._seen = None
        return news

    # --- Translating -----------------------------------------------------------

    def _receive(self, entry: Entry) -> None:
        event = entry.event
        self._fold.receive(event)
        self._number, self._attempt = entry.number, entry.attempt
        match event:
            case Text():
                self._thinking = False
            case Reasoning():
                self._thinking = self._reasoned = True
            case Usage(model):
                self._usage[model] = added(self._usage.get(model, Usage()), event)
            case Restarted() | Retracted():
                self._epoch = self._fold.epoch
                self._thinking = self._thinking and type(event) is Retracted
            case Finished() | Stopped() | Failed():
                self._end = (entry, event)
            case _:
                pass

    def _translate(self, entry: Entry) -> None:
        event = entry.event
        if isinstance(event, _TAKE_BACK):
            self._take_back(entry)
            return
        self._receive(entry)
        match event:
            case Text(text):
                self._close_reasoning()
                self._open_text()
                self._put_bytes(self._frames.text(entry.number, entry.attempt, text, self._epoch), entry)
            case Reasoning() if self._unsure:
                self._unsure = False
                self._snapshot(entry)
                self._open_reasoning()
            case Reasoning(text):
                self._open_reasoning()
                self._put(self._of_reasoning("REASONING_MESSAGE_CONTENT", delta=text), entry)
            case Status(label):
                self._custom("status", {"label": label}, entry)
            case Waiting(ahead):
                self._custom("waiting", {"ahead": ahead}, entry)
            case Cited(number, passage):
                self._custom("passage_cited", citation(Citation(number, passage)), entry)
            case ToolCalled():
                self._tool_called(event, entry)
            case ToolReturned(call_id, text):
                result = {"messageId": f"{self._turn}:{call_id}", "toolCallId": call_id, "content": text}
                self._put({"type": "TOOL_CALL_RESULT", **result, "role": "tool"}, entry)
            case Finished() | Stopped() | Failed():
                self._finish(entry, event)
            case StepDone() | Usage() | Noted() | Unknown():
                pass
            case _:
                assert_never(event)

    def _tool_called(self, called: ToolCalled, entry: Entry) -> None:
        call = {"toolCallId": called.call_id}
        parent = message_id(self._turn, self._epoch)
        self._put({"type": "TOOL_CALL_START", **call, "toolCallName": called.name, "parentMessageId": parent})
        # Arguments are appended, so it is they that must not come twice.
        self._put({"type": "TOOL_CALL_ARGS", **call, "delta": called.arguments}, entry)
        self._put({"type": "TOOL_CALL_END", **call})

    # --- Messages --------------------------------------------------------------

    def _of_text(self, kind: str, **more: object) -> dict[str, object]:
        return {"type": kind, "messageId": message_id(self._turn, self._epoch), **more}

    def _of_reasoning(self, kind: str, **more: object) -> dict[str, object]:
        return {"type": kind, "messageId": reasoning_id(self._turn, self._epoch), **more}

    def _open_text(self) -> None:
        if not self._text_open:
            self._text_open = True
            self._put(self._of_text("TEXT_MESSAGE_START", role="assistant"))

    def _close_text(self) -> None:
        if self._text_open:
            self._text_open = False
            self._put(self._of_text("TEXT_MESSAGE_END"))

    def _open_reasoning(self) -> None:
        if not self._reasoning_open:
            self._reasoning_open = True
            self._put(self._of_reasoning("REASONING_START"))
            self._put(self._of_reasoning("REASONING_MESSAGE_START", role="reasoning"))

    def _close_reasoning(self) -> None:
        if self._reasoning_open:
            self._reasoning_open = False
            self._put(self._of_reasoning("REASONING_MESSAGE_END"))
            self._put(self._of_reasoning("REASONING_END"))

    # --- Taking back -----------------------------------------------------------

    def _take_back(self, entry: Entry) -> None:
        before, epoch = self._fold.view, self._epoch
        self._receive(entry)
        after = self._fold.view
        if before.status and not after.status:
            self._custom("status", {"label": ""})
        if before.ahead and not after.ahead:
            self._custom("waiting", {"ahead": 0})
        shown = (before.text, before.reasoning, before.citations)
        if shown != (after.text, after.reasoning, after.citations):
            # What is open was opened under the epoch that is over.
            self._epoch = epoch
            self._snapshot(entry)

    def _snapshot(self, entry: Entry | None = None) -> None:
        """The conversation as it is now. A client keeps reasoning that a snapshot does not speak of,
        so once there was some there is a line for it, even when none is left."""
        if self.earlier is None:
            raise EarlierMissing(f"turn {self._turn} took text back")
        self._close_reasoning()
        self._close_text()
        self._epoch = self._fold.epoch
        view = self._fold.view
        self._custom("taken_back", {"epoch": self._epoch, "citations": [citation(c) for c in view.citations]})
        messages = list(self.earlier)
        if self._reasoned:
            messages.append(reasoning_line(self._turn, self._epoch, view.reasoning))
        if view.text:
            messages.append(answer_line(self._turn, self._epoch, view.text))
        self._put({"type": "MESSAGES_SNAPSHOT", "messages": messages}, entry)
        if view.text:
            self._open_text()

    # --- End -------------------------------------------------------------------

    def _finish(self, entry: Entry, end: End) -> None:
        self._close_reasoning()
        self._close_text()
        if isinstance(end, Stopped):
            self._custom("stopped", {"by": end.by})
        self._put(ended(self._thread, self._turn, end, list(self._usage.values())), entry)
