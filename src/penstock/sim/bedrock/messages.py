"""The families that InvokeModel asks with messages: Claude and Nova. Their shapes were recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from penstock.sim.answer import Answer
from penstock.sim.anthropic import events as claude
from penstock.sim.anthropic import request as claude_request
from penstock.sim.anthropic.events import Event
from penstock.sim.asked import Asked, record
from penstock.sim.bedrock import converse
from penstock.sim.bedrock.checks import needs
from penstock.sim.steps import Hold

# --- Claude -------------------------------------------------------------------


def read_anthropic(raw: Any, model: str, streamed: bool) -> Asked:
    needs(record(raw), "anthropic_version", "max_tokens", "messages")
    return claude_request.read(raw, model, streamed=streamed)


def anthropic(answer: Answer, model: str) -> Iterable[Event | Hold]:
    return claude.events(answer, _plain(model), f"msg_bdrk_{answer.id}")


def anthropic_whole(answer: Answer, model: str) -> dict[str, Any]:
    return claude.message(answer, _plain(model), f"msg_bdrk_{answer.id}")


def _plain(model: str) -> str:
    """`us.anthropic.claude-x-v1:0` calls itself `claude-x`."""
    return model.rpartition("anthropic.")[2].partition("-v1:")[0]


# --- Nova ---------------------------------------------------------------------


def read_nova(raw: Any, model: str, streamed: bool) -> Asked:
    body = record(raw)
    needs(body, "messages")
    config = record(body.get("inferenceConfig"))
    most = config.get("maxTokens") or config.get("max_new_tokens")
    same = {**body, "inferenceConfig": {**config, **({"maxTokens": most} if most else {})}}
    return converse.read(same, model, streamed=streamed, request_id="").asked


def nova(answer: Answer, model: str) -> Iterable[Event | Hold]:
    """Every token has a block of its own."""
    yield Event({"messageStart": {"role": "assistant"}})
    at = 0
    for piece in answer.pieces:
        if isinstance(piece, Hold):
            yield piece
            continue
        delta = {"delta": {"text": piece}, "contentBlockIndex": at}
        yield Event({"contentBlockDelta": delta}, "words")
        yield Event({"contentBlockStop": {"contentBlockIndex": at}})
        at += 1
    for call in answer.calls:
        use = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        yield Event({"contentBlockStart": {"start": use, "contentBlockIndex": at}})
        said = {"delta": {"toolUse": {"input": call.json}}, "contentBlockIndex": at}
        yield Event({"contentBlockDelta": said}, "words")
        yield Event({"contentBlockStop": {"contentBlockIndex": at}})
        at += 1
    yield Event({"messageStop": {"stopReason": converse.STOP_REASON[answer.why]}}, "end")
    metadata = {"usage": _nova_usage(answer), "metrics": {}, "trace": {}}
    yield Event({"metadata": metadata}, "end")


def _nova_usage(answer: Answer) -> dict[str, int]:
    return {
        "inputTokens": answer.input_tokens,
        "outputTokens": answer.output_tokens,
        "cacheReadInputTokenCount": 0,
        "cacheWriteInputTokenCount": 0,
    }


def nova_whole(answer: Answer, model: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"text": answer.text}] if answer.pieces else []
    content += [
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}}
        for call in answer.calls
    ]
    return {
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": converse.STOP_REASON[answer.why],
        "usage": {**_nova_usage(answer), "totalTokens": answer.input_tokens + answer.output_tokens},
    }
