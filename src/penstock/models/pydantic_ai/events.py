"""What comes back from a run of an agent: pydantic-ai's events in, ours out; pure.

A run is several steps: the model speaks, calls tools, speaks again. Of a tool only the name is
told, for its arguments and results may hold anything.
https://pydantic.dev/docs/ai/core-concepts/agent/#streaming-all-events
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic_ai.messages import (
    AgentStreamEvent,
    FunctionToolCallEvent,
    ModelResponse,
    NativeToolCallPart,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)
from pydantic_ai.run import AgentRunResult
from pydantic_ai.usage import RunUsage

from penstock.core.events import Event, Finished, FinishReason, Reasoning, Retracted, Status, Text, Usage
from penstock.errors import ModelCut, ModelMisconfigured

_FINISH: dict[str | None, FinishReason] = {"length": "length", "content_filter": "blocked"}
# Their models for tests end without saying so.
_NO_PROVIDER = (None, "test")
# Cortex never says that an answer of Claude's has ended.
_NEVER_ENDS = "snowflake"


class _Voice:
    """Words that come in parts: a blank line stands between those that do not belong together."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.apart = False

    def say(self, text: str) -> str:
        if text and self.apart and self.said:
            text = f"\n\n{text}"
        if text:
            self.apart = False
            self.said.append(text)
        return text


class Reading:
    """One run as far as it has been read: give it their events, then the result."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._text = _Voice()
        self._thoughts = _Voice()
        # What the output is made of: the words of this step, in it those behind the provider's own tools.
        self._output: list[str] = []
        self._anew = False
        # How many pieces of text were there before the model spoke last, and whether it then called a tool.
        self._before = 0
        self._called = False

    @property
    def has_spoken(self) -> bool:
        return bool(self._text.said or self._thoughts.said)

    def events(self, event: AgentStreamEvent) -> Iterator[Event]:
        match event:
            case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                yield from self._says(text)
            case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=str(text))):
                yield from self._thinks(text)
            case PartStartEvent(index=index, part=part):
                if index == 0:
                    yield from self._speaks_again()
                yield from self._part(part)
            case FunctionToolCallEvent(part=call, args_valid=True):
                yield from self._uses(call.tool_name)

    def end(self, result: AgentRunResult[Any], usage: RunUsage) -> Iterator[Event]:
        """The closing events, Finished last. Raises ModelError when the result is no answer."""
        reason = result.response.finish_reason
        if reason == "error":
            raise ModelCut(f"{self._who} says that its model broke off")
        if not _has_ended(result.response):
            raise ModelCut(f"{self._who} got no end mark from its model")
        yield from self._settled(result.output)
        yield _counted(usage, result.response.model_name or "")
        yield Finished(_FINISH.get(reason, "complete"))

    def _part(self, part: object) -> Iterator[Event]:
        match part:
            case TextPart(content=text):
                yield from self._says(text)
            case ThinkingPart(content=text):
                self._thoughts.apart = True
                yield from self._thinks(text)
            case NativeToolCallPart(tool_name=name):
                self._anew = True
                yield from self._uses(name)

    def _says(self, text: str) -> Iterator[Event]:
        if self._anew:
            self._anew = not text
            self._output.clear()
        self._output.append(text)
        if said := self._text.say(text):
            yield Text(said)

    def _thinks(self, text: str) -> Iterator[Event]:
        if said := self._thoughts.say(text):
            yield Reasoning(said)

    def _uses(self, tool: str) -> Iterator[Event]:
        self._called = self._text.apart = True
        yield Status(f"Using {tool}…")

    def _speaks_again(self) -> Iterator[Event]:
        """After a tool it goes on; after words alone it was sent back, by a validator of its output."""
        if not self._called:
            yield from self._takes_back()
        self._before = len(self._text.said)
        self._anew = True
        self._called = False
        self._text.apart = True

    def _takes_back(self) -> Iterator[Event]:
        if len(self._text.said) > self._before:
            del self._text.said[self._before :]
            yield Retracted(sum(map(len, self._text.said)), "the agent did not accept it")

    def _settled(self, output: object) -> Iterator[Event]:
        """What the run came to, if that is not what was said: a tool's output, or a validator's."""
        if not isinstance(output, str):
            raise ModelMisconfigured(
                f"{self._who} ends with {type(output).__name__}; its output_type must be text to be shown"
            )
        if not self._is_said(output):
            yield from self._takes_back()
            self._text.apart = True
            yield from self._says(output)

    def _is_said(self, output: str) -> bool:
        """Of a step without a word, the output may be what was said in the one before."""
        if said := "".join(self._output).strip():
            return said == output.strip()
        return "".join(self._text.said).endswith(output)


def _has_ended(response: ModelResponse) -> bool:
    """Whether its provider said so: what it said is among its details."""
    reason, details = response.finish_reason, response.provider_details or {}
    if "finish_reason" in details or response.provider_name in _NO_PROVIDER:
        return True
    # Chat completions, the only ones with a time and no reason, are given a "stop" when none came.
    is_made_up = reason == "stop" and "timestamp" in details and response.provider_name != _NEVER_ENDS
    return reason is not None and not is_made_up


def _counted(usage: RunUsage, model: str) -> Usage:
    """Of all requests of the run together."""
    return Usage(
        model=model,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.output_reasoning_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
