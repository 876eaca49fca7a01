"""An answer as OpenAI's chat completion: in chunks as it comes, or whole.

Each wake-up makes one chunk, whatever it brought: what the fold says more than was sent.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from penstock.channels.http import refusal
from penstock.core.events import Entry, FinishReason, Reasoning, Text, Usage
from penstock.core.turn import Turn, View

BEAT = b": beat\n\n"
"""An SSE comment, for when nothing happens: proxies cut silent connections."""

_DONE = b"data: [DONE]\n\n"
_json = msgspec.json.Encoder().encode

_ONLY_TEXT = {Text}
_ONLY_REASONING = {Reasoning}

# A refusal's words were sent as content before anybody knew it was one, so they stay content.
_REASONS: dict[FinishReason, str] = {
    "complete": "stop",
    "length": "length",
    "blocked": "content_filter",
    "refused": "stop",
    "tool": "stop",
}
_TAKEN_BACK = (
    "What was sent of this answer has been withdrawn. What becomes of it can be read as turn {turn}."
)
_CUT_SHORT = "{sentence} What there is of the answer can be read as turn {turn}."


class Completion:
    """A streamed answer to one client. `over`: everything was said, close the connection."""

    def __init__(self, turn: str, model: str, created_s: float, *, include_usage: bool = False) -> None:
        self.over = False
        self._turn = turn
        self._include_usage = include_usage
        self._fold = Turn()
        self._head = {
            "id": completion_id(turn),
            "object": "chat.completion.chunk",
            "created": int(created_s),
            "model": model,
        }
        # With include_usage, every chunk but the last carries a usage of null.
        usage = b',"usage":null' if include_usage else b""
        self._before = b'data: %b,"choices":[{"index":0,"delta":{"content":' % _json(self._head)[:-1]
        self._after = b'},"finish_reason":null}]%b}\n\n' % usage

    def opening(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def encode(self, entries: Sequence[Entry]) -> bytes:
        """The bytes for all of these; a beat when none of them is for the client."""
        # Nearly every wake-up brings one piece of text or a few, which need no look at the whole answer.
        if len(entries) == 1 and type(event := entries[0].event) is Text and event.text:
            self._fold.receive(event)
            return b"".join((self._before, _json(event.text), self._after))
        return self._several(entries) or BEAT

    def _several(self, entries: Sequence[Entry]) -> bytes:
        kinds = {type(entry.event) for entry in entries}
        if kinds == _ONLY_TEXT:
            return self._content(self._pieces(entries))
        if kinds == _ONLY_REASONING:
            return self._reasoning(self._pieces(entries))
        return self._whatever(entries)

    def _pieces(self, entries: Sequence[Entry]) -> str:
        pieces = []
        for _, _, event in entries:
            self._fold.receive(event)
            if isinstance(event, Text | Reasoning):
                pieces.append(event.text)
        return "".join(pieces)

    def _whatever(self, entries: Sequence[Entry]) -> bytes:
        sent = self._fold.view
        for entry in entries:
            self._fold.receive(entry.event)
        view = self._fold.view
        if not view.text.startswith(sent.text):
            return self._fail(_TAKEN_BACK.format(turn=self._turn), "answer_withdrawn")
        # Reasoning is not the answer: when it is taken back, the client only gets the new one.
        out = self._reasoning(view.reasoning.removeprefix(sent.reasoning))
        out += self._content(view.text.removeprefix(sent.text))
        return out + self._end(view) if view.done else out

    def _content(self, text: str) -> bytes:
        return b"%b%b%b" % (self._before, _json(text), self._after) if text else b""

    def _reasoning(self, text: str) -> bytes:
        return self._chunk({"reasoning_content": text}) if text else b""

    def _end(self, view: View) -> bytes:
        if view.state == "failed":
            sentence = _CUT_SHORT.format(sentence=view.error, turn=self._turn) if view.text else view.error
            return self._fail(sentence, view.error_code, view.reference)
        self.over = True
        last = self._chunk({}, finish_reason(view), penstock=_ours(self._turn, view))
        if self._include_usage:
            last += b"data: %b\n\n" % _json({**self._head, "choices": [], "usage": _usage(view.usage)})
        return last + _DONE

    def _fail(self, sentence: str, code: str, reference: str = "") -> bytes:
        self.over = True
        return b"data: %b\n\n" % refusal.body(500, sentence, code, turn=self._turn, reference=reference)

    def _chunk(self, delta: dict[str, str], reason: str | None = None, **more: object) -> bytes:
        chunk = {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **more}
        if self._include_usage:
            chunk["usage"] = None
        return b"data: %b\n\n" % _json(chunk)


def whole(view: View, turn: str, model: str, created_s: float) -> bytes:
    """The answer of a turn that is done or was stopped, in one object; for a failed one see `failure`."""
    message = {"role": "assistant", "content": view.text, "refusal": None}
    if view.reasoning:
        message["reasoning_content"] = view.reasoning
    return _json(
        {
            "id": completion_id(turn),
            "object": "chat.completion",
            "created": int(created_s),
            "model": model,
            "choices": [
                {"index": 0, "message": message, "finish_reason": finish_reason(view), "logprobs": None}
            ],
            "usage": _usage(view.usage),
            "penstock": _ours(turn, view),
        }
    )


def completion_id(turn: str) -> str:
    return f"chatcmpl-{turn}"


def finish_reason(view: View) -> str:
    return _REASONS[view.finish] if view.finish else "stop"


def _usage(usage: Usage) -> dict[str, object]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _ours(turn: str, view: View) -> dict[str, object]:
    """What OpenAI's shape has no place for, under a name of our own; its clients pass it over."""
    ours: dict[str, object] = {"turn": turn}
    if view.finish:
        ours["finish"] = view.finish
    if view.stopped_by:
        ours["stopped_by"] = view.stopped_by
    if view.citations:
        ours["citations"] = [
            {"number": c.number, "source": c.passage.source, "heading": c.passage.heading}
            for c in view.citations
        ]
    return ours


def models(names: Sequence[str], created_s: float) -> bytes:
    """The answer to GET /v1/models."""
    return _json({"object": "list", "data": [_card(name, created_s) for name in names]})


def model_card(name: str, created_s: float) -> bytes:
    """The answer to GET /v1/models/{name}."""
    return _json(_card(name, created_s))


def _card(name: str, created_s: float) -> dict[str, object]:
    return {"id": name, "object": "model", "created": int(created_s), "owned_by": "penstock"}
