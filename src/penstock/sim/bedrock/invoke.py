"""InvokeModel and InvokeModelWithResponseStream: each family of models with its own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from penstock.sim.answer import Answer
from penstock.sim.anthropic.events import Event
from penstock.sim.asked import Asked
from penstock.sim.bedrock.families import FAMILIES
from penstock.sim.bedrock.frames import Frames, head
from penstock.sim.steps import Hold, Say, Step, Steps, whole

_METRICS = "amazon-bedrock-invocationMetrics"


class Invoke(msgspec.Struct, frozen=True):
    asked: Asked
    family: str
    request_id: str

    def streamed(self, answer: Answer) -> Steps:
        frames = Frames(answer.id)
        chunks = list(FAMILIES[self.family].chunks(answer, self.asked.model))
        last = max(at for at, chunk in enumerate(chunks) if not isinstance(chunk, Hold))
        steps: list[Step] = [head(self.request_id, ("X-Amzn-Bedrock-Content-Type", "application/json"))]
        for at, chunk in enumerate(chunks):
            if isinstance(chunk, Hold):
                steps.append(chunk)
            else:
                steps.append(_frame(frames, chunk, _metrics(answer, self.family) if at == last else {}))
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
            said = {**said, "amazon-bedrock-guardrailAction": "INTERVENED"}
        return whole(200, headers, msgspec.json.encode(said))


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
    if answer.blocked:
        metrics["amazon-bedrock-guardrailAction"] = "INTERVENED"
    return metrics


def read(raw: Any, model: str, family: str, *, streamed: bool, request_id: str) -> Invoke:
    """Raises Wrong."""
    return Invoke(FAMILIES[family].read(raw, model, streamed), family, request_id)
