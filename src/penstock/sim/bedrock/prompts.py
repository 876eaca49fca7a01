"""The families that InvokeModel asks with a prompt.

Titan's shape was recorded, the others are from their documentation.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from penstock.sim.answer import Answer, Why
from penstock.sim.anthropic.events import Event
from penstock.sim.asked import Asked, Wrong, all_text, limit, record, texts
from penstock.sim.bedrock.checks import needs
from penstock.sim.steps import Hold

# Where a person begins to speak in a prompt that holds the whole conversation.
_USER = re.compile(r"\b(?:Human|User):|\[INST\]|<\|start_header_id\|>user<\|end_header_id\|>")


def _words(answer: Answer, say: Callable[[str], dict[str, Any]]) -> Iterator[Event | Hold]:
    for piece in answer.pieces:
        yield piece if isinstance(piece, Hold) else Event(say(piece), "words")


def _prompted(prompt: object, streamed: bool, model: str, **more: Any) -> Asked:
    question = _USER.split(str(prompt))[-1]
    return Asked(model=model, question=question, said=all_text(prompt), streamed=streamed, **more)


# --- Claude, up to its second version -----------------------------------------

_LEGACY: dict[Why, str] = {"length": "max_tokens", "filtered": "content_filtered"}


def read_legacy(raw: Any, model: str, streamed: bool) -> Asked:
    body = record(raw)
    needs(body, "prompt", "max_tokens_to_sample")
    if "\n\nHuman:" not in f"\n\n{str(body['prompt']).lstrip()}":
        message = 'prompt must start with "\n\nHuman:" turn after an optional system prompt'
        raise Wrong("invalid", f"Invalid prompt: {message}")
    most, stops = limit(body, "max_tokens_to_sample"), texts(body.get("stop_sequences"))
    return _prompted(body["prompt"], streamed, model, max_tokens=most, stops=stops)


def legacy(answer: Answer, model: str) -> Iterable[Event | Hold]:
    yield from _words(answer, lambda piece: {"completion": piece, "stop_reason": None, "stop": None})
    yield Event(legacy_end(answer, ""), "end")


def legacy_end(answer: Answer, text: str) -> dict[str, Any]:
    reason = _LEGACY.get(answer.why, "stop_sequence")
    stop = answer.stop or ("\n\nHuman:" if answer.why == "end" else None)
    return {"type": "completion", "completion": text, "stop_reason": reason, "stop": stop}


# --- Titan --------------------------------------------------------------------

_TITAN: dict[Why, str] = {
    "length": "LENGTH",
    "stop": "STOP_CRITERIA_MET",
    "filtered": "CONTENT_FILTERED",
    "blocked": "CONTENT_FILTERED",
}


def read_titan(raw: Any, model: str, streamed: bool) -> Asked:
    body = record(raw)
    needs(body, "inputText")
    config = record(body.get("textGenerationConfig"))
    most, stops = limit(config, "maxTokenCount"), texts(config.get("stopSequences"))
    return _prompted(body["inputText"], streamed, model, max_tokens=most, stops=stops)


def titan(answer: Answer, model: str) -> Iterable[Event | Hold]:
    """One chunk holds it all, as it mostly does; a guardrail's message comes in one of its own."""
    yield from (piece for piece in answer.pieces if isinstance(piece, Hold))
    *before, last = [
        "".join(piece for piece in pieces if isinstance(piece, str)) for pieces in answer.texts or ((),)
    ]
    yield from (Event({"outputText": text, "index": 0}, "words") for text in before)
    yield Event(
        {
            "outputText": last,
            "index": 0,
            "totalOutputTextTokenCount": answer.output_tokens,
            "completionReason": _TITAN.get(answer.why, "FINISH"),
            "inputTextTokenCount": answer.input_tokens,
        },
        "words",
    )


def titan_whole(answer: Answer, model: str) -> dict[str, Any]:
    reason = _TITAN.get(answer.why, "FINISH")
    result = {"tokenCount": answer.output_tokens, "outputText": answer.text, "completionReason": reason}
    return {"inputTextTokenCount": answer.input_tokens, "results": [result]}


# --- Llama --------------------------------------------------------------------


def read_llama(raw: Any, model: str, streamed: bool) -> Asked:
    body = record(raw)
    needs(body, "prompt")
    return _prompted(body["prompt"], streamed, model, max_tokens=limit(body, "max_gen_len"))


def llama(answer: Answer, model: str) -> Iterable[Event | Hold]:
    said = 0

    def one(text: str, reason: str | None, prompt: int | None) -> dict[str, Any]:
        counts = {"prompt_token_count": prompt, "generation_token_count": said}
        return {"generation": text, **counts, "stop_reason": reason}

    for piece in answer.pieces:
        if isinstance(piece, Hold):
            yield piece
            continue
        said += 1
        yield Event(one(piece, None, answer.input_tokens if said == 1 else None), "words")
    yield Event(one("", _llama_reason(answer), None), "end")


def llama_whole(answer: Answer, model: str) -> dict[str, Any]:
    counts = {"prompt_token_count": answer.input_tokens, "generation_token_count": answer.output_tokens}
    return {"generation": answer.text, **counts, "stop_reason": _llama_reason(answer)}


def _llama_reason(answer: Answer) -> str:
    return "length" if answer.why == "length" else "stop"


# --- Cohere Command -----------------------------------------------------------


def read_cohere(raw: Any, model: str, streamed: bool) -> Asked:
    """Command R is asked with `message`, its forerunners with `prompt`."""
    body = record(raw)
    needs(body, "message" if "message" in body else "prompt")
    text = body.get("message") or body.get("prompt")
    stops = texts(body.get("stop_sequences"))
    return _prompted(text, streamed, model, max_tokens=limit(body, "max_tokens"), stops=stops)


def cohere(answer: Answer, model: str) -> Iterable[Event | Hold]:
    yield Event({"is_finished": False, "event_type": "stream-start", "generation_id": answer.id})
    yield from _words(
        answer, lambda piece: {"is_finished": False, "event_type": "text-generation", "text": piece}
    )
    ended = {"finish_reason": _cohere_reason(answer), "response": cohere_whole(answer, model)}
    yield Event({"is_finished": True, "event_type": "stream-end", **ended}, "end")


def cohere_whole(answer: Answer, model: str) -> dict[str, Any]:
    generation = {"id": answer.id, "text": answer.text, "finish_reason": _cohere_reason(answer)}
    return {"id": answer.id, "text": answer.text, "generations": [generation], "prompt": ""}


def _cohere_reason(answer: Answer) -> str:
    return {"length": "MAX_TOKENS", "filtered": "ERROR_TOXIC", "blocked": "ERROR_TOXIC"}.get(
        answer.why, "COMPLETE"
    )


# --- Mistral ------------------------------------------------------------------


def read_mistral(raw: Any, model: str, streamed: bool) -> Asked:
    body = record(raw)
    needs(body, "prompt")
    most, stops = limit(body, "max_tokens"), texts(body.get("stop"))
    return _prompted(body["prompt"], streamed, model, max_tokens=most, stops=stops)


def mistral(answer: Answer, model: str) -> Iterable[Event | Hold]:
    yield from _words(answer, lambda piece: {"outputs": [{"text": piece, "stop_reason": None}]})
    yield Event(mistral_end(answer, ""), "end")


def mistral_end(answer: Answer, text: str) -> dict[str, Any]:
    return {"outputs": [{"text": text, "stop_reason": "length" if answer.why == "length" else "stop"}]}
