"""No request is so strange that a simulator has no answer to it."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.sim import Bedrock, OpenAI
from penstock.sim.asked import Request
from penstock.sim.simulator import Count, Simulator
from penstock.sim.steps import Head
from tests.sim.arriving import body

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "enum": ["a", "b"]},
        "days": {"type": "integer", "minimum": 2},
        "units": {"anyOf": [{"type": "array", "items": {"type": "number"}}, {"const": 1}]},
        "at": {"type": ["boolean", "null"]},
    },
}
CONVERSE = {
    "system": [{"text": "be brief"}],
    "messages": [
        {"role": "user", "content": [{"text": "?"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "x", "input": {}}}]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t", "content": [{"text": "!"}]}},
                {"document": {"name": "d", "source": {"bytes": "YQ=="}, "citations": {"enabled": True}}},
            ],
        },
    ],
    "toolConfig": {
        "tools": [{"toolSpec": {"name": "x", "inputSchema": {"json": SCHEMA}}}],
        "toolChoice": {"tool": {"name": "x"}},
    },
    "inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "stopSequences": ["stop"]},
    "additionalModelRequestFields": {"thinking": {"type": "enabled"}},
    "guardrailConfig": {"guardrailIdentifier": "g", "streamProcessingMode": "async"},
}
MESSAGES = {
    "anthropic_version": "bedrock-2023-05-31",
    "model": "m",
    "max_tokens": 9,
    "stream": True,
    "messages": [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "x", "input": {}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": "!"},
                {"type": "document", "title": "d", "source": {"data": "a"}, "citations": {"enabled": True}},
            ],
        },
    ],
    "tools": [{"name": "x", "input_schema": SCHEMA}],
    "tool_choice": {"type": "tool", "name": "x"},
    "stop_sequences": ["stop"],
    "thinking": {"type": "enabled", "budget_tokens": 5},
}
CHAT = {
    "model": "m",
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "?"}]},
        {"role": "assistant", "tool_calls": [{"id": "t", "function": {"name": "x", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "t", "content": "!"},
    ],
    "tools": [{"type": "function", "function": {"name": "x", "parameters": SCHEMA}}],
    "tool_choice": {"type": "function", "function": {"name": "x"}},
    "max_tokens": 9,
    "stop": ["stop"],
}
ANY = {"authorization": "Bearer any"}
INVOKE = "/model/{}/invoke-with-response-stream"
STORIES: list[tuple[Simulator, str, dict[str, str], dict[str, Any]]] = [
    (Bedrock(tokens=5), "/model/amazon.nova-micro-v1:0/converse-stream", ANY, CONVERSE),
    (Bedrock(tokens=5), INVOKE.format("anthropic.claude-v2"), ANY, MESSAGES),
    (Bedrock(tokens=5), INVOKE.format("amazon.nova-micro-v1:0"), ANY, CONVERSE),
    (
        Bedrock(tokens=5),
        INVOKE.format("anthropic.claude-v2"),
        ANY,
        {"prompt": "\n\nHuman: ?\n\nAssistant:", "max_tokens_to_sample": 9, "stop_sequences": ["x"]},
    ),
    (
        Bedrock(tokens=5),
        INVOKE.format("amazon.titan-text-lite-v1"),
        ANY,
        {"inputText": "?", "textGenerationConfig": {"maxTokenCount": 9, "stopSequences": ["x"]}},
    ),
    (Bedrock(tokens=5), INVOKE.format("meta.llama3"), ANY, {"prompt": "?", "max_gen_len": 9}),
    (Bedrock(tokens=5), INVOKE.format("cohere.command-r"), ANY, {"message": "?", "max_tokens": 9}),
    (Bedrock(tokens=5), INVOKE.format("mistral.mistral-7b"), ANY, {"prompt": "?", "max_tokens": 9}),
    (OpenAI(tokens=5), "/v1/chat/completions", ANY, CHAT),
    (OpenAI(tokens=5), "/v1/messages", {**ANY, "anthropic-version": "x"}, MESSAGES),
    (OpenAI(tokens=5), "/v1/messages/count_tokens", {**ANY, "anthropic-version": "x"}, MESSAGES),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in it, with each key that it has."""
    found: list[tuple[Any, Any]] = []
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found += [(value, key), *places(value[key])]
    return found


@pytest.mark.parametrize("story", STORIES, ids=[path for _, path, _, _ in STORIES])
def test_the_request_that_is_spoilt_below_is_answered(
    story: tuple[Simulator, str, dict[str, str], dict[str, Any]],
) -> None:
    simulator, path, headers, asked = story

    steps = simulator.reply(Request("POST", path, headers, msgspec.json.encode(asked)), Count()).steps

    assert isinstance(steps[0], Head)
    assert steps[0].status == 200, body(steps)


@pytest.mark.parametrize("story", STORIES, ids=[path for _, path, _, _ in STORIES])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_request_with_anything_in_any_place_gets_an_answer_or_a_sentence(
    story: tuple[Simulator, str, dict[str, str], dict[str, Any]], data: st.DataObject
) -> None:
    simulator, path, headers, asked = story
    spoilt = copy.deepcopy(asked)
    container, key = data.draw(st.sampled_from(places(spoilt)))
    container[key] = data.draw(json_values)

    steps = simulator.reply(Request("POST", path, headers, msgspec.json.encode(spoilt)), Count()).steps

    assert isinstance(steps[0], Head)
    assert steps[0].status in (200, 400)
    assert body(steps)
