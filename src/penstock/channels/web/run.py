"""How a run begins and ends in AG-UI, and what our values look like in it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from penstock.channels.web.transcript import Asked
from penstock.core.events import End, Failed, Finished, Stopped, Usage
from penstock.core.turn import Citation


def started(thread: str, turn: str, asked: Asked | None = None) -> dict[str, object]:
    """With `asked`, the questions are echoed to readers that did not ask them."""
    run: dict[str, object] = {"threadId": thread, "runId": turn}
    event: dict[str, object] = {"type": "RUN_STARTED", **run, "protocolVersion": "1.0"}
    if asked is not None:
        nothing: dict[str, object] = {"state": {}, "tools": [], "context": []}
        more = {"replaces": asked.replaces, "askedS": asked.asked_s}
        event["input"] = {**run, "messages": list(asked.questions), **nothing, "forwardedProps": more}
    return event


def ended(thread: str, turn: str, end: End, usage: Sequence[Usage]) -> dict[str, object]:
    finished: dict[str, object] = {"type": "RUN_FINISHED", "threadId": thread, "runId": turn}
    used: dict[str, object] = {"usage": [_token_usage(u) for u in usage]} if usage else {}
    match end:
        case Finished(reason):
            return {**finished, "outcome": {"type": "success"}, "result": {"finish": reason}, **used}
        case Stopped():
            return {**finished, "outcome": {"type": "cancelled"}, **used}
        case Failed(code, sentence, reference):
            said = {"message": sentence, "code": code, "metadata": {"reference": reference}}
            return {"type": "RUN_ERROR", **said, **used}


def citation(cited: Citation) -> dict[str, object]:
    return {"number": cited.number, **msgspec.structs.asdict(cited.passage)}


def _token_usage(usage: Usage) -> dict[str, object]:
    counts: dict[str, object] = {
        "model": usage.model,
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens + usage.output_tokens,
        "reasoningTokens": usage.reasoning_tokens,
        "cachedInputTokens": usage.cache_read_tokens,
        "cacheWriteInputTokens": usage.cache_write_tokens,
    }
    return {name: value for name, value in counts.items() if value}
