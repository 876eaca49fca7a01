"""Streams as Bedrock sends them, made by hand, and how a model hears them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from penstock.aws.eventstream import Decoder, encode
from penstock.core.events import Event
from penstock.errors import ModelCut, ModelError
from penstock.models.bedrock import Api
from penstock.models.bedrock.answer import Answer
from penstock.models.bedrock.converse import Converse
from penstock.models.bedrock.guardrail import Guardrail
from penstock.models.bedrock.ids import parse
from penstock.models.bedrock.invoke import Invoke
from penstock.models.hiding import NOTHING_HIDDEN, Hidden
from tests.models.stories import until_error

CONVERSE = Converse(parse("anthropic.claude-sonnet-4-5-20250929-v1:0"))
# Where words are shown before they are judged, and some have to be taken back.
_SHOWN_AT_ONCE = Guardrail("gr1", mode="async")
ASYNC = Converse(parse("anthropic.claude-sonnet-4-5-20250929-v1:0"), guardrail=_SHOWN_AT_ONCE)


def invoke(model: str) -> Invoke:
    return Invoke(parse(model))


def invoke_async(model: str) -> Invoke:
    return Invoke(parse(model), guardrail=_SHOWN_AT_ONCE)


def event(kind: str, payload: Any) -> bytes:
    """One frame, padded as real ones are."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return encode(headers, msgspec.json.encode({**payload, "p": "abcdefgh"}))


def exception(kind: str, **payload: Any) -> bytes:
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return encode(headers, msgspec.json.encode(payload))


def chunk(payload: Any) -> bytes:
    """One frame of an invoked model."""
    return event("chunk", {"bytes": base64.b64encode(msgspec.json.encode(payload)).decode()})


def text(words: str, block: int = 0) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": block, "delta": {"text": words}})


def delta(block: int, **delta: Any) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": block, "delta": delta})


def stopped(reason: str = "end_turn") -> bytes:
    return event("messageStop", {"stopReason": reason})


def metadata(trace: Any = None, **usage: int) -> bytes:
    counts = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, **usage}
    told = {"usage": counts, "metrics": {"latencyMs": 9}}
    return event("metadata", told if trace is None else {**told, "trace": trace})


START = event("messageStart", {"role": "assistant"})

CLAUDE = invoke("us.anthropic.claude-sonnet-4-5-20250929-v1:0")
METRICS = {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 3, "outputTokenCount": 2}}


def tool(block: int, call: str, name: str, **more: str) -> bytes:
    start = {"toolUse": {"toolUseId": call, "name": name, **more}}
    return event("contentBlockStart", {"contentBlockIndex": block, "start": start})


def claude(*events: Any, last: dict[str, Any] | None = None) -> list[bytes]:
    begin = {"type": "message_start", "message": {"model": "claude-x", "usage": {"input_tokens": 9}}}
    return [chunk(e) for e in (begin, *events, {"type": "message_stop", **METRICS, **(last or {})})]


def claude_text(words: str, index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": words}}


def claude_stop(reason: str) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 7}}


def trace(*, asked: Any = None, answered: Any = None, output: str = "") -> dict[str, Any]:
    guardrail: dict[str, Any] = {}
    if asked:
        guardrail["inputAssessment"] = {"gr1": asked}
    if answered:
        guardrail["outputAssessments"] = {"gr1": [answered]}
    if output:
        guardrail["modelOutput"] = [output]
    return {"guardrail": guardrail}


HATE = {"contentPolicy": {"filters": [{"type": "HATE", "confidence": "HIGH", "action": "BLOCKED"}]}}
FINANCE = {"topicPolicy": {"topics": [{"name": "Finance", "type": "DENY", "action": "BLOCKED"}]}}
PII = {
    "sensitiveInformationPolicy": {
        "piiEntities": [{"type": "NAME", "match": "Ada Lovelace", "action": "ANONYMIZED"}]
    }
}


def heard(
    pieces: Iterable[bytes], api: Api = CONVERSE, *, passages: int = 0, hidden: Hidden = NOTHING_HIDDEN
) -> Iterator[Event]:
    answer = Answer("asked-for", "the model", passages=passages)
    reading, decoder = api.reading(answer, "the model", hidden), Decoder()
    for piece in pieces:
        yield from reading.events(decoder.feed(piece))
    if decoder.pending and not reading.ended:
        raise ModelCut("in the middle of a message")
    yield from reading.end()


def told(*frames: bytes, api: Api = CONVERSE, passages: int = 0) -> list[Event]:
    return list(heard([b"".join(frames)], api, passages=passages))


def until_it_breaks(
    pieces: Iterable[bytes], api: Api = CONVERSE, hidden: Hidden = NOTHING_HIDDEN
) -> tuple[list[Event], ModelError | None]:
    return until_error(heard(pieces, api, hidden=hidden))
