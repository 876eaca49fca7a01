"""What the page's tests hear: the frames of a few answers, from every cursor, as our encoder writes them.

They are kept in web/src/log/recorded/, so that the page is tested with the wire as it is. After a change of
the wire, write them again with `.venv/bin/python -m tests.channels.page_recordings` and run the page's tests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penstock.channels.web import Line, Socket
from penstock.core.cursor import Cursor
from penstock.core.events import (
    Cited,
    Entry,
    Event,
    Failed,
    Finished,
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
    Usage,
    Waiting,
)
from penstock.core.turn import fold
from tests.channels.test_agui_resume import seen_by
from tests.channels.turn_logs import TURN, log

RECORDED = Path(__file__).parents[2] / "web/src/log/recorded"

EARLIER: list[Line] = [
    {"id": "q0", "role": "user", "content": "Hello?"},
    {"id": "t0:0", "role": "assistant", "content": "Hi."},
    {"id": "q1", "role": "user", "content": "And now?"},
]

_MANUAL = Passage("manual.md", "Turn it off.", heading="First aid", score=0.5)
_FAQ = Passage("faq.md", "And on again.", score=0.25)

STORIES: dict[str, tuple[Event, ...]] = {
    "plain": (
        Waiting(1),
        Waiting(0),
        Status("Thinking"),
        Reasoning("Hm. "),
        Reasoning("Aha."),
        Cited(1, _MANUAL),
        Text("Grüße "),
        Text("from 🙂 "),
        Noted("fallback"),
        Text("Paris.[1]"),
        Usage("demo", 10, 3),
        Finished("length"),
    ),
    "taken_back": (
        Status("Looking it up"),
        Cited(1, _MANUAL),
        Text("It is "),
        StepDone(),
        Text("Rome"),
        Cited(2, _FAQ),
        Restarted(2),
        Reasoning("No. "),
        Text("Paris, "),
        Text("or so."),
        Retracted(len("It is Paris")),
        Text("."),
        Stopped("person"),
    ),
    "failed": (
        ToolCalled("c1", "search", "{}"),
        ToolReturned("c1", "nothing"),
        Text("I am "),
        Failed("model_failed", "The model could not answer.", "r-1"),
    ),
    "silent_restart": (Text(""), Restarted(2), Waiting(2), Waiting(0), Finished()),
}

LOST: dict[str, tuple[tuple[Event, ...], tuple[Event, ...], tuple[Event, ...]]] = {
    "killed": ((Text("Kept. "),), (Text("Lost"), Text(" words")), (Text("New"), Text(" words."), Finished())),
    "killed_before_a_word": ((), (Reasoning("Lost"), Text("Lost")), (Text("New."), Finished())),
}


def recordings() -> dict[str, str]:
    """File names and what is in them."""
    found = {name: _story(log(*events)) for name, events in STORIES.items()}
    for name, (journaled, lost, then) in LOST.items():
        before = log(*journaled, *lost)
        begun = Restarted(2)
        after = [*log(*journaled), *log(begun, *then, first=len(journaled) + 1)]
        found[name] = _story(after, live=before)
    return {f"{name}.json": _text(story) for name, story in found.items()}


def _story(entries: Sequence[Entry], live: Sequence[Entry] = ()) -> dict[str, Any]:
    """`live`: what came on the first connection and was never written down."""
    cursors = [Cursor(TURN, e.attempt, e.number) for e in [*entries, *live]]
    view = fold(e.event for e in entries)
    return {
        "turn": TURN,
        "live": _frames(live, None) if live else None,
        "from": {"": _frames(entries, None), **{str(c): _frames(entries, c) for c in cursors}},
        "shown": {
            "state": view.state,
            "text": view.text,
            "reasoning": view.reasoning,
            "sources": [{"number": c.number, "source": c.passage.source} for c in view.citations],
            "finish": view.finish or "",
            "stoppedBy": view.stopped_by,
            "error": view.error,
            "errorCode": view.error_code,
            "reference": view.reference,
            "model": view.usage.model,
        },
    }


def _frames(entries: Sequence[Entry], cursor: Cursor | None) -> list[Any]:
    """One for each entry: the page's tests put them together in their own way."""
    known = seen_by(entries, cursor)
    if known and known == len(entries):
        return []
    reader = Socket("web:1", TURN, seen=cursor)
    reader.earlier = EARLIER
    reader.skip(entries[:known])
    sent = [reader.opening(), *(reader.encode([entry]) for entry in entries[known:])]
    return [json.loads(frame) for frame in sent if frame]


def _text(story: dict[str, Any]) -> str:
    return json.dumps(story, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    RECORDED.mkdir(exist_ok=True)
    for name, text in recordings().items():
        (RECORDED / name).write_text(text, encoding="utf-8")
