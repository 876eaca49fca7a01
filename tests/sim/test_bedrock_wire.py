"""The Bedrock simulator's messages look like the recorded ones: headers, their order, keys, their order."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from penstock.aws.eventstream import Decoder, Message
from penstock.sim import Bedrock
from penstock.sim.asked import Request
from penstock.sim.simulator import Count
from penstock.sim.steps import Head
from tests.sim.arriving import body

WIRE = Path(__file__).parent / "wire"
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=any"}
CLAUDE = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100}
USER = {"role": "user", "content": [{"text": "?"}]}
TOOLS = {
    "tools": [
        {"toolSpec": {"name": "cities", "inputSchema": {"json": {"properties": {"n": {"type": "integer"}}}}}}
    ],
    "toolChoice": {"any": {}},
}


class Story(NamedTuple):
    recorded: str
    path: str
    asked: dict[str, Any]


STORIES = [
    Story("converse-claude.bin", "/model/anthropic.claude-v2/converse-stream", {"messages": [USER]}),
    Story(
        "converse-claude-tool-call.bin",
        "/model/anthropic.claude-v2/converse-stream",
        {"messages": [USER], "toolConfig": TOOLS},
    ),
    Story(
        "invoke-claude.bin",
        "/model/anthropic.claude-v2/invoke-with-response-stream",
        {**CLAUDE, "messages": [{"role": "user", "content": "?"}]},
    ),
    Story(
        "invoke-nova.bin", "/model/amazon.nova-micro-v1%3A0/invoke-with-response-stream", {"messages": [USER]}
    ),
    Story(
        "invoke-titan.bin",
        "/model/amazon.titan-text-lite-v1/invoke-with-response-stream",
        {"inputText": "?"},
    ),
]


def said(story: Story) -> bytes:
    request = Request("POST", story.path, SIGNED, json.dumps(story.asked).encode())
    return body(Bedrock(say="This is a test").reply(request, Count()).steps)


def shapes(stream: bytes) -> list[object]:
    """What each message is like, repeated ones once."""
    found: list[object] = []
    for message in Decoder().feed(stream):
        if (shape := _shape(message)) not in found:
            found.append(shape)
    return found


def _shape(message: Message) -> object:
    pairs = json.loads(message.payload, object_pairs_hook=list)
    inner = [base64.b64decode(value) for key, value in pairs if key == "bytes"]
    inside = [_keys(json.loads(one, object_pairs_hook=list)) for one in inner]
    return list(message.headers.items()), _keys(pairs), inside


def _keys(value: object) -> object:
    """Keys in their order, and what kind of value each has."""
    if isinstance(value, list) and value and all(isinstance(pair, tuple) for pair in value):
        return [(key, _keys(inner)) for key, inner in value]
    return "text" if isinstance(value, str) else "number" if isinstance(value, int) else value


@pytest.mark.parametrize("story", STORIES, ids=[story.recorded for story in STORIES])
def test_messages_look_like_the_recorded_ones(story: Story) -> None:
    recorded = (WIRE / story.recorded).read_bytes()

    assert shapes(said(story)) == shapes(recorded)


def test_a_wrong_model_is_refused_in_the_recorded_words() -> None:
    request = Request("POST", "/model/does-not-exist/converse-stream", SIGNED, b'{"messages":[]}')

    steps = Bedrock().reply(request, Count()).steps

    assert body(steps) == (WIRE / "invalid-model.json").read_bytes()
    assert isinstance(steps[0], Head)
    assert steps[0].status == 400


@pytest.mark.parametrize("headers", [{}, {"x-amz-date": "20261121T000000Z"}])
def test_who_does_not_sign_is_refused(headers: dict[str, str]) -> None:
    request = Request("POST", "/model/anthropic.claude-v2/converse", headers, b"{}")

    steps = Bedrock().reply(request, Count()).steps

    assert b"Missing Authentication Token" in body(steps)


def test_an_api_key_will_do_instead_of_a_signature() -> None:
    request = Request(
        "POST",
        "/model/anthropic.claude-v2/converse",
        {"authorization": "Bearer bedrock-api-key-any"},
        json.dumps({"messages": [USER]}).encode(),
    )

    assert b"end_turn" in body(Bedrock().reply(request, Count()).steps)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/model/anthropic.claude-v2/converse"),
        ("POST", "/model/anthropic.claude-v2/converse-with-response-stream"),
        ("POST", "/model/anthropic.claude-v2"),
        ("POST", "/"),
    ],
)
def test_there_are_no_other_operations(method: str, path: str) -> None:
    steps = Bedrock().reply(Request(method, path, SIGNED), Count()).steps

    assert isinstance(steps[0], Head)
    assert steps[0].status == 404


@pytest.mark.parametrize("sent", [b"", b"{", b"[1]", b'"x"', b"null", b'{"messages":7}', b"\xff"])
def test_what_is_no_request_gets_a_validation_exception(sent: bytes) -> None:
    for path in ("converse", "converse-stream", "invoke", "invoke-with-response-stream"):
        for model in (
            "anthropic.claude-v2",
            "amazon.nova-micro-v1%3A0",
            "meta.llama3-8b",
            "arn%3Aaws%3Acustom-model/x",
        ):
            steps = Bedrock().reply(Request("POST", f"/model/{model}/{path}", SIGNED, sent), Count()).steps

            assert isinstance(steps[0], Head)
            assert steps[0].status == 400
            assert dict(steps[0].headers)["x-amzn-ErrorType"].startswith("ValidationException")
