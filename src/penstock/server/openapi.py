"""The description at /openapi.json, made from the shapes that the routes really use.

https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from penstock.server import openapi_admin as admin
from penstock.server import openapi_conversations as conversations
from penstock.server import openapi_sign_in as sign_in
from penstock.server.describing import (
    CURSOR,
    EVENTS,
    REF,
    THREAD,
    TURN,
    answer,
    json_answer,
    operation,
    query,
)
from penstock.server.page import PageInfo
from penstock.server.shapes import Accepted, Answer, Ask, StopNoted, Transcript

_SHAPES = (
    Ask,
    Accepted,
    Transcript,
    Answer,
    StopNoted,
    PageInfo,
    *conversations.SHAPES,
    *admin.SHAPES,
    *sign_in.SHAPES,
)
_OPENAI = "https://platform.openai.com/docs/api-reference/chat"
_OBJECT: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
_REFUSED = json_answer("An error, in OpenAI's shape.", "OpenAIError")
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
        "post": operation(
            "ask",
            "Put a question. With `Accept: text/event-stream` the answer's events follow at once.",
            {"200": EVENTS, "202": json_answer("It is written down and will be answered.", "Accepted")},
            THREAD,
            body="Ask",
        )
    },
    "/api/threads/{thread}": {
        "get": operation(
            "read",
            "Read a thread.",
            {"200": json_answer("Its newest turns, oldest first.", "Transcript")},
            THREAD,
            query("before", "string", "Only turns before this one."),
            query("limit", "integer", "At most so many turns, 1 to 200."),
        ),
        "patch": conversations.CHANGE,
        "delete": operation(
            "forget", "Forget a thread and all that belongs to it.", {"204": answer("Forgotten.")}, THREAD
        ),
    },
    "/api/threads/{thread}/events": {
        "get": operation("followThread", "Follow all answers of a thread.", {"200": EVENTS}, THREAD, CURSOR)
    },
    "/api/turns/{turn}": {
        "get": operation(
            "readTurn", "An answer as it stands.", {"200": json_answer("The answer.", "Answer")}, TURN
        )
    },
    "/api/turns/{turn}/events": {
        "get": operation(
            "followTurn",
            "Follow one answer to its end.",
            {"200": EVENTS, "204": answer("The cursor is that of the end: there is nothing more to come.")},
            TURN,
            CURSOR,
        )
    },
    "/api/turns/{turn}/stop": {
        "post": operation(
            "stop",
            "Stop an answer; what was said so far is kept.",
            {"202": json_answer("The order is written down.", "StopNoted")},
            TURN,
        )
    },
    **conversations.PATHS,
    **admin.PATHS,
    **sign_in.PATHS,
    "/api/page": {
        "get": operation(
            "page",
            "What the page shows before anybody has signed in.",
            {"200": json_answer("Its title, its greeting and how to sign in.", "PageInfo")},
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
    _, schemas = msgspec.json.schema_components(_SHAPES, ref_template=REF)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": title, "version": version("penstock")},
            "servers": [{"url": root or "/"}],
            "paths": _PATHS,
            "components": {"schemas": {**schemas, "Problem": _PROBLEM, "OpenAIError": _OPENAI_ERROR}},
        }
    )
