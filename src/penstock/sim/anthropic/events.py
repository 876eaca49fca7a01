"""An answer in the words of Anthropic's Messages API, which Bedrock's InvokeModel speaks, too.

https://docs.claude.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from penstock.sim.answer import Answer, Cite, tokens
from penstock.sim.steps import Hold, Part

_STOP = {
    "end": "end_turn",
    "length": "max_tokens",
    "stop": "stop_sequence",
    "tools": "tool_use",
    "filtered": "refusal",
    "blocked": "guardrail_intervened",
}


class Event(NamedTuple):
    content: dict[str, Any]
    part: Part = ""


def events(answer: Answer, model: str, id: str) -> Iterator[Event | Hold]:
    """The events of a stream, without `ping`."""
    empty = {**message(answer, model, id), "content": [], "stop_reason": None, "stop_sequence": None}
    usage = {**empty["usage"], "output_tokens": min(1, answer.output_tokens)}
    yield Event({"type": "message_start", "message": {**empty, "usage": usage}})
    at = 0
    if answer.reasoning:
        thought = [{"type": "thinking_delta", "thinking": token} for token in answer.reasoning]
        thought.append({"type": "signature_delta", "signature": answer.signature})
        yield from _block(at, {"type": "thinking", "thinking": "", "signature": ""}, thought)
        at += 1
    for pieces in answer.texts:
        said: list[dict[str, Any] | Hold] = [
            piece if isinstance(piece, Hold) else {"type": "text_delta", "text": piece} for piece in pieces
        ]
        said += [{"type": "citations_delta", "citation": _citation(cite)} for cite in answer.cites]
        yield from _block(at, _text(answer, ""), said)
        at += 1
    for number, call in enumerate(answer.calls):
        start = {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": {}}
        parts = [{"type": "input_json_delta", "partial_json": part} for part in ("", *tokens(call.json))]
        yield from _block(at + number, start, parts)
    delta = {"stop_reason": _STOP[answer.why], "stop_sequence": answer.stop}
    yield Event(
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": answer.output_tokens}}, "end"
    )
    yield Event({"type": "message_stop"}, "end")


def message(answer: Answer, model: str, id: str) -> dict[str, Any]:
    """The whole message of a response that is not streamed."""
    content: list[dict[str, Any]] = []
    if answer.reasoning:
        thought = {"thinking": "".join(answer.reasoning), "signature": answer.signature}
        content.append({"type": "thinking", **thought})
    if answer.pieces:
        text = _text(answer, answer.text)
        cited = {"citations": [_citation(cite) for cite in answer.cites]} if answer.cites else {}
        content.append({**text, **cited})
    content += [
        {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": call.arguments}
        for call in answer.calls
    ]
    return {
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": _STOP[answer.why],
        "stop_sequence": answer.stop,
        "usage": {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens},
    }


def _block(at: int, start: dict[str, Any], deltas: Any) -> Iterator[Event | Hold]:
    yield Event({"type": "content_block_start", "index": at, "content_block": start})
    for delta in deltas:
        if isinstance(delta, Hold):
            yield delta
        else:
            yield Event({"type": "content_block_delta", "index": at, "delta": delta}, "words")
    yield Event({"type": "content_block_stop", "index": at})


def _text(answer: Answer, text: str) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"citations": []} if answer.cites else {})}


def _citation(cite: Cite) -> dict[str, Any]:
    return {
        "type": "char_location",
        "cited_text": cite.text,
        "document_index": cite.document,
        "document_title": cite.title,
        "start_char_index": cite.start,
        "end_char_index": cite.end,
        "file_id": None,
    }
