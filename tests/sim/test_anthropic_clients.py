"""The OpenAI simulator speaks Anthropic's API, too: read by the unmodified anthropic client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import anthropic
import httpx
import pytest

from penstock.sim import OpenAI, Simulation, simulate
from tests.sim.clients import WEATHER, of_anthropic

SAID = "Zürich lies on the river Limmat. 🗼"
TOOLS = [{"name": "weather", "input_schema": WEATHER}]


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    async with simulate(OpenAI(say=SAID)) as running:
        yield running


class Heard(NamedTuple):
    events: list[Any]
    message: Any = None
    error: Exception | None = None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if event.type == "text")

    @property
    def stop_reason(self) -> str | None:
        ends = [event.delta.stop_reason for event in self.events if event.type == "message_delta"]
        return ends[0] if ends else None


async def ask(
    simulation: Simulation, question: str = "?", *, tries: int = 1, timeout_s: float = 30, **request: Any
) -> Heard:
    """A streamed message, read to its end."""
    events: list[Any] = []
    asked = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 2000,
        "messages": [{"role": "user", "content": question}],
        **request,
    }
    async with of_anthropic(simulation, tries=tries, timeout_s=timeout_s) as client:
        try:
            async with client.messages.stream(**asked) as stream:
                async for event in stream:
                    events.append(event)  # noqa: PERF401, what came before an error counts
                return Heard(events, await stream.get_final_message())
        except Exception as exc:
            return Heard(events, None, exc)


async def test_the_client_reads_text_stop_reason_and_usage(simulation: Simulation) -> None:
    heard = await ask(simulation)

    assert heard.error is None
    assert heard.text == heard.message.content[0].text == SAID
    assert heard.message.stop_reason == "end_turn"
    assert heard.message.usage.input_tokens > 0
    assert heard.message.usage.output_tokens == sum(event.type == "text" for event in heard.events)


async def test_an_answer_that_is_not_streamed_is_the_same_one(simulation: Simulation) -> None:
    heard = await ask(simulation)

    async with of_anthropic(simulation) as client:
        whole = await client.messages.create(
            model="claude-sonnet-5-5", max_tokens=2000, messages=[{"role": "user", "content": "?"}]
        )

    assert whole.content[0].type == "text"
    assert whole.content[0].text == SAID
    assert whole.usage.output_tokens == heard.message.usage.output_tokens


async def test_a_stream_begins_with_a_ping_as_the_real_one_does(simulation: Simulation) -> None:
    body = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "?"}]}
    headers = {"x-api-key": "any", "anthropic-version": "2023-06-01"}

    async with httpx.AsyncClient(headers=headers) as client:
        said = (await client.post(f"{simulation.url}/v1/messages", json=body)).text

    kinds = [line.removeprefix("event: ") for line in said.splitlines() if line.startswith("event: ")]
    assert kinds[:4] == ["message_start", "content_block_start", "ping", "content_block_delta"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


async def test_a_tool_is_called_with_arguments_that_fit_its_schema(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: tool]", tools=TOOLS)

    (call,) = heard.message.content
    assert call.name == "weather"
    assert isinstance(call.input["city"], str)
    assert isinstance(call.input["days"], int)
    assert heard.message.stop_reason == "tool_use"


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "weather"}])
async def test_a_tool_that_must_be_called_is_called(simulation: Simulation, choice: object) -> None:
    assert (await ask(simulation, tools=TOOLS, tool_choice=choice)).stop_reason == "tool_use"


async def test_the_result_of_a_tool_is_answered_with_text(simulation: Simulation) -> None:
    messages = [
        {"role": "user", "content": "[simulate: tool]"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "weather", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "Sunny."}]},
    ]

    assert (await ask(simulation, messages=messages, tools=TOOLS)).text == SAID


async def test_thinking_comes_first_and_is_signed(simulation: Simulation) -> None:
    heard = await ask(simulation, thinking={"type": "enabled", "budget_tokens": 1024})

    thought, text = heard.message.content
    assert thought.thinking
    assert thought.signature
    assert text.text == SAID


async def test_a_document_is_cited(simulation: Simulation) -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "Sick pay lasts six weeks. Then it ends."}
    document = {
        "type": "document",
        "title": "handbook",
        "source": source,
        "citations": {"enabled": True},
    }
    content = [document, {"type": "text", "text": "?"}]

    heard = await ask(simulation, messages=[{"role": "user", "content": content}])

    (citation,) = heard.message.content[0].citations
    assert (citation.document_title, citation.cited_text) == ("handbook", "Sick pay lasts six weeks.")


async def test_an_answer_ends_at_max_tokens_and_at_a_stop_sequence(simulation: Simulation) -> None:
    short = await ask(simulation, max_tokens=2)
    stopped = await ask(simulation, stop_sequences=["river"])

    assert (short.text, short.stop_reason) == ("Zürich lies", "max_tokens")
    assert (stopped.text, stopped.stop_reason) == ("Zürich lies on the ", "stop_sequence")
    assert stopped.message.stop_sequence == "river"


async def test_tokens_are_counted_as_they_are_used(simulation: Simulation) -> None:
    heard = await ask(simulation, "Where is Zürich?")

    async with of_anthropic(simulation) as client:
        counted = await client.messages.count_tokens(
            model="claude-sonnet-5-5", messages=[{"role": "user", "content": "Where is Zürich?"}]
        )

    assert counted.input_tokens == heard.message.usage.input_tokens


async def test_the_models_are_listed(simulation: Simulation) -> None:
    async with of_anthropic(simulation) as client:
        assert "claude-sonnet-5-5" in [model.id async for model in client.models.list()]


# --- Faults -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "type_"),
    [
        ("throttle", 429, "rate_limit_error"),
        ("quota", 400, "invalid_request_error"),
        ("overloaded", 529, "overloaded_error"),
        ("error", 500, "api_error"),
        ("unauthorized", 401, "authentication_error"),
        ("forbidden", 403, "permission_error"),
        ("unknown-model", 404, "not_found_error"),
        ("too-long", 400, "invalid_request_error"),
    ],
)
async def test_a_refusal_is_the_error_that_anthropic_sends(
    simulation: Simulation, fault: str, status: int, type_: str
) -> None:
    heard = await ask(simulation, f"[simulate: {fault}]")

    assert isinstance(heard.error, anthropic.APIStatusError)
    assert heard.error.status_code == status
    assert isinstance(heard.error.body, dict)
    assert heard.error.body["error"]["type"] == type_


@pytest.mark.parametrize(
    ("fault", "type_"),
    [
        ("throttle-midway", "rate_limit_error"),
        ("overloaded-midway", "overloaded_error"),
        ("error-midway", "api_error"),
    ],
)
async def test_an_error_in_the_stream_comes_after_the_first_words(
    simulation: Simulation, fault: str, type_: str
) -> None:
    heard = await ask(simulation, f"[simulate: {fault}:2]")

    assert isinstance(heard.error, anthropic.APIStatusError)
    assert isinstance(heard.error.body, dict)
    assert heard.error.body["error"]["type"] == type_
    assert heard.text == "Zürich lies"


async def test_the_client_tries_again_when_it_is_overloaded(simulation: Simulation) -> None:
    simulation.next("overloaded")

    heard = await ask(simulation, tries=2)

    assert heard.text == SAID
    assert [seen.status for seen in simulation.requests] == [529, 200]


@pytest.mark.parametrize("fault", ["cut", "cut:900", "reset", "reset:900"])
async def test_a_cut_connection_is_an_error_in_the_middle(simulation: Simulation, fault: str) -> None:
    heard = await ask(simulation, f"[simulate: {fault}]")

    assert type(heard.error).__name__ in ("ReadError", "RemoteProtocolError")
    assert heard.stop_reason is None


async def test_a_missing_end_mark_leaves_the_message_without_a_reason(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: end-early]")

    assert heard.text == SAID
    assert heard.stop_reason is None


async def test_half_an_event_is_not_read(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: half-frame:2]")

    assert heard.text == "Zürich lies"
    assert heard.stop_reason is None


@pytest.mark.parametrize(("fault", "text"), [("stall", ""), ("stall-midway", "Zürich lies on the")])
async def test_a_stall_is_waited_for_until_the_client_gives_up(
    simulation: Simulation, fault: str, text: str
) -> None:
    heard = await ask(simulation, f"[simulate: {fault}]", timeout_s=0.3)

    assert type(heard.error).__name__ == "ReadTimeout"
    assert heard.text == text


async def test_slow_headers_are_waited_for_until_the_client_gives_up(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: slow-headers:30]", timeout_s=0.3)

    assert isinstance(heard.error, anthropic.APITimeoutError)


async def test_a_refusing_model_stops_in_the_middle(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: content-filter]")

    assert heard.stop_reason == "refusal"
    assert 0 < len(heard.text) < len(SAID)


# --- What Anthropic refuses ---------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "assistant", "content": "Hi"}]}, 'must use the "user" role'),
        ({"messages": [{"role": "user", "content": ""}]}, "must be non-empty"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 4000}}, "thinking.budget_tokens"),
    ],
)
async def test_a_wrong_request_is_refused(
    simulation: Simulation, request_: dict[str, Any], message: str
) -> None:
    heard = await ask(simulation, **request_)

    assert isinstance(heard.error, anthropic.BadRequestError)
    assert message in heard.error.message


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-api-key": "any"}, 400),
        ({"authorization": "Bearer any", "anthropic-version": "x"}, 400),
    ],
)
async def test_the_headers_are_needed(simulation: Simulation, headers: dict[str, str], status: int) -> None:
    async with httpx.AsyncClient(headers=headers) as client:
        response = await client.post(f"{simulation.url}/v1/messages", json={})

    assert response.status_code == status
    assert response.json()["type"] == "error"
