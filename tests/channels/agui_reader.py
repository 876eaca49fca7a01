"""A reader of our AG-UI streams, written from the specifications and not from our code.

It keeps what a page would keep, over any number of connections, and says what it shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ag_ui.core import Event as AguiEvent
from pydantic import BaseModel, TypeAdapter

_check = TypeAdapter[Any](AguiEvent).validate_python


class Shown(NamedTuple):
    """What is on the screen."""

    state: str
    text: str
    reasoning: str
    status: str
    citations: tuple[tuple[int, str, str], ...]
    ahead: int
    finish: str | None
    stopped_by: str
    error: tuple[str, str, str]
    tokens: tuple[int, int]
    tools: tuple[tuple[str, str], ...]


class Page:
    """One reader's screen and cursor."""

    def __init__(self, *messages: Mapping[str, object]) -> None:
        self.messages: dict[str, dict[str, Any]] = {str(m["id"]): dict(m) for m in messages}
        self.cursor = ""
        self.events: list[dict[str, Any]] = []
        self._before = frozenset(self.messages)
        self._open: set[str] = set()
        self._status = ""
        self._ahead = 0
        self._citations: list[tuple[int, str, str]] = []
        self._end: dict[str, Any] | None = None
        self._stopped_by = ""
        self._tools: dict[str, str] = {}

    # --- The two framings ------------------------------------------------------

    def read_sse(self, stream: bytes) -> None:
        """A connection's bytes from its first; what has no blank line after it is dropped."""
        self._open.clear()
        for block in stream.decode(errors="ignore").split("\n\n")[:-1]:
            fields = [line.partition(": ") for line in block.split("\n")]
            data = "\n".join(value for name, _, value in fields if name == "data")
            ids = [value for name, _, value in fields if name == "id"]
            if ids:
                self.cursor = ids[-1]
            if data:
                self._take(json.loads(data))

    def read_frames(self, frames: list[bytes]) -> None:
        self._open.clear()
        for n, raw in enumerate((f for f in frames if f), 1):
            frame = json.loads(raw)
            assert (frame["type"], frame["n"]) == ("events", n)
            for event in frame["events"]:
                self._take(event)
            self.cursor = frame["cursor"]

    # --- Events ----------------------------------------------------------------

    def _take(self, event: dict[str, Any]) -> None:
        _assert_known(_check(event))
        self.events.append(event)
        match event:
            case {"type": "TEXT_MESSAGE_START" | "REASONING_MESSAGE_START", "messageId": id_, "role": role}:
                assert id_ not in self._open
                self._open.add(id_)
                self.messages.setdefault(id_, {"id": id_, "role": role, "content": ""})
            case {
                "type": "TEXT_MESSAGE_CONTENT" | "REASONING_MESSAGE_CONTENT" as kind,
                "messageId": id_,
                "delta": delta,
            }:
                assert id_ in self._open
                self.messages[id_]["content"] += delta
                if kind == "TEXT_MESSAGE_CONTENT":
                    self._status = ""
            case {"type": "TEXT_MESSAGE_END" | "REASONING_MESSAGE_END", "messageId": id_}:
                self._open.remove(id_)
            case {"type": "MESSAGES_SNAPSHOT", "messages": messages}:
                self._restate({m["id"]: dict(m) for m in messages})
            case {"type": "TOOL_CALL_START", "toolCallId": id_}:
                self._tools.setdefault(id_, "")
            case {"type": "TOOL_CALL_ARGS", "toolCallId": id_, "delta": delta}:
                self._tools[id_] += delta
            case {"type": "CUSTOM", "name": name, "value": value}:
                self._custom(name, value)
            case {"type": "RUN_FINISHED" | "RUN_ERROR"}:
                assert not self._open
                self._end = event

    def _restate(self, messages: dict[str, dict[str, Any]]) -> None:
        """The official client keeps reasoning that a snapshot without any does not speak of."""
        if not any(m["role"] == "reasoning" for m in messages.values()):
            kept = {id_: m for id_, m in self.messages.items() if m["role"] == "reasoning"}
            messages = {**kept, **messages}
        self.messages = messages

    def _custom(self, name: str, value: dict[str, Any]) -> None:
        match name:
            case "penstock.status":
                self._status = value["label"]
            case "penstock.waiting":
                self._ahead = value["ahead"]
            case "penstock.passage_cited":
                self._citations.append((value["number"], value["source"], value["text"]))
            case "penstock.taken_back":
                self._citations = [(c["number"], c["source"], c["text"]) for c in value["citations"]]
            case "penstock.stopped":
                self._stopped_by = value["by"]
            case _:
                raise AssertionError(name)

    # --- The screen ------------------------------------------------------------

    def shown(self) -> Shown:
        end = self._end or {}
        usage = end.get("usage", [])
        return Shown(
            state=self._state(),
            text=self._said("assistant"),
            reasoning=self._said("reasoning"),
            status="" if end else self._status,
            citations=tuple(self._citations),
            ahead=0 if end else self._ahead,
            finish=end.get("result", {}).get("finish"),
            stopped_by=self._stopped_by,
            error=(end.get("code", ""), end.get("message", ""), end.get("metadata", {}).get("reference", "")),
            tokens=(
                sum(u.get("inputTokens", 0) for u in usage),
                sum(u.get("outputTokens", 0) for u in usage),
            ),
            tools=tuple(self._tools.items()),
        )

    def _state(self) -> str:
        match self._end:
            case {"type": "RUN_ERROR"}:
                return "failed"
            case {"outcome": {"type": "cancelled"}}:
                return "stopped"
            case {"outcome": {"type": "success"}}:
                return "done"
            case _:
                return "under way"

    def _said(self, role: str) -> str:
        said = [m for m in self.messages.values() if m["role"] == role and m["id"] not in self._before]
        assert len(said) <= 1, "one answer in one place"
        return "".join(m["content"] for m in said)


def _assert_known(model: BaseModel) -> None:
    assert not model.model_extra, model
