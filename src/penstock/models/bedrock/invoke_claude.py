"""Claude when it is invoked by itself: Anthropic's own messages, in Bedrock's frames; pure.

What is Claude's stands in models/messages/; here is what Bedrock adds: a version, a guardrail's
verdict, and its own count of tokens, which is the one that is paid.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from penstock.core.events import Event, Finished, Noted, Text, Usage
from penstock.core.prompt import Prompt
from penstock.models.asking import as_json
from penstock.models.bedrock.answer import INTERVENED, Answer, Counts
from penstock.models.bedrock.asking import EXTRA, Asked, Wishes, lines
from penstock.models.bedrock.ids import Id
from penstock.models.bedrock.invoke_chunks import Chunk, chunk_in
from penstock.models.bedrock.reading import Reading
from penstock.models.decoding import decoded
from penstock.models.hiding import Hidden
from penstock.models.messages.events import Reading as Claude
from penstock.models.messages.request import request

_judgement = msgspec.json.Decoder(Chunk).decode
# What is Anthropic's own to offer; `cache_control` there sets cache points by itself.
_ANTHROPICS = frozenset({"cache_control", "inference_geo", "metadata", "service_tier", "speed"})
_UNKNOWN = Noted("finish_reason_unknown", {"finish_reason": INTERVENED})


def asked(prompt: Prompt, model: Id, *, caching: bool, added: dict[str, object]) -> Asked:
    prompt = msgspec.structs.replace(prompt, messages=tuple(lines(prompt)))
    made = request(prompt, model.family, caching=caching)
    body = {key: value for key, value in made.body.items() if key not in _ANTHROPICS}
    extra = Wishes.of(prompt).extra
    dropped = tuple(name for name in made.dropped if name != EXTRA)
    return Asked(as_json({"anthropic_version": "bedrock-2023-05-31", **body, **added, **extra}), dropped)


class ClaudeReading(Reading):
    """The end mark is message_stop, which holds Bedrock's metrics, too."""

    def __init__(self, answer: Answer, who: str, hidden: Hidden) -> None:
        super().__init__(answer, who, hidden)
        self._claude = Claude(answer.model, who, hidden, passages=answer.passages)

    @property
    def ended(self) -> bool:
        return self._claude.done

    def _heard(self, kind: str, payload: bytes) -> Iterator[Event]:
        if kind != "chunk":
            return
        data = chunk_in(payload, self._who)
        for event in self._claude.events(data):
            if type(event) is Text:
                self._answer.said(event.text, self._claude.block)
            yield event
        if b"amazon-bedrock-" in data:
            decoded(_judgement, data, self._who).judged(self._answer)
        if INTERVENED.encode() in data and b'"message_delta"' in data:
            self._answer.intervened = True
        self.done = self._claude.done

    def end(self) -> Iterator[Event]:
        for event in self._claude.end():
            match event:
                case Usage():
                    self._answer.model = event.model
                    self._answer.counted_by_provider(_counts(event))
                case Finished(reason):
                    yield from self._answer.settled(reason)
                case Noted() if event == _UNKNOWN:
                    pass
                case _:
                    yield event


def _counts(usage: Usage) -> Counts:
    read, written = usage.cache_read_tokens, usage.cache_write_tokens
    return Counts(usage.input_tokens - read - written, usage.output_tokens, read, written)
