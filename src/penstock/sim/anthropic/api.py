"""Anthropic's part of the simulator: messages, streamed and whole, counting tokens, the list of models.

https://docs.claude.com/en/api/errors
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from penstock.sim.answer import Answer, tokens
from penstock.sim.anthropic import request as requests
from penstock.sim.anthropic.events import events, message
from penstock.sim.api import Call
from penstock.sim.asked import Asked, Request, Wrong, record
from penstock.sim.steps import Head, Hold, Part, Say, Step, Steps, whole


class Refusal(NamedTuple):
    status: int
    type: str
    message: str


_REFUSALS = {
    "throttle": Refusal(
        429, "rate_limit_error", "This request would exceed your organization's rate limit. Try again later."
    ),
    "quota": Refusal(
        400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."
    ),
    "overloaded": Refusal(529, "overloaded_error", "Overloaded"),
    "error": Refusal(500, "api_error", "Internal server error"),
    "unauthorized": Refusal(401, "authentication_error", "invalid x-api-key"),
    "no-auth": Refusal(401, "authentication_error", "x-api-key header is required"),
    "forbidden": Refusal(
        403, "permission_error", "Your API key does not have permission to use this resource."
    ),
    "unknown-model": Refusal(404, "not_found_error", "model: there is no such model"),
    "too-long": Refusal(400, "invalid_request_error", "prompt is too long: 210011 tokens > 200000 maximum"),
    "no-operation": Refusal(404, "not_found_error", "Not found"),
    "malformed": Refusal(400, "invalid_request_error", "The request body is not valid JSON."),
    "invalid": Refusal(400, "invalid_request_error", "The request is not valid."),
}
_INTERRUPTIONS = ("throttle-midway", "overloaded-midway", "error-midway")
_MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")


class AnthropicApi(NamedTuple):
    request_id: str

    def refused(self, kind: str, message: str = "", *, retry_after_s: float | None = None) -> Steps | None:
        if (refusal := _REFUSALS.get(kind)) is None:
            return None
        headers = [("Content-Type", "application/json"), ("request-id", self.request_id)]
        if kind == "throttle":
            headers.append(("retry-after", f"{1 if retry_after_s is None else retry_after_s:g}"))
        return whole(refusal.status, headers, msgspec.json.encode(self._error(refusal, message)))

    def interrupted(self, kind: str) -> Say | None:
        if kind not in _INTERRUPTIONS:
            return None
        return _event(self._error(_REFUSALS[kind.removesuffix("-midway")], ""))

    def call(self, request: Request) -> Call | Steps:
        if not request.headers.get("x-api-key") and not request.headers.get("authorization"):
            raise Wrong("no-auth")
        if not request.headers.get("anthropic-version"):
            raise Wrong("invalid", "anthropic-version: header is required")
        match request.method, request.path.partition("?")[0]:
            case "GET", "/v1/models":
                return self._whole(_models())
            case "POST", "/v1/messages/count_tokens":
                said = requests.said(record(request.json()))
                return self._whole({"input_tokens": len(tokens(said)) + 4})
            case "POST", "/v1/messages":
                return self._message(record(request.json()))
            case _:
                raise Wrong("no-operation")

    def _message(self, body: dict[str, Any]) -> Message:
        model = body.get("model")
        if not isinstance(model, str) or not model:
            raise Wrong("invalid", "model: Field required")
        asked = requests.read(body, model, streamed=bool(body.get("stream")))
        return Message(asked, self.request_id)

    def _whole(self, content: dict[str, Any]) -> Steps:
        headers = (("Content-Type", "application/json"), ("request-id", self.request_id))
        return whole(200, headers, msgspec.json.encode(content))

    def _error(self, refusal: Refusal, message: str) -> dict[str, Any]:
        error = {"type": refusal.type, "message": message or refusal.message}
        return {"type": "error", "error": error, "request_id": self.request_id}


class Message(msgspec.Struct, frozen=True):
    asked: Asked
    request_id: str

    def streamed(self, answer: Answer) -> Steps:
        headers = (
            ("Content-Type", "text/event-stream; charset=utf-8"),
            ("Cache-Control", "no-cache"),
            ("request-id", self.request_id),
        )
        steps: list[Step] = [Head(200, headers)]
        pinged = False
        for event in events(answer, self.asked.model, f"msg_{answer.id}"):
            steps.append(event if isinstance(event, Hold) else _event(event.content, event.part))
            if not pinged and not isinstance(event, Hold) and event.content["type"] == "content_block_start":
                steps.append(_event({"type": "ping"}))
                pinged = True
        return tuple(steps)

    def whole(self, answer: Answer) -> Steps:
        headers = (("Content-Type", "application/json"), ("request-id", self.request_id))
        said = message(answer, self.asked.model, f"msg_{answer.id}")
        return whole(200, headers, msgspec.json.encode(said))


def _event(content: dict[str, Any], part: Part = "") -> Say:
    return Say(b"event: %s\ndata: %s\n\n" % (content["type"].encode(), msgspec.json.encode(content)), part)


def _models() -> dict[str, Any]:
    models = [
        {"type": "model", "id": id, "display_name": id, "created_at": "2025-09-29T00:00:00Z"}
        for id in _MODELS
    ]
    return {"data": models, "has_more": False, "first_id": _MODELS[0], "last_id": _MODELS[-1]}
