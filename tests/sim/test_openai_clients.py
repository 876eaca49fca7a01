"""The OpenAI simulator, read by the unmodified openai client: answers, and every fault as it sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import openai
import pytest

from penstock.sim import HOLD, OpenAI, Simulation, simulate
from tests.sim.clients import WEATHER, of_openai

SAID = "Zürich lies on the river Limmat. 🗼"
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    async with simulate(OpenAI(say=SAID)) as running:
        yield running


class Heard(NamedTuple):
    chunks: list[Any]
    error: Exception | None = None

    @property
    def text(self) -> str:
        return "".join(delta.content or "" for delta in self.deltas)

    @property
    def deltas(self) -> list[Any]:
        return [chunk.choices[0].delta for chunk in self.chunks if chunk.choices]

    @property
    def ends(self) -> list[str]:
        return [
            choice.finish_reason for chunk in self.chunks for choice in chunk.choices if choice.finish_reason
        ]


async def ask(
    simulation: Simulation, question: str = "?", *, tries: int = 1, timeout_s: float = 30, **request: Any
) -> Heard:
    """A streamed completion, read to its end."""
    chunks: list[Any] = []
    asked = {"model": "gpt-4.1", "messages": [{"role": "user", "content": question}], **request}
    async with of_openai(simulation, tries=tries, timeout_s=timeout_s) as client:
        try:
            async with await client.chat.completions.create(stream=True, **asked) as stream:
                async for chunk in stream:
                    chunks.append(chunk)  # noqa: PERF401, what came before an error counts
        except Exception as exc:
            return Heard(chunks, exc)
    return Heard(chunks)


async def test_the_client_reads_text_stop_reason_and_usage(simulation: Simulation) -> None:
    heard = await ask(simulation, stream_options={"include_usage": True})

    usage = heard.chunks[-1].usage
    assert heard.error is None
    assert heard.text == SAID
    assert heard.ends == ["stop"]
    assert usage.completion_tokens == sum(bool(delta.content) for delta in heard.deltas)
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


async def test_usage_comes_only_when_it_is_asked_for(simulation: Simulation) -> None:
    assert all(chunk.usage is None for chunk in (await ask(simulation)).chunks)


async def test_an_answer_that_is_not_streamed_is_the_same_one(simulation: Simulation) -> None:
    async with of_openai(simulation) as client:
        whole = await client.chat.completions.create(
            model="gpt-4.1", messages=[{"role": "user", "content": "?"}]
        )

    assert whole.choices[0].message.content == SAID
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert whole.usage.total_tokens > whole.usage.completion_tokens > 1


async def test_tools_are_called_with_arguments_that_fit_their_schema(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: tool:2]", tools=TOOLS)

    calls: dict[int, list[str]] = {}
    for delta in heard.deltas:
        for part in delta.tool_calls or ():
            calls.setdefault(part.index, []).append(part.function.arguments)
    assert len(calls) == 2
    for parts in calls.values():
        assert len(parts) > 2
        assert set(json.loads("".join(parts))) == {"city", "days"}
    assert heard.ends == ["tool_calls"]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
async def test_a_tool_that_must_be_called_is_called(simulation: Simulation, choice: object) -> None:
    assert (await ask(simulation, tools=TOOLS, tool_choice=choice)).ends == ["tool_calls"]


async def test_the_result_of_a_tool_is_answered_with_text(simulation: Simulation) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "[simulate: tool]"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Sunny."},
    ]

    assert (await ask(simulation, messages=messages, tools=TOOLS)).text == SAID


async def test_reasoning_is_counted_and_comes_first(simulation: Simulation) -> None:
    heard = await ask(simulation, reasoning_effort="high", stream_options={"include_usage": True})

    assert heard.deltas[1].reasoning_content
    assert heard.chunks[-1].usage.completion_tokens_details.reasoning_tokens > 1
    assert heard.text == SAID


async def test_citations_are_annotations(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: citations]")

    (note,) = [note for delta in heard.deltas for note in getattr(delta, "annotations", None) or ()]
    assert note["url_citation"]["title"] == "A simulated document"


async def test_an_answer_ends_at_max_tokens_and_at_a_stop_sequence(simulation: Simulation) -> None:
    short = await ask(simulation, max_completion_tokens=2)
    stopped = await ask(simulation, stop="river")

    assert (short.text, short.ends) == ("Zürich lies", ["length"])
    assert (stopped.text, stopped.ends) == ("Zürich lies on the ", ["stop"])


async def test_the_models_are_listed(simulation: Simulation) -> None:
    async with of_openai(simulation) as client:
        assert "gpt-4.1" in [model.id async for model in client.models.list()]


async def test_the_first_words_arrive_before_the_last_are_known() -> None:
    async with (
        simulate(OpenAI(script=[["Pa", HOLD, "ris"]])) as running,
        of_openai(running) as client,
        asyncio.timeout(10),
    ):
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "?"}], stream=True
        )
        said = []
        async for chunk in stream:
            if text := chunk.choices[0].delta.content:
                said.append(text)
                if text == "Pa":
                    running.go_on()

    assert said == ["Pa", "ris"]


# --- Faults -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("throttle", openai.RateLimitError, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, "insufficient_quota"),
        ("overloaded", openai.InternalServerError, None),
        ("error", openai.InternalServerError, None),
        ("unauthorized", openai.AuthenticationError, "invalid_api_key"),
        ("forbidden", openai.PermissionDeniedError, "model_not_found"),
        ("unknown-model", openai.NotFoundError, "model_not_found"),
        ("too-long", openai.BadRequestError, "context_length_exceeded"),
    ],
)
async def test_a_refusal_is_the_error_that_openai_sends(
    simulation: Simulation, fault: str, kind: type[openai.APIStatusError], code: str | None
) -> None:
    heard = await ask(simulation, f"[simulate: {fault}]")

    assert type(heard.error) is kind
    assert heard.error.code == code


async def test_a_throttled_client_is_told_how_long_to_wait(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: throttle:7]")

    assert isinstance(heard.error, openai.RateLimitError)
    assert heard.error.response.headers["retry-after"] == "7"


async def test_the_client_tries_again_after_a_throttled_request(simulation: Simulation) -> None:
    simulation.next("throttle:0")

    heard = await ask(simulation, tries=2)

    assert heard.text == SAID
    assert [seen.status for seen in simulation.requests] == [429, 200]


@pytest.mark.parametrize("fault", ["throttle-midway", "overloaded-midway", "error-midway"])
async def test_an_error_in_the_stream_comes_after_the_first_words(simulation: Simulation, fault: str) -> None:
    heard = await ask(simulation, f"[simulate: {fault}:2]")

    assert isinstance(heard.error, openai.APIError)
    assert heard.text == "Zürich lies"


@pytest.mark.parametrize("fault", ["cut", "cut:900", "reset", "reset:900"])
async def test_a_cut_connection_is_an_error_in_the_middle(simulation: Simulation, fault: str) -> None:
    heard = await ask(simulation, f"[simulate: {fault}]")

    assert isinstance(heard.error, openai.APIConnectionError)
    assert heard.ends == []
    assert (await simulation.ended()).outcome == "cut"


async def test_the_client_does_not_notice_that_the_end_mark_is_missing(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: end-early]")

    assert heard.error is None
    assert (heard.text, heard.ends) == (SAID, [])


async def test_half_an_event_is_not_read(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: half-frame:2]")

    assert heard.ends == []
    assert heard.text == "Zürich lies"


@pytest.mark.parametrize(("fault", "text"), [("stall", ""), ("stall-midway", "Zürich lies on the")])
async def test_a_stall_is_waited_for_until_the_client_gives_up(
    simulation: Simulation, fault: str, text: str
) -> None:
    heard = await ask(simulation, f"[simulate: {fault}]", timeout_s=0.3)

    assert isinstance(heard.error, openai.APITimeoutError)
    assert heard.text == text
    assert (await simulation.ended()).outcome == "left"


async def test_slow_headers_are_waited_for_until_the_client_gives_up(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: slow-headers:30]", timeout_s=0.3)

    assert isinstance(heard.error, openai.APITimeoutError)


async def test_a_content_filter_stops_in_the_middle(simulation: Simulation) -> None:
    heard = await ask(simulation, "[simulate: content-filter]")

    assert heard.ends == ["content_filter"]
    assert 0 < len(heard.text) < len(SAID)


# --- What OpenAI refuses ------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"messages": []}, "empty array"),
        ({"model": ""}, "you must provide a model parameter"),
        ({"messages": [{"role": "tool", "tool_call_id": "x", "content": "?"}]}, "'tool_calls'"),
        ({"n": 2}, "one choice"),
    ],
)
async def test_a_wrong_request_is_refused(
    simulation: Simulation, request_: dict[str, Any], message: str
) -> None:
    heard = await ask(simulation, **request_)

    assert isinstance(heard.error, openai.BadRequestError)
    assert message in heard.error.message


@pytest.mark.parametrize(
    ("sent", "status"), [(b"", 400), (b"{", 400), (b"[]", 400), (b"7", 400), (b'{"messages": 7}', 400)]
)
async def test_what_is_no_request_is_refused(simulation: Simulation, sent: bytes, status: int) -> None:
    async with httpx.AsyncClient(headers={"authorization": "Bearer any"}) as client:
        response = await client.post(f"{simulation.url}/v1/chat/completions", content=sent)

    assert response.status_code == status
    assert response.json()["error"]["message"]


async def test_who_has_no_key_is_refused(simulation: Simulation) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(f"{simulation.url}/v1/chat/completions", json={})

    assert response.status_code == 401
