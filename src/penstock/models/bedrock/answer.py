"""One answer from Bedrock as far as it has come, whichever of the APIs streams it, and how it ends; pure.

Text and reasoning go through as they come. Tool calls, usage and the guardrail's verdict are kept
until the end, because what comes last decides what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from penstock.core.events import (
    Cited,
    Event,
    Finished,
    FinishReason,
    Noted,
    Passage,
    Retracted,
    Text,
    ToolCalled,
    Usage,
)
from penstock.errors import ModelCut, ModelError, ModelUnreachable
from penstock.models.bedrock import guardrail
from penstock.models.bedrock.guardrail import Trace
from penstock.models.decoding import Tokens, count
from penstock.models.sources import Sources

# In lower case; Converse, Nova, Titan, Llama, Cohere and the old Claude speak of the same.
_FINISH: dict[str, FinishReason] = {
    "end_turn": "complete", "stop_sequence": "complete", "stop": "complete", "complete": "complete",
    "finish": "complete", "finished": "complete", "stop_criteria_met": "complete",
    "max_tokens": "length", "length": "length", "model_context_window_exceeded": "length",
    "error_limit": "length",
    "guardrail_intervened": "blocked", "content_filtered": "blocked", "error_toxic": "blocked",
    "refusal": "refused",
    "tool_use": "tool",
}  # fmt: skip
# Ends that are none: what the model wrote could not be read, or it broke down.
_BROKEN: dict[str, type[ModelError]] = {
    "malformed_model_output": ModelError,
    "malformed_tool_use": ModelError,
    "error": ModelUnreachable,
    "user_cancel": ModelCut,
}
INTERVENED = "guardrail_intervened"


class Counts(msgspec.Struct):
    """Tokens, under the names that Bedrock uses for all models; None where nothing was said."""

    inputTokenCount: Tokens = None
    outputTokenCount: Tokens = None
    cacheReadInputTokenCount: Tokens = None
    cacheWriteInputTokenCount: Tokens = None


class _Call(msgspec.Struct):
    id: str
    name: str
    arguments: str = ""


class Answer:
    """`passages` is how many the prompt holds: what a provider cites by itself is numbered after them.

    `dropped` names the wishes that this model does not take.
    """

    def __init__(self, model: str, who: str, *, passages: int = 0, dropped: Sequence[str] = ()) -> None:
        self.model = model
        self.passages = passages
        self.reason = ""
        """The provider's end mark, once it has come."""
        self.intervened = False
        """A guardrail did."""
        self.unchecked = False
        """Words are shown before the guardrail has judged them."""
        self._who = who
        self._dropped = dropped
        self._texts: list[str] = []
        self._block: int | None = None
        self._last_block_at = 0
        self._calls: dict[int, _Call | None] = {}
        self._sources = Sources(passages)
        self._counts: Counts | None = None
        self._trace: Trace | None = None

    # --- While it comes ---------------------------------------------------------

    def said(self, text: str, block: int = 0) -> None:
        if block != self._block:
            self._block = block
            self._last_block_at = len(self._texts)
        self._texts.append(text)

    def called(self, block: int, call_id: str, name: str) -> None:
        self._calls[block] = _Call(call_id, name)

    def served(self, block: int) -> None:
        """The provider runs this tool itself, within the answer; nobody here has to."""
        self._calls[block] = None

    def argued(self, block: int, arguments: str) -> None:
        call = self._calls.setdefault(block, _Call("", ""))
        if call is not None:
            call.arguments += arguments

    def cites(self, passage: Passage) -> Iterator[Cited]:
        return self._sources.cited(passage)

    def counted(self, counts: Counts) -> None:
        """The last count is the whole; what it leaves out stays as it was."""
        known = msgspec.structs.asdict(self._counts) if self._counts else {}
        said = {name: n for name, n in msgspec.structs.asdict(counts).items() if n is not None}
        self._counts = Counts(**{**known, **said})

    def counted_by_provider(self, counts: Counts) -> None:
        """What Bedrock has not counted itself."""
        bedrocks = self._counts
        self._counts = counts
        if bedrocks is not None:
            self.counted(bedrocks)

    def traced(self, trace: Trace) -> None:
        self._trace = trace

    def stop(self, reason: str) -> None:
        if broken := _BROKEN.get(reason.lower()):
            raise broken(f"{self._who} broke off: {reason}")
        self.reason = self.reason or reason

    # --- At the end -------------------------------------------------------------

    def closing(self) -> Iterator[Event]:
        """The closing events, Finished last. Raises ModelCut when the end mark never came."""
        if not self.reason:
            raise ModelCut(f"{self._who} ended its stream without an end mark")
        self.intervened |= self.reason == INTERVENED
        reason = _FINISH.get(self.reason.lower(), "complete")
        calls = [call for call in self._calls.values() if call is not None]
        for number, call in enumerate(calls, 1):
            yield ToolCalled(call.id or f"call-{number}", call.name, call.arguments)
        if self.reason.lower() not in _FINISH:
            yield Noted("finish_reason_unknown", {"finish_reason": self.reason[:64]})
        yield from self.settled("tool" if reason == "complete" and calls else reason)

    def settled(self, reason: FinishReason) -> Iterator[Event]:
        """The end of an answer whose provider gives this reason: the guardrail's verdict, usage, Finished."""
        if self.intervened or (self._trace is not None and self._trace.findings):
            yield self._trace.noted() if self._trace else Noted("guardrail", {"blocked": True})
        if self.intervened and self._trace is not None and self._trace.masked:
            reason = "complete" if reason == "blocked" else reason
        elif self.intervened:
            reason = "blocked"
            yield from self._taken_back()
        if self._dropped:
            yield Noted("wishes_dropped", dict.fromkeys(self._dropped, True))
        if self._counts is not None:
            yield _usage(self._counts, self.model)
        yield Finished(reason)

    def _taken_back(self) -> Iterator[Event]:
        """What was shown before the guardrail judged it makes room for the guardrail's own message."""
        trace = self._trace
        if not self.unchecked or (trace is not None and trace.blocked and not trace.output_blocked):
            # Nothing slipped through, or the question was blocked, and all there is is the message.
            return
        told = trace.model_output if trace else ""
        at = guardrail.message_at(self._texts, self._last_block_at, told)
        if at:
            yield Retracted(0, "guardrail")
            if message := "".join(self._texts[at:]):
                yield Text(message)


def _usage(counts: Counts, model: str) -> Usage:
    """Bedrock counts what the cache took part in beside the input; for us it is part of it.

    https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    """
    read, written = count(counts.cacheReadInputTokenCount), count(counts.cacheWriteInputTokenCount)
    return Usage(
        model=model,
        input_tokens=count(counts.inputTokenCount) + read + written,
        output_tokens=count(counts.outputTokenCount),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )
