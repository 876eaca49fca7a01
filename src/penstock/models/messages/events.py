"""What comes back from Claude: the events of a messages stream in, our events out; pure.

The same events come from Anthropic as server-sent events and from Bedrock in frames of its own,
so this file knows neither: it is fed one event's JSON at a time. Unknown events, blocks and
fields are ignored, as Anthropic asks; known ones of a wrong type are a ModelError.
https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penstock.core.events import (
    Event,
    Finished,
    FinishReason,
    Noted,
    Reasoning,
    Status,
    Text,
)
from penstock.errors import ModelCut
from penstock.models import complaint
from penstock.models.decoding import UNREADABLE, Garbled, decoded
from penstock.models.hiding import NOTHING_HIDDEN, Hidden
from penstock.models.messages import shapes
from penstock.models.messages.shapes import (
    Block,
    Call,
    Chunk,
    Counts,
    Delta,
    Message,
    StopDetails,
    merged,
)
from penstock.models.sources import Sources

# https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
_FINISH: dict[str, FinishReason] = {
    "end_turn": "complete",
    "stop_sequence": "complete",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",  # the provider's own tools reached the number of rounds they may take
    "tool_use": "tool",
    "refusal": "refused",
}
# What a tool that the provider runs itself is doing, by the beginning of its name.
_DOING = {
    "web_search": "Searching the web…",
    "web_fetch": "Reading a page…",
    "tool_search": "Looking for a tool…",
}
_DOING |= dict.fromkeys(("code_", "bash_", "text_editor_"), "Running a program…")
_DOING_SOMETHING = "Using a tool…"
_THINKING = "Thinking…"


# --- The state machine --------------------------------------------------------


class Reading:
    """One answer as far as it has been read: feed it events, then ask it for the end.

    `passages` is how many the prompt holds already, so that what Claude cites by itself is
    numbered after them.
    """

    def __init__(self, model: str, who: str, hidden: Hidden = NOTHING_HIDDEN, *, passages: int = 0) -> None:
        self._model = model
        self._who = who
        self._hidden = hidden
        self._sources = Sources(passages)
        self._calls: dict[int | None, Call] = {}
        self._called = False
        self._last = ""
        self._apart = False
        self._thinks_unseen = False
        self._reason = ""
        self._category = ""
        self._counts: Counts | None = None
        self.block = 0
        """The content block that the last text stands in."""
        self.done = False
        """message_stop has come; nothing will follow."""

    def events(self, payload: bytes) -> Iterator[Event]:
        """What one event of the stream says; mostly one event of ours, often none.

        Raises the ModelError that an error in the stream asks for.
        """
        chunk = self._chunk(payload)
        delta = chunk.delta
        match chunk.type:
            case "content_block_delta" if delta is not None:
                if delta.type == "text_delta":
                    if delta.text:
                        yield self._text(delta.text, chunk.index)
                else:
                    yield from self._heard(delta, chunk.index)
            case "content_block_start" if chunk.content_block is not None:
                yield from self._begun(chunk.content_block, chunk.index)
            case "content_block_stop":
                self._thinks_unseen = False
                if call := self._calls.pop(chunk.index, None):
                    yield call.event
            case "message_start" if isinstance(chunk.message, Message):
                self._message(chunk.message)
            case "message_delta":
                self._counts = merged(self._counts, chunk.usage)
                if delta is not None:
                    self._finish(delta.stop_reason, delta.stop_details)
            case "message_stop":
                self.done = True
            case "ping" if self._thinks_unseen:
                # Minutes may pass so; readers, and whoever watches for silence, are told why.
                yield Status(_THINKING)
            case "message":
                yield from self._whole(payload)

    def end(self, rest: Iterable[bytes] = ()) -> Iterator[Event]:
        """The closing events, Finished last. `rest` is what the stream left without its blank line.

        Raises ModelCut without message_stop, or when it came after nothing at all.
        """
        try:
            for payload in rest:
                yield from self.events(payload)
        except Garbled as exc:
            raise ModelCut(f"{self._who} broke off in the middle of an event") from exc
        if not self.done or not (self._reason or self._last or self._called):
            raise ModelCut(f"{self._who} ended its stream without an end mark")
        for call in self._calls.values():
            yield call.event
        if self._reason not in _FINISH:
            yield Noted("finish_reason_unknown", {"finish_reason": self._reason[:64]})
        if self._category:
            yield Noted("refused", {"category": self._category[:64]})
        if self._counts is not None:
            yield self._counts.usage(self._model)
        yield Finished(self._finished())

    def _finished(self) -> FinishReason:
        reason = _FINISH.get(self._reason, "complete")
        return "tool" if reason == "complete" and self._called else reason

    def _chunk(self, payload: bytes) -> Chunk:
        if self.done or not payload.strip():
            return Chunk()
        try:
            chunk = shapes.decode(payload)
        except UNREADABLE as exc:
            if _is_foreign(payload):
                return Chunk()
            raise Garbled(f"{self._who} sent an event that is none: {exc}") from exc
        if chunk.type == "error" or chunk.error or isinstance(chunk.message, str):
            raise complaint.error(complaint.read(payload), who=self._who, hidden=self._hidden)
        return chunk

    def _text(self, text: str, index: int | None) -> Text:
        """Words before and after a tool or a thought are paragraphs, which Claude leaves unmarked."""
        self.block = index or 0
        if self._apart and text.strip():
            self._apart = False
            if self._last and not self._last.endswith("\n"):
                text = f"\n\n{text.lstrip()}"
        self._last = text
        return Text(text)

    def _heard(self, delta: Delta, index: int | None) -> Iterator[Event]:
        """Signatures belong to the thoughts, and are of use to nobody who does not send them back."""
        match delta.type:
            case "thinking_delta" if delta.thinking:
                self._thinks_unseen = False
                yield Reasoning(delta.thinking)
            case "input_json_delta" if delta.partial_json and (call := self._calls.get(index)):
                call.arguments += delta.partial_json
            case "citations_delta" if delta.citation is not None:
                yield from self._sources.cited(delta.citation.passage)

    def _begun(self, block: Block, index: int | None) -> Iterator[Event]:
        self._apart = self._apart or block.type != "text"
        match block.type:
            case "text":
                for citation in block.citations or ():
                    yield from self._sources.cited(citation.passage)
                if block.text:
                    yield self._text(block.text, index)
            case "thinking" | "redacted_thinking":
                self._thinks_unseen = not block.thinking
                if block.thinking:
                    yield Reasoning(block.thinking)
            case "tool_use":
                self._called = True
                self._calls[index] = Call(block.id or f"call-{index or 0}", block.name or "", block.input)
            case kind if kind.endswith("tool_use"):
                yield Status(_doing(block.name or ""))
            case kind if kind.endswith("_tool_result"):
                yield from _failed(kind, block.content)

    def _message(self, message: Message) -> None:
        self._model = message.model or self._model
        self._counts = merged(self._counts, message.usage)

    def _whole(self, payload: bytes) -> Iterator[Event]:
        message = decoded(shapes.decode_message, payload, self._who, "a message")
        self._message(message)
        for index, block in enumerate(message.content or ()):
            yield from self._begun(block, index)
        self._finish(message.stop_reason, message.stop_details)
        self.done = True

    def _finish(self, reason: str | None, details: StopDetails | None) -> None:
        self._reason = reason or self._reason
        self._category = (details and details.category) or self._category


def _is_foreign(payload: bytes) -> bool:
    try:
        return shapes.is_foreign(payload)
    except UNREADABLE:
        return False


def _doing(tool: str) -> str:
    return next((doing for name, doing in _DOING.items() if tool.startswith(name)), _DOING_SOMETHING)


def _failed(kind: str, content: object) -> Iterator[Event]:
    """A search that failed is no failure of the answer, but its owner may want to know."""
    match content:
        case {"error_code": str(code)}:
            yield Noted("tool_failed", {"tool": kind.removesuffix("_tool_result"), "error_code": code[:64]})
