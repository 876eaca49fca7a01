"""What each family of models streams when it is invoked by itself: a chunk in, events out; pure.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import field

from penstock.core.events import Event, Text
from penstock.models.bedrock import guardrail
from penstock.models.bedrock.answer import Answer, Counts
from penstock.models.bedrock.blocks import (
    BlockDelta,
    BlockStart,
    MessageStop,
    Metadata,
    added,
    started,
    told,
)
from penstock.models.decoding import Tokens, decoded


class _Part(msgspec.Struct, gc=False):
    """A chunk's JSON, in base64. `p`, padding, is ignored."""

    chunk: bytes = field(name="bytes")


_part = msgspec.json.Decoder(_Part).decode


def chunk_in(payload: bytes, who: str) -> bytes:
    return decoded(_part, payload, who).chunk


class Chunk(msgspec.Struct, gc=False):
    """What the last chunk of every family carries, and with a guardrail any."""

    metrics: Counts | None = field(default=None, name="amazon-bedrock-invocationMetrics")
    action: str | None = field(default=None, name="amazon-bedrock-guardrailAction")
    trace: Any = field(default=None, name="amazon-bedrock-trace")

    def heard(self, answer: Answer) -> Sequence[Event]:
        raise NotImplementedError

    def judged(self, answer: Answer) -> None:
        if self.action == "INTERVENED":
            answer.intervened = True
        if self.trace is not None and (trace := guardrail.trace(self.trace)) is not None:
            answer.traced(trace)
        if self.metrics is not None:
            answer.counted(self.metrics)


class Completion(Chunk, gc=False):
    """The old Claude's."""

    completion: str | None = None
    stop_reason: str | None = None

    def heard(self, answer: Answer) -> Sequence[Event]:
        if self.stop_reason:
            answer.stop(self.stop_reason)
        return _said(self.completion, answer)


# --- Amazon -------------------------------------------------------------------


class Nova(Chunk, gc=False):
    contentBlockStart: BlockStart | None = None
    contentBlockDelta: BlockDelta | None = None
    messageStop: MessageStop | None = None
    metadata: Metadata | None = None

    def heard(self, answer: Answer) -> Sequence[Event]:
        if self.contentBlockDelta is not None:
            # Every token is a block of its own, so none tells where a text begins.
            if text := self.contentBlockDelta.delta.text:
                return _said(text, answer)
            return added(self.contentBlockDelta, answer)
        if self.contentBlockStart is not None:
            return started(self.contentBlockStart, answer)
        if self.messageStop is not None:
            answer.stop(self.messageStop.stopReason)
        if self.metadata is not None:
            told(self.metadata, answer)
        return ()


class Titan(Chunk, gc=False):
    """Often the whole answer in one chunk."""

    outputText: str | None = None
    completionReason: str | None = None
    inputTextTokenCount: Tokens = None
    totalOutputTextTokenCount: Tokens = None

    def heard(self, answer: Answer) -> Sequence[Event]:
        answer.counted(Counts(self.inputTextTokenCount, self.totalOutputTextTokenCount))
        if self.completionReason:
            answer.stop(self.completionReason)
        return _said(self.outputText, answer)


# --- Meta, Cohere -------------------------------------------------------------


class Llama(Chunk, gc=False):
    generation: str | None = None
    prompt_token_count: Tokens = None
    generation_token_count: Tokens = None
    stop_reason: str | None = None

    def heard(self, answer: Answer) -> Sequence[Event]:
        # Every chunk counts what there is so far.
        if self.prompt_token_count is not None or self.stop_reason:
            answer.counted(Counts(self.prompt_token_count, self.generation_token_count))
        if self.stop_reason:
            answer.stop(self.stop_reason)
        return _said(self.generation, answer)


class Cohere(Chunk, gc=False):
    """Command and Command R. The last chunk may repeat the whole answer under `response`."""

    text: str | None = None
    is_finished: bool = False
    finish_reason: str | None = None

    def heard(self, answer: Answer) -> Sequence[Event]:
        if self.is_finished:
            answer.stop(self.finish_reason or "COMPLETE")
        # The mark of the tokenizer that older ones let through.
        return _said(self.text and self.text.replace("<EOS_TOKEN>", ""), answer)


def _said(text: str | None, answer: Answer) -> Sequence[Event]:
    if not text:
        return ()
    answer.said(text)
    return (Text(text),)
