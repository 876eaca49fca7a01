"""What models decode alike: counts of tokens, however they were sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.core.events import Event, Finished, Text, Usage
from penstock.models.decoding import count
from penstock.models.messages.events import Reading as Messages
from penstock.models.openai.chunks import Reading as Chunks
from tests.models.bedrock_streams import START, event, stopped, text, told

COUNTS = [
    (0, 0), (7, 7), (7.0, 7), (2**53, 2**53),
    (-1, 0), (2**53 + 1, 0), (10**299, 0), (1.5, 0), (-1.0, 0),
    (1e300, 0), (True, 0), ("7", 0), (None, 0), ([], 0), ({}, 0),
]  # fmt: skip
SENT = pytest.mark.parametrize(("sent", "read"), COUNTS)


@SENT
def test_a_count_is_a_whole_number_that_is_possible_or_none(sent: object, read: int) -> None:
    assert count(sent) == read


@pytest.mark.parametrize("sent", [float("nan"), float("inf")])
def test_what_is_no_number_counts_as_none(sent: float) -> None:
    assert count(sent) == 0


def of_openai(sent: Any) -> list[Event]:
    details = {"cached_tokens": sent, "cache_write_tokens": sent, "reasoning_tokens": sent}
    usage = {"prompt_tokens": sent, "completion_tokens": sent, "total_tokens": sent}
    usage |= {"prompt_tokens_details": details, "completion_tokens_details": details}
    reading = Chunks("m", "who")
    said = {"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}], "usage": usage}
    return [*reading.events([json.dumps(said).encode()]), *reading.end()]


def of_anthropic(sent: Any) -> list[Event]:
    names = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    usage = {**dict.fromkeys(names, sent), "output_tokens_details": {"thinking_tokens": sent}}
    reading = Messages("m", "who")
    payloads = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Yes."}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return [e for said in payloads for e in reading.events(json.dumps(said).encode())] + [*reading.end()]


def of_bedrock(sent: Any) -> list[Event]:
    usage = dict.fromkeys(("inputTokens", "outputTokens", "cacheReadInputTokens"), sent)
    return told(START, text("Yes."), stopped(), event("metadata", {"usage": usage}))


@SENT
@pytest.mark.parametrize("answer", [of_openai, of_anthropic, of_bedrock])
def test_no_count_that_a_provider_sends_fails_an_answer_or_its_bill(
    answer: Any, sent: object, read: int
) -> None:
    events = answer(sent)

    [usage] = [e for e in events if isinstance(e, Usage)]
    assert usage.output_tokens == read
    assert 0 <= usage.input_tokens <= 3 * 2**53
    assert (events[0], events[-1]) == (Text("Yes."), Finished())
