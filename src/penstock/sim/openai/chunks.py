"""An answer in the words of OpenAI's chat completions, streamed and whole.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from penstock.sim.answer import Answer, some_id, tokens
from penstock.sim.asked import Asked
from penstock.sim.steps import Head, Hold, Part, Say, Step, Steps, whole

_STOP = {
    "end": "stop",
    "length": "length",
    "stop": "stop",
    "tools": "tool_calls",
    "filtered": "content_filter",
    "blocked": "content_filter",
}
# The same bytes for the same seed: so no clock.
_CREATED = 1_764_000_000


class Completion(msgspec.Struct, frozen=True):
    asked: Asked
    headers: tuple[tuple[str, str], ...]
    include_usage: bool = False
    obfuscated: bool = True

    def streamed(self, answer: Answer) -> Steps:
        say = _Chunks(self, answer)
        steps: list[Step] = [
            Head(200, (("Content-Type", "text/event-stream; charset=utf-8"), *self.headers)),
            say.delta({"role": "assistant", "content": None if answer.calls else "", "refusal": None}),
        ]
        steps += [say.delta({"reasoning_content": token}, "words") for token in answer.reasoning]
        steps += [
            piece if isinstance(piece, Hold) else say.delta({"content": piece}, "words")
            for piece in answer.pieces
        ]
        steps += [say.delta({"annotations": [note]}) for note in _annotations(answer)]
        for index, call in enumerate(answer.calls):
            function = {"name": call.name, "arguments": ""}
            start = {"index": index, "id": f"call_{call.id}", "type": "function", "function": function}
            steps.append(say.delta({"tool_calls": [start]}))
            steps += [
                say.delta({"tool_calls": [{"index": index, "function": {"arguments": part}}]}, "words")
                for part in tokens(call.json or "{}")
            ]
        steps.append(say.delta({}, "end", finish_reason=_STOP[answer.why]))
        if self.include_usage:
            steps.append(say.chunk([], "end", usage(answer)))
        steps.append(Say(b"data: [DONE]\n\n", "end"))
        return tuple(steps)

    def whole(self, answer: Answer) -> Steps:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
        if answer.reasoning:
            message["reasoning_content"] = "".join(answer.reasoning)
        message["annotations"] = _annotations(answer)
        if answer.calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{call.id}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.json or "{}"},
                }
                for call in answer.calls
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _STOP[answer.why]}
        said = {
            "id": f"chatcmpl-{answer.id}",
            "object": "chat.completion",
            "created": _CREATED,
            "model": self.asked.model,
            "choices": [choice],
            "usage": usage(answer),
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        }
        return whole(200, (("Content-Type", "application/json"), *self.headers), msgspec.json.encode(said))


class _Chunks:
    """The events of one stream."""

    def __init__(self, completion: Completion, answer: Answer) -> None:
        self._completion = completion
        self._id = f"chatcmpl-{answer.id}"
        self._random = Random(answer.id)

    def delta(self, delta: dict[str, Any], part: Part = "", finish_reason: str | None = None) -> Say:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self.chunk([choice], part)

    def chunk(self, choices: list[dict[str, Any]], part: Part, usage: dict[str, Any] | None = None) -> Say:
        said: dict[str, Any] = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": _CREATED,
            "model": self._completion.asked.model,
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
            "choices": choices,
        }
        if self._completion.include_usage:
            said["usage"] = usage
        if self._completion.obfuscated:
            # So that the length of an event does not tell the token's.
            said["obfuscation"] = some_id(self._random, self._random.randint(1, 16))
        return Say(b"data: " + msgspec.json.encode(said) + b"\n\n", part)


def usage(answer: Answer) -> dict[str, Any]:
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": len(answer.reasoning),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _annotations(answer: Answer) -> list[dict[str, Any]]:
    """Citations as the models with a web search give them."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": 0,
                "end_index": len(answer.text),
                "title": cite.title,
                "url": f"https://example.com/{cite.document}",
            },
        }
        for cite in answer.cites
    ]
