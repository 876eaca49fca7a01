"""OpenAI's part of the simulator: chat completions and the list of models; requests, and how it says no.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from penstock.sim.api import Call
from penstock.sim.asked import Asked, Request, Tool, Wrong, all_text, dicts, limit, record, texts
from penstock.sim.openai.chunks import Completion
from penstock.sim.steps import Say, Steps, whole


class Refusal(NamedTuple):
    status: int
    message: str
    type: str
    code: str | None = None


_BUSY = "Rate limit reached for this model on tokens per min (TPM). Please try again later."
_OVERLOADED = "The engine is currently overloaded, please try again later"
_INTERNAL = "The server had an error while processing your request. Sorry about that!"
_ASKED_WRONG = "invalid_request_error"

_REFUSALS = {
    "throttle": Refusal(429, _BUSY, "tokens", "rate_limit_exceeded"),
    "quota": Refusal(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "overloaded": Refusal(503, _OVERLOADED, "server_error"),
    "error": Refusal(500, _INTERNAL, "server_error"),
    "unauthorized": Refusal(401, "Incorrect API key provided.", _ASKED_WRONG, "invalid_api_key"),
    "no-auth": Refusal(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using "
        "Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        _ASKED_WRONG,
    ),
    "forbidden": Refusal(403, "Project does not have access to this model.", _ASKED_WRONG, "model_not_found"),
    "unknown-model": Refusal(
        404, "The model does not exist or you do not have access to it.", _ASKED_WRONG, "model_not_found"
    ),
    "too-long": Refusal(
        400,
        "This model's maximum context length is 128000 tokens. Please reduce the length of the messages.",
        _ASKED_WRONG,
        "context_length_exceeded",
    ),
    "no-operation": Refusal(404, "Invalid URL.", _ASKED_WRONG),
    "malformed": Refusal(400, "We could not parse the JSON body of your request.", _ASKED_WRONG),
    "invalid": Refusal(400, "The request is not valid.", _ASKED_WRONG),
}
_INTERRUPTIONS = {
    "throttle-midway": _REFUSALS["throttle"],
    "overloaded-midway": _REFUSALS["overloaded"],
    "error-midway": _REFUSALS["error"],
}
_MODELS = ("gpt-6-sol", "gpt-6-luna", "gpt-5.5", "gpt-5-mini", "gpt-4.1", "gpt-4.1-mini")
_ROLES = ("developer", "system", "user", "assistant", "tool", "function")


class OpenAIApi(NamedTuple):
    request_id: str

    def refused(self, kind: str, message: str = "", *, retry_after_s: float | None = None) -> Steps | None:
        if (refusal := _REFUSALS.get(kind)) is None:
            return None
        headers = [("Content-Type", "application/json"), ("x-request-id", self.request_id)]
        if kind == "throttle":
            wait_s = 1 if retry_after_s is None else retry_after_s
            headers += [("retry-after", f"{wait_s:g}"), ("retry-after-ms", f"{wait_s * 1000:g}")]
        return whole(refusal.status, headers, msgspec.json.encode(_error(refusal, message)))

    def interrupted(self, kind: str) -> Say | None:
        if (refusal := _INTERRUPTIONS.get(kind)) is None:
            return None
        return Say(b"data: " + msgspec.json.encode(_error(refusal)) + b"\n\n")

    def call(self, request: Request) -> Call | Steps:
        path = request.path.partition("?")[0].removeprefix("/v1")
        if (request.method, path) not in (("POST", "/chat/completions"), ("GET", "/models")):
            raise Wrong("no-operation", f"Invalid URL ({request.method} {request.path.partition('?')[0]})")
        if not request.headers.get("authorization", "").startswith("Bearer "):
            raise Wrong("no-auth")
        headers = (("x-request-id", self.request_id),)
        if path == "/models":
            return whole(
                200, (("Content-Type", "application/json"), *headers), msgspec.json.encode(_models())
            )
        return read(request.json(), headers)


def _error(refusal: Refusal, message: str = "") -> dict[str, Any]:
    said = message or refusal.message
    return {"error": {"message": said, "type": refusal.type, "param": None, "code": refusal.code}}


def _models() -> dict[str, Any]:
    models = [{"id": id, "object": "model", "created": 1_764_000_000, "owned_by": "openai"} for id in _MODELS]
    return {"object": "list", "data": models}


def read(raw: Any, headers: tuple[tuple[str, str], ...] = ()) -> Completion:
    """Raises Wrong, with the words of OpenAI as far as they are known."""
    body = record(raw)
    messages = dicts(body.get("messages"))
    _check(body, messages)
    options, last = record(body.get("stream_options")), messages[-1]
    stop = body.get("stop")
    asked = Asked(
        model=str(body["model"]),
        question=all_text(_texts(last.get("content"))) if last["role"] == "user" else "",
        said=all_text([[message.get("content") for message in messages], body.get("tools")]),
        streamed=bool(body.get("stream")),
        max_tokens=limit(body, "max_completion_tokens") or limit(body, "max_tokens"),
        stops=(stop,) if isinstance(stop, str) else texts(stop),
        tools=tuple(
            Tool(str(tool["function"].get("name")), record(tool["function"].get("parameters")))
            for tool in dicts(body.get("tools"))
            if isinstance(tool.get("function"), dict)
        ),
        must_call=_must_call(body.get("tool_choice")),
        returned=last["role"] == "tool",
        thinks=body.get("reasoning_effort") in ("low", "medium", "high", "xhigh"),
    )
    obfuscated = options.get("include_obfuscation") is not False
    return Completion(asked, headers, bool(options.get("include_usage")), obfuscated)


def _texts(content: object) -> object:
    if isinstance(content, list):
        return [part.get("text") for part in dicts(content) if part.get("type") == "text"]
    return content


def _must_call(choice: object) -> str | None:
    match choice:
        case "required":
            return ""
        case {"function": {"name": str(name)}}:
            return name
        case _:
            return None


def _check(body: dict[str, Any], messages: list[dict[str, Any]]) -> None:
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise Wrong("invalid", "you must provide a model parameter")
    if "messages" not in body:
        raise Wrong("invalid", "Missing required parameter: 'messages'.")
    if not messages:
        raise Wrong("invalid", "Invalid 'messages': empty array. Expected an array with minimum length 1.")
    if body.get("n", 1) not in (None, 1):
        raise Wrong("invalid", "penstock sim gives one choice: leave out n.")
    calls: set[str] = set()
    for at, message in enumerate(messages):
        if message.get("role") not in _ROLES:
            raise Wrong("invalid", f"Invalid value: {message.get('role')!r} at messages[{at}].role.")
        if message["role"] == "tool" and str(message.get("tool_call_id")) not in calls:
            raise Wrong(
                "invalid",
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
                "with 'tool_calls'.",
            )
        calls |= {str(call.get("id")) for call in dicts(message.get("tool_calls"))}
