"""What a messages stream is made of: the shapes of its JSON, and what they say by themselves; pure.

Every field may be missing, and those nobody needs here are left out.
https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from typing import Any

import msgspec

from penstock.core.events import Passage, ToolCalled, Usage
from penstock.models.decoding import Tokens, count


class Citation(msgspec.Struct, gc=False):
    """A place in a document, in a search result of ours, or in one from the web."""

    cited_text: str | None = None
    url: str | None = None
    source: str | None = None
    title: str | None = None
    document_title: str | None = None
    document_index: int | None = None

    @property
    def passage(self) -> Passage:
        title = self.title or self.document_title or ""
        source = self.url or self.source or title or f"document {(self.document_index or 0) + 1}"
        return Passage(source, self.cited_text or "", heading="" if title == source else title)


class StopDetails(msgspec.Struct, gc=False):
    category: str | None = None


class Delta(msgspec.Struct, gc=False):
    """Of a block (`type` says of which sort), or of the message (without a type)."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    citation: Citation | None = None
    stop_reason: str | None = None
    stop_details: StopDetails | None = None


class Block(msgspec.Struct, gc=False):
    type: str = ""
    id: str | None = None
    name: str | None = None
    text: str | None = None
    thinking: str | None = None
    citations: list[Citation] | None = None
    input: msgspec.Raw = msgspec.Raw()
    content: Any = None


class OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: Tokens = None


class Counts(msgspec.Struct, gc=False):
    """Totals so far, in tokens."""

    input_tokens: Tokens = None
    output_tokens: Tokens = None
    cache_creation_input_tokens: Tokens = None
    cache_read_input_tokens: Tokens = None
    output_tokens_details: OutputDetails | None = None

    def usage(self, model: str) -> Usage:
        """Anthropic counts what the cache took part in beside the input; for us it is part of it."""
        details = self.output_tokens_details
        read, written = count(self.cache_read_input_tokens), count(self.cache_creation_input_tokens)
        return Usage(
            model=model,
            input_tokens=count(self.input_tokens) + read + written,
            output_tokens=count(self.output_tokens),
            reasoning_tokens=count(details and details.thinking_tokens),
            cache_read_tokens=read,
            cache_write_tokens=written,
        )


def merged(earlier: Counts | None, later: Counts | None) -> Counts | None:
    """The larger of each total: gateways leave 0 in the first message or in the last."""
    if earlier is None or later is None:
        return earlier or later
    return Counts(
        _larger(earlier.input_tokens, later.input_tokens),
        _larger(earlier.output_tokens, later.output_tokens),
        _larger(earlier.cache_creation_input_tokens, later.cache_creation_input_tokens),
        _larger(earlier.cache_read_input_tokens, later.cache_read_input_tokens),
        later.output_tokens_details or earlier.output_tokens_details,
    )


def _larger(a: Tokens, b: Tokens) -> int:
    return max(count(a), count(b))


class Message(msgspec.Struct, gc=False):
    """As it begins; or whole, from servers that do not stream though asked to."""

    model: str | None = None
    content: list[Block] | None = None
    stop_reason: str | None = None
    stop_details: StopDetails | None = None
    usage: Counts | None = None


class Chunk(msgspec.Struct, gc=False):
    """One event. `message` is a text in complaints."""

    type: str = ""
    index: int | None = None
    delta: Delta | None = None
    content_block: Block | None = None
    message: Message | str | None = None
    usage: Counts | None = None
    error: Any = None


_NOTHING = ("{}", "null")


class Call(msgspec.Struct):
    """A tool that the caller is to run. `arguments` grow; `whole` is what the block began with."""

    id: str
    name: str
    whole: msgspec.Raw
    arguments: str = ""

    @property
    def event(self) -> ToolCalled:
        given = bytes(self.whole).decode("utf-8", "replace")
        return ToolCalled(self.id, self.name, self.arguments or ("" if given in _NOTHING else given))


decode = msgspec.json.Decoder(Chunk).decode
decode_message = msgspec.json.Decoder(Message).decode


# --- What nobody here knows ---------------------------------------------------

_EVENTS = frozenset({
    "message_start", "content_block_start", "content_block_delta", "content_block_stop",
    "message_delta", "message_stop", "message", "error", "ping",
})  # fmt: skip
_PARTS = frozenset({
    "text", "thinking", "tool_use", "text_delta", "thinking_delta", "input_json_delta", "citations_delta",
})  # fmt: skip


class _Sort(msgspec.Struct, gc=False):
    type: str = ""
    delta: Any = None
    content_block: Any = None


_decode_sort = msgspec.json.Decoder(_Sort).decode


def is_foreign(payload: bytes) -> bool:
    """Whether an event is of a newer sort, whose fields may mean anything. Raises msgspec's errors."""
    sort = _decode_sort(payload)
    match sort.delta or sort.content_block:
        case {"type": str(part)}:
            return sort.type not in _EVENTS or part not in _PARTS
    return sort.type not in _EVENTS
