"""What comes back from chat completions: chunks of every dialect in, events out; pure.

OpenAI, Ollama, vLLM, llama.cpp, LiteLLM and OpenRouter say the same in slightly different
ways. Unknown fields are ignored, known ones of a wrong type are a ModelError.
https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from penstock.core.events import Event, Finished, FinishReason, Noted, Reasoning, Text, Usage
from penstock.errors import ModelBusy, ModelCut, ModelError, ModelUnreachable
from penstock.models import complaint
from penstock.models.decoding import UNREADABLE, Garbled, Tokens, count
from penstock.models.hiding import NOTHING_HIDDEN, Hidden
from penstock.models.openai.calls import CallPart, Calls, Function

_FINISH: dict[str, FinishReason] = {
    "stop": "complete",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "blocked",
    "sensitive": "blocked",  # Zhipu
    "tool_calls": "tool",
    "function_call": "tool",
}
# Ends that are none: the answer broke off, and the provider says so.
_BROKEN: dict[str, type[ModelError]] = {
    "error": ModelUnreachable,  # OpenRouter
    "abort": ModelCut,  # vLLM
    "network_error": ModelCut,  # Zhipu
    "insufficient_system_resource": ModelBusy,  # DeepSeek
}

# --- The chunks ---------------------------------------------------------------


class _Part(msgspec.Struct, gc=False):
    """Mistral sends content as parts when its model thinks; OpenRouter, reasoning as details."""

    text: str | None = None
    thinking: list[_Part] | str | None = None
    summary: str | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[CallPart] | None = None
    function_call: Function | None = None


class _Choice(msgspec.Struct, gc=False):
    """`message` instead of `delta` comes from servers that do not stream though asked to."""

    index: int | None = None
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None
    error: Any = None


class _Details(msgspec.Struct, gc=False):
    cached_tokens: Tokens = None
    cache_write_tokens: Tokens = None  # OpenRouter
    cache_creation_tokens: Tokens = None  # LiteLLM
    reasoning_tokens: Tokens = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: Tokens = None
    completion_tokens: Tokens = None
    total_tokens: Tokens = None
    prompt_cache_hit_tokens: Tokens = None  # DeepSeek
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None


class _Chunk(msgspec.Struct, gc=False):
    """`error` is a complaint's usual place; `message` without choices is another."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    model: str | None = None
    error: Any = None
    message: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode
_DONE = b"[DONE]"


# --- The state machine --------------------------------------------------------


class Reading:
    """One answer as far as it has been read: feed it payloads, then ask it for the end. `dropped`: wishes."""

    def __init__(
        self, model: str, who: str, hidden: Hidden = NOTHING_HIDDEN, *, dropped: Sequence[str] = ()
    ) -> None:
        self._model = model
        self._dropped = dropped
        self._who = who
        self._hidden = hidden
        self._reason = ""
        self._said = False
        self._refused = False
        self._calls = Calls()
        self._usage: _Usage | None = None
        self.done = False
        """[DONE] has come; nothing will follow."""
        self.ended = False
        """The end mark has come; usage may still follow."""

    def events(self, payloads: Iterable[bytes]) -> Iterator[Event]:
        """The events of these payloads. Those before a fault are given out before it is raised."""
        for payload in payloads:
            chunk = self._chunk(payload)
            if chunk is None:
                continue
            for choice in chunk.choices or ():
                # We asked for one answer; a server that sends several has its first one heard.
                if choice.index:
                    continue
                delta = choice.delta or choice.message
                if delta is not None:
                    yield from self._heard(delta)
                if choice.error:
                    raise self._complained(complaint.of(choice.error))
                if choice.finish_reason and not self._reason:
                    self._finish(choice.finish_reason)
            if chunk.usage is not None:
                # Some count along in every chunk, so the last one counts.
                self._usage = chunk.usage
                self._model = chunk.model or self._model

    def end(self, rest: Iterable[bytes] = ()) -> Iterator[Event]:
        """The closing events, Finished last. `rest` is what the stream left without its blank line.

        Raises ModelCut without the end mark. That is a finish_reason; [DONE] alone will do after text, for
        vllm-mlx and some gateways never send another (https://github.com/waybarrios/vllm-mlx/issues/628), but
        not after nothing, which is how others hide that the model behind them failed.
        """
        try:
            yield from self.events(rest)
        except Garbled as exc:
            raise ModelCut(f"{self._who} broke off in the middle of a chunk") from exc
        if not self._reason and not (self.done and (self._said or self._calls)):
            raise ModelCut(f"{self._who} ended its stream without an end mark")
        yield from self._calls.gathered()
        if self._reason not in _FINISH:
            yield Noted("finish_reason_unknown", {"finish_reason": self._reason[:64]})
        if self._dropped:
            yield Noted("wishes_dropped", dict.fromkeys(self._dropped, True))
        if self._usage is not None:
            yield _counted(self._usage, self._model)
        yield Finished(self._finished())

    def _finished(self) -> FinishReason:
        reason = _FINISH.get(self._reason, "complete")
        if reason == "complete" and self._refused:
            return "refused"
        # Ollama and others say "stop" after a tool call, too.
        return "tool" if reason == "complete" and self._calls else reason

    def _chunk(self, payload: bytes) -> _Chunk | None:
        if payload == _DONE:
            self.done = self.ended = True
            return None
        try:
            chunk = _decode(payload)
        except UNREADABLE as exc:
            if not payload.strip():
                return None
            raise Garbled(f"{self._who} sent a chunk that is none: {exc}") from exc
        if chunk.error or (chunk.message and not chunk.choices):
            raise self._complained(complaint.read(payload))
        return chunk

    def _heard(self, delta: _Delta) -> list[Event]:
        # A list, because a generator for each token costs more than all that it does.
        events: list[Event] = []
        if thought := delta.reasoning_content or delta.reasoning:
            events.append(Reasoning(thought))
        elif delta.reasoning_details:
            events += [Reasoning(s) for part in delta.reasoning_details if (s := part.text or part.summary)]
        content = delta.content
        if isinstance(content, str):
            if content:
                self._said = True
                events.append(Text(content))
        elif content:
            events += self._parts(content)
        if delta.refusal:
            self._refused = self._said = True
            events.append(Text(delta.refusal))
        if delta.tool_calls:
            for call in delta.tool_calls:
                self._calls.hear(call.index, call.id, call.function)
        if delta.function_call:
            self._calls.hear(0, None, delta.function_call)
        return events

    def _parts(self, parts: Iterable[_Part]) -> Iterator[Event]:
        for part in parts:
            if part.text:
                self._said = True
                yield Text(part.text)
            if isinstance(part.thinking, str):
                yield Reasoning(part.thinking)
            elif part.thinking:
                yield from (Reasoning(p.text) for p in part.thinking if p.text)

    def _finish(self, reason: str) -> None:
        if broken := _BROKEN.get(reason):
            raise broken(f"{self._who} broke off: {reason}")
        self._reason = reason
        self.ended = True

    def _complained(self, said: complaint.Complaint) -> ModelError:
        return complaint.error(said, who=self._who, hidden=self._hidden)


def _counted(usage: _Usage, model: str) -> Usage:
    read, written = usage.prompt_tokens_details or _Details(), usage.completion_tokens_details or _Details()
    prompt, reasoning = count(usage.prompt_tokens), count(written.reasoning_tokens)
    return Usage(
        model=model,
        input_tokens=prompt,
        output_tokens=_output(prompt, count(usage.completion_tokens), reasoning, count(usage.total_tokens)),
        reasoning_tokens=reasoning,
        cache_read_tokens=count(read.cached_tokens) or count(usage.prompt_cache_hit_tokens),
        cache_write_tokens=count(read.cache_write_tokens) or count(read.cache_creation_tokens),
    )


def _output(prompt: int, completion: int, reasoning: int, total: int) -> int:
    """xAI counts reasoning beside the completion, the others as a part of it; the total tells which.
    https://docs.x.ai/docs/key-information/consumption-and-rate-limits"""
    return completion + reasoning if total == prompt + completion + reasoning else completion
