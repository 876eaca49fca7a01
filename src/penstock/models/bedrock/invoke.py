"""InvokeModelWithResponseStream: each family of models asked, and heard, in its own words; pure.

For what Converse does not carry. All else is better asked through Converse, which needs no families.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from penstock.core.events import Event
from penstock.core.prompt import Prompt
from penstock.errors import ConfigError
from penstock.models.asking import as_json, by_name
from penstock.models.bedrock import invoke_bodies as bodies
from penstock.models.bedrock import invoke_chunks as chunks
from penstock.models.bedrock import invoke_claude
from penstock.models.bedrock.answer import Answer
from penstock.models.bedrock.asking import Asked, Wishes
from penstock.models.bedrock.guardrail import Guardrail
from penstock.models.bedrock.ids import Id
from penstock.models.bedrock.invoke_claude import ClaudeReading
from penstock.models.bedrock.reading import Reading
from penstock.models.decoding import decoded
from penstock.models.hiding import Hidden


class Family(NamedTuple):
    body: bodies.Bodies
    chunk: type[chunks.Chunk]


# The longest prefix of the id counts. All other Claudes speak in messages.
_FAMILIES = {
    "anthropic.claude-v1": Family(bodies.completion, chunks.Completion),
    "anthropic.claude-instant": Family(bodies.completion, chunks.Completion),
    "amazon.nova": Family(bodies.nova, chunks.Nova),
    "amazon.titan-text": Family(bodies.titan, chunks.Titan),
    "meta.llama2": Family(bodies.llama2, chunks.Llama),
    "meta.llama3": Family(bodies.llama3, chunks.Llama),
    "meta.llama4": Family(bodies.llama4, chunks.Llama),
    "cohere.command-text": Family(bodies.command, chunks.Cohere),
    "cohere.command-light": Family(bodies.command, chunks.Cohere),
    "cohere.command-r": Family(bodies.command_r, chunks.Cohere),
}


def family_of(model: Id) -> Family | None:
    """None: Claude, in messages. Raises ConfigError for a family not known here, or an ARN that hides it."""
    known = by_name(_FAMILIES, model.base)
    if known or model.is_claude:
        return known
    if not model.base:
        raise ConfigError(
            "bedrock_invoke cannot tell from this ARN which model it stands for: set bedrock_base_model, to "
            "anthropic.claude-sonnet-4-5, for example, or use bedrock/ instead, which need not know."
        )
    raise ConfigError(
        f"bedrock_invoke does not know the model {model.base}: use bedrock/{model.asked} instead."
    )


class Invoke:
    """Asks a model by InvokeModelWithResponseStream. Raises ConfigError for a family not known here."""

    operation = "invoke-with-response-stream"
    provider = "bedrock_invoke"

    def __init__(self, model: Id, *, guardrail: Guardrail | None = None, caching: bool = False) -> None:
        self._model = model
        self._family = family_of(model)
        self._guardrail = guardrail
        self._caching = caching and model.can_cache
        self._decode = msgspec.json.Decoder(self._family.chunk).decode if self._family else None

    def headers(self) -> dict[str, str]:
        return self._guardrail.headers() if self._guardrail else {}

    def asked(self, prompt: Prompt) -> Asked:
        """Raises ModelRefused when an option is nothing that JSON knows."""
        guarded = self._guardrail.in_body() if self._guardrail else {}
        if self._family is None:
            return invoke_claude.asked(prompt, self._model, caching=self._caching, added=guarded)
        wishes = Wishes.of(prompt)
        body = {**self._family.body(prompt, wishes, self._caching), **guarded, **wishes.extra}
        return Asked(as_json(body), wishes.unread)

    def reading(self, answer: Answer, who: str, hidden: Hidden) -> Reading:
        answer.unchecked = self._guardrail is not None and self._guardrail.shows_unchecked
        if self._decode is None:
            return ClaudeReading(answer, who, hidden)
        return InvokeReading(answer, who, hidden, self._decode)


# --- The stream ---------------------------------------------------------------


class InvokeReading(Reading):
    """Each family has its own end mark; the invocation's metrics come with the last chunk of all of them."""

    def __init__(
        self, answer: Answer, who: str, hidden: Hidden, decode: Callable[[bytes], chunks.Chunk]
    ) -> None:
        super().__init__(answer, who, hidden)
        self._decode = decode

    def _heard(self, kind: str, payload: bytes) -> Sequence[Event]:
        if kind != "chunk":
            return ()
        chunk = decoded(self._decode, chunks.chunk_in(payload, self._who), self._who)
        events = chunk.heard(self._answer)
        if chunk.metrics is not None or chunk.action is not None:
            chunk.judged(self._answer)
            self.done = self.ended and chunk.metrics is not None
        return events
