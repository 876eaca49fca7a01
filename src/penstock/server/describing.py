"""How routes are described in the OpenAPI document: a few words that openapi.py and its neighbours use."""

from __future__ import annotations

from typing import Any

REF = "#/components/schemas/{name}"

THREAD = {"name": "thread", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 128}}
TURN = {"name": "turn", "in": "path", "required": True, "schema": {"type": "string"}}
CURSOR = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The cursor to go on after: the `id:` of the last event seen. Also as `?cursor=`.",
    "schema": {"type": "string"},
}


def query(name: str, kind: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": text, "schema": {"type": kind}}


def answer(text: str, media_type: str = "", shape: str = "") -> dict[str, Any]:
    if not media_type:
        return {"description": text}
    schema = {"$ref": REF.format(name=shape)} if shape else {"type": "string"}
    return {"description": text, "content": {media_type: {"schema": schema}}}


def json_answer(text: str, shape: str) -> dict[str, Any]:
    """`shape` is the name of a class in the document's schemas."""
    return answer(text, "application/json", shape)


EVENTS = answer("AG-UI 1.0 events; each `id:` is a cursor.", "text/event-stream")


def operation(
    name: str, summary: str, answers: dict[str, Any], *parameters: dict[str, Any], body: str = ""
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        "responses": {**answers, "default": answer("A problem.", "application/problem+json", "Problem")},
    }
    if body:
        schema = {"$ref": REF.format(name=body)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described
