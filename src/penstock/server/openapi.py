"""The description at /openapi.json, made from the shapes that the routes really use.

https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from penstock.server.api import Accepted, Answer, Ask, StopNoted, Transcript

_SHAPES = (Ask, Accepted, Transcript, Answer, StopNoted)
_REF = "#/components/schemas/{name}"

_THREAD = {"name": "thread", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 128}}
_TURN = {"name": "turn", "in": "path", "required": True, "schema": {"type": "string"}}
_CURSOR = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The cursor to go on after: the `id:` of the last event seen. Also as `?cursor=`.",
    "schema": {"type": "string"},
}


def _query(name: str, kind: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": text, "schema": {"type": kind}}


def _answer(text: str, media_type: str = "", shape: str = "") -> dict[str, Any]:
    if not media_type:
        return {"description": text}
    schema = {"$ref": _REF.format(name=shape)} if shape else {"type": "string"}
    return {"description": text, "content": {media_type: {"schema": schema}}}


def _json(text: str, shape: str) -> dict[str, Any]:
    return _answer(text, "application/json", shape)


_EVENTS = _answer("AG-UI 1.0 events; each `id:` is a cursor.", "text/event-stream")


def _operation(
    name: str, summary: str, answers: dict[str, Any], *parameters: dict[str, Any], body: str = ""
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        "responses": {**answers, "default": _answer("A problem.", "application/problem+json", "Problem")},
    }
    if body:
        schema = {"$ref": _REF.format(name=body)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


_OPENAI = "https://platform.openai.com/docs/api-reference/chat"
_OBJECT: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
_REFUSED = _json("An error, in OpenAI's shape.", "OpenAIError")
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Names the question, so that it may be sent again without being asked twice.",
    "schema": {"type": "string", "maxLength": 200},
}


def _openai(name: str, summary: str) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "externalDocs": {"url": _OPENAI}}


_PATHS: dict[str, Any] = {
    "/api/threads/{thread}/questions": {
        "post": _operation(
            "ask",
            "Put a question. With `Accept: text/event-stream` the answer's events follow at once.",
            {"200": _EVENTS, "202": _json("It is written down and will be answered.", "Accepted")},
            _THREAD,
            body="Ask",
        )
    },
    "/api/threads/{thread}": {
        "get": _operation(
            "read",
            "Read a thread.",
            {"200": _json("Its newest turns, oldest first.", "Transcript")},
            _THREAD,
            _query("before", "string", "Only turns before this one."),
            _query("limit", "integer", "At most so many turns, 1 to 200."),
        ),
        "delete": _operation(
            "forget", "Forget a thread and all that belongs to it.", {"204": _answer("Forgotten.")}, _THREAD
        ),
    },
    "/api/threads/{thread}/events": {
        "get": _operation(
            "followThread", "Follow all answers of a thread.", {"200": _EVENTS}, _THREAD, _CURSOR
        )
    },
    "/api/turns/{turn}": {
        "get": _operation(
            "readTurn", "An answer as it stands.", {"200": _json("The answer.", "Answer")}, _TURN
        )
    },
    "/api/turns/{turn}/events": {
        "get": _operation(
            "followTurn",
            "Follow one answer to its end.",
            {"200": _EVENTS, "204": _answer("The cursor is that of the end: there is nothing more to come.")},
            _TURN,
            _CURSOR,
        )
    },
    "/api/turns/{turn}/stop": {
        "post": _operation(
            "stop",
            "Stop an answer; what was said so far is kept.",
            {"202": _json("The order is written down.", "StopNoted")},
            _TURN,
        )
    },
    "/v1/chat/completions": {
        "post": {
            **_openai("createChatCompletion", "OpenAI's chat completions, streamed or not."),
            "requestBody": {"required": True, "content": _OBJECT},
            "parameters": [_IDEMPOTENCY],
            "responses": {
                "200": {
                    "description": "A chat completion, or its chunks as server-sent events.",
                    "content": {**_OBJECT, "text/event-stream": {"schema": {"type": "string"}}},
                },
                "default": _REFUSED,
            },
        }
    },
    "/v1/models": {
        "get": {
            **_openai("listModels", "The one model there is, under its name."),
            "responses": {"200": {"description": "A list.", "content": _OBJECT}, "default": _REFUSED},
        }
    },
    "/v1/models/{name}": {
        "get": {
            **_openai("readModel", "That model."),
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {"200": {"description": "Its card.", "content": _OBJECT}, "default": _REFUSED},
        }
    },
}

_PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457 problem details; `type` names the kind, `detail` is for people.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}

_OPENAI_ERROR = {
    "title": "OpenAIError",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {name: {"type": "string"} for name in ("message", "type", "code")},
        }
    },
}


def description(title: str, root: str) -> bytes:
    """`root`: where we are mounted."""
    _, schemas = msgspec.json.schema_components(_SHAPES, ref_template=_REF)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": title, "version": version("penstock")},
            "servers": [{"url": root or "/"}],
            "paths": _PATHS,
            "components": {"schemas": {**schemas, "Problem": _PROBLEM, "OpenAIError": _OPENAI_ERROR}},
        }
    )
