"""InvokeModel and InvokeModelWithResponseStream: each family of models with its own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from penstock.sim.answer import Answer
from penstock.sim.anthropic.events import Event
from penstock.sim.asked import Asked, record
from penstock.sim.bedrock.families import FAMILIES
from penstock.sim.bedrock.frames import Frames, head
from penstock.sim.bedrock.guardrail import trace
from penstock.sim.steps import Hold, Say, Step, Steps, whole

_METRICS = "amazon-bedrock-invocationMetrics"


class Invoke(msgspec.Struct, frozen=True):
    asked: Asked
    family: str
    request_id: str
    traced: str = ""
    """The guardrail whose trace was asked for."""

    def streamed(self, answer: Answer) -> Steps:
        frames = Frames(answer.id)
        chunks = list(FAMILIES[self.family].chunks(answer, self.asked.model))
        last = max(at for at, chunk in enumerate(chunks) if not isinstance(chunk, Hold))
        steps: list[Step] = [head(self.request_id, ("X-Amzn-Bedrock-Content-Type", "application/json"))]
        for at, chunk in enumerate(chunks):
            if isinstance(chunk, Hold):
                steps.append(chunk)
            else:
                steps.append(_frame(frames, chunk, self._metrics(answer) if at == last else {}))
        return tuple(steps)

    def whole(self, answer: Answer) -> Steps:
        headers = (
            ("Content-Type", "application/json"),
            ("x-amzn-RequestId", self.request_id),
            ("X-Amzn-Bedrock-Invocation-Latency", str(answer.latency_ms)),
            ("X-Amzn-Bedrock-Input-Token-Count", str(answer.input_tokens)),
            ("X-Amzn-Bedrock-Output-Token-Count", str(answer.output_tokens)),
        )
        said = FAMILIES[self.family].whole(answer, self.asked.model)
        if answer.blocked:
            said = {**said, **self._judgement(answer)}
        return whole(200, headers, msgspec.json.encode(said))

    def _metrics(self, answer: Answer) -> dict[str, Any]:
        metrics = _metrics(answer, self.family)
        return {**metrics, **self._judgement(answer)} if answer.blocked else metrics

    def _judgement(self, answer: Answer) -> dict[str, Any]:
        said: dict[str, Any] = {"amazon-bedrock-guardrailAction": "INTERVENED"}
        if self.traced:
            said["amazon-bedrock-trace"] = {"guardrail": trace(answer, self.traced, invoked=True)}
        return said


def _frame(frames: Frames, chunk: Event, metrics: Mapping[str, Any]) -> Say:
    content = {**chunk.content, **metrics}
    return frames.chunk(content, chunk.part)


def _metrics(answer: Answer, family: str) -> dict[str, Any]:
    """What the last chunk of every family brings."""
    metrics: dict[str, Any] = {
        _METRICS: {
            "inputTokenCount": answer.input_tokens,
            "outputTokenCount": answer.output_tokens,
            "invocationLatency": answer.latency_ms,
            "firstByteLatency": min(answer.latency_ms, 300),
        }
    }
    if family == "nova":
        metrics[_METRICS] |= {"cacheReadInputTokenCount": 0, "cacheWriteInputTokenCount": 0}
    return metrics


def read(
    raw: Any, model: str, family: str, headers: Mapping[str, str], *, streamed: bool, request_id: str
) -> Invoke:
    """Raises Wrong."""
    asked = msgspec.structs.replace(FAMILIES[family].read(raw, model, streamed), guardrail=_mode(record(raw)))
    return Invoke(asked, family, request_id, _traced(headers))


def _mode(body: dict[str, Any]) -> Literal["", "async"]:
    config = record(body.get("amazon-bedrock-guardrailConfig"))
    return "async" if config.get("streamProcessingMode") == "ASYNCHRONOUS" else ""


def _traced(headers: Mapping[str, str]) -> str:
    wants_trace = headers.get("x-amzn-bedrock-trace", "DISABLED").upper() != "DISABLED"
    return headers.get("x-amzn-bedrock-guardrailidentifier", "") if wants_trace else ""
