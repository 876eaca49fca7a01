"""What can happen in a turn: the language every model speaks and every channel reads.

Events are immutable and compared by value. The log keeps them in batches: a JSON
array of events and the version it was written with, so that an older program's log
can be read by a newer one. A tag that this program does not know becomes
`Unknown` and folds to nothing, so that a newer program's log can be read by an
older one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

VERSION = 1
"""Raised when the shape of a stored event changes; `decode_batch` reads every version since 1."""

FinishReason = Literal["complete", "length", "blocked", "refused", "tool"]
"""complete: said all it had to; length: the provider's limit; blocked: a content filter or guardrail;
refused: the model declined; tool: it wants a tool's result before it goes on."""


class Passage(msgspec.Struct, frozen=True):
    """A piece of knowledge. `score` is the retriever's own, higher is better."""

    source: str
    text: str
    heading: str = ""
    score: float = 0.0


class _Event(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class Status(_Event, frozen=True, tag="status"):
    """What is being done while nothing is written yet; replaced by the next one, cleared by text."""

    label: str


# gc=False: millions of these are made, and none can be part of a cycle.
class Text(_Event, frozen=True, tag="text", gc=False):
    """A few more characters of the answer."""

    text: str


class Reasoning(_Event, frozen=True, tag="reasoning", gc=False):
    """A few more characters of what the model says to itself."""

    text: str


class ToolCalled(_Event, frozen=True, tag="tool_called"):
    """`arguments` is the provider's JSON text, whole; it may be empty."""

    call_id: str
    name: str
    arguments: str = ""


class ToolReturned(_Event, frozen=True, tag="tool_returned"):
    call_id: str
    text: str


class StepDone(_Event, frozen=True, tag="step_done"):
    """What came before this point is kept when a later attempt starts over."""


class Cited(_Event, frozen=True, tag="passage_cited"):
    """The answer rests on this passage. `number` is the footnote's, from 1."""

    number: int
    passage: Passage


class Usage(_Event, frozen=True, tag="usage"):
    """Tokens as the provider counts them, for one request to it; several add up.

    Everywhere the same: `input_tokens` includes what was read from the provider's cache and what was
    written to it, `output_tokens` the reasoning; the three other counts say how much of them.
    """

    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


class Noted(_Event, frozen=True, tag="noted"):
    """For the owner, never for the reader: trimming, a fall-back tried, a guardrail's trace.

    `detail` holds counts, names and codes; no people's words.
    """

    what: str
    detail: dict[str, str | int | float | bool | None] = {}


class Retracted(_Event, frozen=True, tag="retracted"):
    """The text from `keep_chars` on is taken back."""

    keep_chars: int
    why: str = ""


class Restarted(_Event, frozen=True, tag="restarted"):
    """A new attempt: the text starts over from the last `StepDone`, in the same visible place."""

    attempt: int
    why: str = ""


class Waiting(_Event, frozen=True, tag="waiting"):
    """Nothing happens yet: `ahead` other answers come first."""

    ahead: int


class Finished(_Event, frozen=True, tag="finished"):
    reason: FinishReason = "complete"


class Stopped(_Event, frozen=True, tag="stopped"):
    """Ended early with what there is. `by`: who or what stopped it ("person", "time", "interrupted")."""

    by: str = "person"


class Failed(_Event, frozen=True, tag="failed"):
    """`sentence` is for the reader, `code` for programs, `reference` finds the turn in our logs."""

    code: str
    sentence: str
    reference: str = ""


class Unknown(_Event, frozen=True, tag="unknown"):
    """An event of a newer program. It folds to nothing."""

    tag: str = ""


Event = (
    Status
    | Text
    | Reasoning
    | ToolCalled
    | ToolReturned
    | StepDone
    | Cited
    | Usage
    | Noted
    | Retracted
    | Restarted
    | Waiting
    | Finished
    | Stopped
    | Failed
    | Unknown
)

End = Finished | Stopped | Failed
"""After one of these the log of a turn is closed."""

ENDS = (Finished, Stopped, Failed)


class Entry(NamedTuple):
    """One event in its place in the log. Numbers run from 1 through all attempts of a turn."""

    number: int
    attempt: int
    event: Event


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Event]).decode
_TAGS = frozenset(t.__struct_config__.tag for t in Event.__args__)


def encode_batch(events: Sequence[Event]) -> bytes:
    return _encode(events)


def decode_batch(payload: bytes, version: int = VERSION) -> list[Event]:
    """The events of a stored batch. Raises `msgspec.DecodeError` when it is not one."""
    try:
        return _decode(payload)
    except msgspec.ValidationError:
        raws = msgspec.json.decode(payload, type=list[dict[str, Any]])
        return [_known_or_unknown(raw, newer=version > VERSION) for raw in raws]


def _known_or_unknown(raw: dict[str, Any], *, newer: bool) -> Event:
    tag = str(raw.get("type"))
    if tag not in _TAGS:
        return Unknown(tag)
    try:
        event: Event = msgspec.convert(raw, Event)
        return event
    except msgspec.ValidationError:
        if newer:
            return Unknown(tag)
        raise
