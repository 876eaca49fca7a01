"""ConverseStream: one request and one stream for all the models in Bedrock that hold a conversation; pure.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from penstock.core.events import Event
from penstock.core.prompt import Prompt, material
from penstock.models.asking import as_json
from penstock.models.bedrock.answer import Answer
from penstock.models.bedrock.asking import Asked, Wishes, lines
from penstock.models.bedrock.blocks import (
    BlockDelta,
    BlockStart,
    MessageStop,
    Metadata,
    added,
    started,
    told,
)
from penstock.models.bedrock.guardrail import Guardrail
from penstock.models.bedrock.ids import Id
from penstock.models.bedrock.reading import Reading
from penstock.models.decoding import decoded
from penstock.models.hiding import Hidden

_CACHE_POINT = {"cachePoint": {"type": "default"}}


class Converse:
    """Asks a model by ConverseStream, which takes the same of all of them."""

    operation = "converse-stream"
    provider = "bedrock"

    def __init__(self, model: Id, *, guardrail: Guardrail | None = None, caching: bool = False) -> None:
        self._model = model
        self._guardrail = guardrail
        self._caching = caching and model.can_cache

    def headers(self) -> dict[str, str]:
        return {}

    def asked(self, prompt: Prompt) -> Asked:
        """Raises ModelRefused when an option is nothing that JSON knows."""
        wishes, dropped = Wishes.of(prompt).taken(self._model)
        body: dict[str, object] = {
            "messages": self._messages(prompt),
            "system": self._system(prompt),
            "inferenceConfig": wishes.named("maxTokens", "temperature", "topP", "stopSequences"),
            "additionalModelRequestFields": self._additional(wishes),
            "guardrailConfig": self._guardrail.config() if self._guardrail else None,
        }
        return Asked(as_json({name: value for name, value in body.items() if value}), dropped)

    def reading(self, answer: Answer, who: str, hidden: Hidden) -> ConverseReading:
        answer.unchecked = self._guardrail is not None and self._guardrail.shows_unchecked
        return ConverseReading(answer, who, hidden)

    def _messages(self, prompt: Prompt) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = [
            {"role": line.role, "content": [{"text": line.text}]} for line in lines(prompt)
        ]
        # Passages and files change with the question and stand before the thread: behind them nothing stays
        # the same long enough to be read from the cache.
        if self._caching and len(messages) > 1 and not material(prompt):
            messages[-2]["content"].append(_CACHE_POINT)
        return messages

    def _system(self, prompt: Prompt) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = [{"text": text}] if (text := prompt.instructions).strip() else []
        if blocks and self._caching:
            blocks.append(_CACHE_POINT)
        if found := material(prompt):
            blocks.append({"text": found})
        return blocks

    def _additional(self, wishes: Wishes) -> Mapping[str, object]:
        """Converse itself knows no top_k; Nova has it in a table of its own."""
        if wishes.top_k is None:
            return {**wishes.extra}
        if self._model.base.startswith("amazon.nova"):
            return {"inferenceConfig": {"topK": wishes.top_k}, **wishes.extra}
        return {"top_k": wishes.top_k, **wishes.extra}


# --- The stream ---------------------------------------------------------------

_delta = msgspec.json.Decoder(BlockDelta).decode
_start = msgspec.json.Decoder(BlockStart).decode
_stop = msgspec.json.Decoder(MessageStop).decode
_metadata = msgspec.json.Decoder(Metadata).decode


class ConverseReading(Reading):
    """The end mark is messageStop; metadata follows it, and after that nothing."""

    def _heard(self, kind: str, payload: bytes) -> Sequence[Event]:
        match kind:
            case "contentBlockDelta":
                return added(decoded(_delta, payload, self._who), self._answer)
            case "contentBlockStart":
                return started(decoded(_start, payload, self._who), self._answer)
            case "messageStop":
                self._answer.stop(decoded(_stop, payload, self._who).stopReason)
            case "metadata":
                told(decoded(_metadata, payload, self._who), self._answer)
                self.done = self.ended
        return ()
