"""Converse and ConverseStream: what Bedrock checks of a request, and how it says an answer.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import base64
from typing import Any, Literal

import msgspec

from penstock.sim.answer import Answer, Cite, Piece, tokens
from penstock.sim.asked import Asked, Document, Tool, Wrong, all_text, dicts, limit, record, texts
from penstock.sim.bedrock.checks import check
from penstock.sim.bedrock.frames import Frames, head
from penstock.sim.bedrock.guardrail import trace
from penstock.sim.steps import Hold, Say, Step, Steps, whole

STOP_REASON = {
    "end": "end_turn",
    "length": "max_tokens",
    "stop": "stop_sequence",
    "tools": "tool_use",
    "filtered": "content_filtered",
    "blocked": "guardrail_intervened",
}


class Converse(msgspec.Struct, frozen=True):
    asked: Asked
    request_id: str
    guardrail: dict[str, Any]

    def streamed(self, answer: Answer) -> Steps:
        frames = Frames(answer.id)
        steps: list[Step] = [head(self.request_id), frames.event("messageStart", {"role": "assistant"})]
        for at, block in enumerate(_blocks(answer)):
            steps += _block(frames, at, block, answer)
        steps.append(
            frames.event("messageStop", {"stopReason": STOP_REASON[answer.why], **_met(answer)}, "end")
        )
        steps.append(frames.event("metadata", self._metadata(answer), "end"))
        return tuple(steps)

    def whole(self, answer: Answer) -> Steps:
        content = [_whole_block(block, answer) for block in _blocks(answer)]
        said = {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": STOP_REASON[answer.why],
            **_met(answer),
            **self._metadata(answer),
        }
        headers = (("Content-Type", "application/json"), ("x-amzn-RequestId", self.request_id))
        return whole(200, headers, msgspec.json.encode(said, order="sorted"))

    def _metadata(self, answer: Answer) -> dict[str, Any]:
        said: dict[str, Any] = {
            "usage": {
                "inputTokens": answer.input_tokens,
                "outputTokens": answer.output_tokens,
                "totalTokens": answer.input_tokens + answer.output_tokens,
            },
            "metrics": {"latencyMs": answer.latency_ms},
        }
        if answer.blocked and self.guardrail.get("trace", "enabled") != "disabled":
            said["trace"] = {
                "guardrail": trace(answer, str(self.guardrail.get("guardrailIdentifier", "sim")))
            }
        return said


Block = Literal["reasoning"] | tuple[Piece, ...] | int
"""What a block of the answer holds: pieces of text; a number is that of a tool call."""


def _blocks(answer: Answer) -> list[Block]:
    blocks: list[Block] = ["reasoning"] if answer.reasoning else []
    return [*blocks, *answer.texts, *range(len(answer.calls))]


def _block(frames: Frames, at: int, block: Block, answer: Answer) -> list[Step]:
    """Only blocks of tools have a start."""

    def delta(content: dict[str, Any]) -> Say:
        said: dict[str, Any] = {"contentBlockIndex": at, "delta": content}
        return frames.event("contentBlockDelta", said, "words")

    steps: list[Step]
    match block:
        case "reasoning":
            steps = [delta({"reasoningContent": {"text": token}}) for token in answer.reasoning]
            steps.append(delta({"reasoningContent": {"signature": answer.signature}}))
        case tuple():
            steps = [piece if isinstance(piece, Hold) else delta({"text": piece}) for piece in block]
            steps += [delta({"citation": _citation(cite)}) for cite in answer.cites]
        case number:
            call = answer.calls[number]
            use = {"toolUse": {"name": call.name, "toolUseId": f"tooluse_{call.id}"}}
            steps = [frames.event("contentBlockStart", {"contentBlockIndex": at, "start": use})]
            steps += [delta({"toolUse": {"input": part}}) for part in ("", *tokens(call.json))]
    return [*steps, frames.event("contentBlockStop", {"contentBlockIndex": at})]


def _whole_block(block: Block, answer: Answer) -> dict[str, Any]:
    match block:
        case "reasoning":
            said = {"text": "".join(answer.reasoning), "signature": answer.signature}
            return {"reasoningContent": {"reasoningText": said}}
        case tuple() if answer.cites:
            cited = [_citation(cite) for cite in answer.cites]
            return {"citationsContent": {"content": [{"text": answer.text}], "citations": cited}}
        case tuple():
            return {"text": "".join(piece for piece in block if isinstance(piece, str))}
        case number:
            call = answer.calls[number]
            return {
                "toolUse": {"toolUseId": f"tooluse_{call.id}", "name": call.name, "input": call.arguments}
            }


def _citation(cite: Cite) -> dict[str, Any]:
    place = {"documentIndex": cite.document, "start": cite.start, "end": cite.end}
    return {"title": cite.title, "sourceContent": [{"text": cite.text}], "location": {"documentChar": place}}


def _met(answer: Answer) -> dict[str, Any]:
    """Claude's models tell which stop sequence they met when they are asked for it; here they always do."""
    return {"additionalModelResponseFields": {"stop_sequence": answer.stop}} if answer.stop else {}


# --- What is asked ------------------------------------------------------------


def read(raw: Any, model: str, *, streamed: bool, request_id: str) -> Converse:
    """Raises Wrong, with the words of AWS."""
    body = record(raw)
    messages = dicts(body.get("messages"))
    check(messages, body)
    config, tools = record(body.get("inferenceConfig")), record(body.get("toolConfig"))
    guardrail, last = record(body.get("guardrailConfig")), messages[-1]
    content = dicts(last.get("content"))
    asked = Asked(
        model=model,
        question=" ".join(str(part["text"]) for part in content if "text" in part),
        said=all_text([body.get("system"), [message["content"] for message in messages], tools]),
        streamed=streamed,
        max_tokens=limit(config, "maxTokens"),
        stops=texts(config.get("stopSequences")),
        tools=tuple(_tools(tools)),
        must_call=_must_call(record(tools.get("toolChoice"))),
        returned=any("toolResult" in part for part in content),
        thinks=_thinks(record(body.get("additionalModelRequestFields"))),
        documents=tuple(_documents(messages)),
        guardrail=_mode(guardrail),
    )
    return Converse(asked, request_id, guardrail)


def _mode(guardrail: dict[str, Any]) -> Literal["", "sync", "async"]:
    if not guardrail:
        return ""
    return "async" if guardrail.get("streamProcessingMode") == "async" else "sync"


def _tools(config: dict[str, Any]) -> list[Tool]:
    specs = [record(tool.get("toolSpec")) for tool in dicts(config.get("tools"))]
    return [
        Tool(str(spec.get("name")), record(record(spec.get("inputSchema")).get("json")))
        for spec in specs
        if spec
    ]


def _must_call(choice: dict[str, Any]) -> str | None:
    match choice:
        case {"any": _}:
            return ""
        case {"tool": {"name": str(name)}}:
            return name
        case _:
            return None


def _thinks(more: dict[str, Any]) -> bool:
    thinking = record(more.get("thinking") or more.get("reasoning_config") or more.get("reasoningConfig"))
    return thinking.get("type") in ("enabled", "adaptive")


def _documents(messages: list[dict[str, Any]]) -> list[Document]:
    found = [record(part.get("document")) for message in messages for part in dicts(message.get("content"))]
    return [
        Document(str(document.get("name", "")), _document_text(record(document.get("source"))))
        for document in found
        if record(document.get("citations")).get("enabled")
    ]


def _document_text(source: dict[str, Any]) -> str:
    match source:
        case {"text": str(text)}:
            return text
        case {"bytes": str(data)}:
            try:
                return base64.b64decode(data).decode(errors="replace")
            except ValueError:
                raise Wrong("malformed") from None
        case _:
            return all_text(source.get("content"))
