"""The content blocks that ConverseStream and Nova stream: their starts, deltas and stops; pure.

Text and reasoning blocks have no start, and Nova gives every token a block of its own. The key `p`,
padding of random length, and all other unknown ones are ignored.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from penstock.core.events import Event, Passage, Reasoning, Status, Text
from penstock.models.bedrock import guardrail
from penstock.models.bedrock.answer import Answer, Counts
from penstock.models.decoding import Tokens

_USING_A_TOOL = "Using a tool…"


class _ToolStart(msgspec.Struct, gc=False):
    toolUseId: str = ""
    name: str = ""
    type: str | None = None


class _Start(msgspec.Struct, gc=False):
    toolUse: _ToolStart | None = None


class BlockStart(msgspec.Struct, gc=False):
    contentBlockIndex: int = 0
    start: _Start | None = None


class _ToolInput(msgspec.Struct, gc=False):
    input: str | None = None


class _Thought(msgspec.Struct, gc=False):
    """`redactedContent` and `signature` are for the provider alone."""

    text: str | None = None


class _Web(msgspec.Struct, gc=False):
    url: str | None = None


class _Location(msgspec.Struct, gc=False):
    web: _Web | None = None


class _Source(msgspec.Struct, gc=False):
    text: str | None = None


class _Citation(msgspec.Struct, gc=False):
    title: str | None = None
    source: str | None = None
    sourceContent: list[_Source] | None = None
    location: _Location | None = None


class _Delta(msgspec.Struct, gc=False):
    text: str | None = None
    reasoningContent: _Thought | None = None
    toolUse: _ToolInput | None = None
    citation: _Citation | None = None


class BlockDelta(msgspec.Struct, gc=False):
    delta: _Delta
    contentBlockIndex: int = 0


class MessageStop(msgspec.Struct, gc=False):
    stopReason: str


class _Usage(msgspec.Struct, gc=False):
    """Nova, when it is invoked, writes `…TokenCount` where Converse writes `…Tokens`."""

    inputTokens: Tokens = None
    outputTokens: Tokens = None
    cacheReadInputTokens: Tokens = None
    cacheWriteInputTokens: Tokens = None
    cacheReadInputTokenCount: Tokens = None
    cacheWriteInputTokenCount: Tokens = None


class Metadata(msgspec.Struct, gc=False):
    usage: _Usage | None = None
    trace: Any = None


def started(start: BlockStart, answer: Answer) -> Sequence[Event]:
    tool = start.start.toolUse if start.start else None
    if tool is None:
        return ()
    if tool.type == "server_tool_use":
        answer.served(start.contentBlockIndex)
        return (Status(_USING_A_TOOL),)
    answer.called(start.contentBlockIndex, tool.toolUseId, tool.name)
    return ()


def added(delta: BlockDelta, answer: Answer) -> Sequence[Event]:
    """The events of a delta, usually one; none for an empty text or a signature."""
    part, block = delta.delta, delta.contentBlockIndex
    if text := part.text:
        answer.said(text, block)
        return (Text(text),)
    if part.reasoningContent is not None:
        return (Reasoning(part.reasoningContent.text),) if part.reasoningContent.text else ()
    if part.toolUse is not None:
        answer.argued(block, part.toolUse.input or "")
    if part.citation is not None:
        return tuple(answer.cites(_passage(part.citation)))
    return ()


def told(metadata: Metadata, answer: Answer) -> None:
    if (usage := metadata.usage) is not None:
        read, written = usage.cacheReadInputTokens, usage.cacheWriteInputTokens
        answer.counted(
            Counts(
                usage.inputTokens,
                usage.outputTokens,
                usage.cacheReadInputTokenCount if read is None else read,
                usage.cacheWriteInputTokenCount if written is None else written,
            )
        )
    match metadata.trace:
        case {"promptRouter": {"invokedModelId": str(model)}}:
            # Behind a prompt router another model answers, at its own price.
            answer.model = model.rpartition("/")[2]
    if (trace := guardrail.trace(metadata.trace)) is not None:
        answer.traced(trace)


def _passage(citation: _Citation) -> Passage:
    """A page by its address, anything else by what it is called."""
    url = citation.location.web.url if citation.location and citation.location.web else None
    called = citation.source or citation.title or ""
    return Passage(
        source=url or called,
        text="".join(part.text or "" for part in citation.sourceContent or ()),
        heading=citation.title if citation.title and citation.title != (url or called) else "",
    )
