"""The anthropic model against real sockets: what arrives when, and what every failure becomes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from penstock.core.events import Finished, Noted, Reasoning, Text, Usage
from penstock.core.prompt import Prompt
from penstock.errors import (
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelRefused,
    ModelUnreachable,
)
from penstock.models.anthropic import Anthropic
from penstock.models.http import Http
from tests.models.upstream import QUESTION, Asked, Script, heard, stream_of, upstream

KEY = "sk-ant-test-5up3rs3cr3t"


@asynccontextmanager
async def model_at(base_url: str, name: str = "claude-haiku-5-5") -> AsyncIterator[Anthropic]:
    model = Anthropic(name, base_url=base_url, api_key=KEY, http=Http())
    try:
        yield model
    finally:
        await model.close()


def told(kind: str, **fields: object) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"


def says(text: str) -> str:
    return told("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


BEGIN = told("message_start", message={"model": "m-1", "usage": {"input_tokens": 3, "output_tokens": 1}})
BEGIN += told("content_block_start", index=0, content_block={"type": "text", "text": ""})
END = told("content_block_stop", index=0)
END += told("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2})
END += told("message_stop")
ENDED = [Usage("m-1", 3, 2), Finished()]


async def failure_of(script: Script) -> ModelError:
    async with upstream(script) as up, model_at(up.base_url) as model:
        with pytest.raises(ModelError) as raised:
            await heard(model)
    return raised.value


async def brief(asked: Asked) -> None:
    await asked.begin()
    await asked.send(BEGIN + says("Yes.") + END)
    await asked.end()


# --- When it arrives ----------------------------------------------------------


async def test_the_first_words_are_there_before_the_last_are_known() -> None:
    go_on = asyncio.Event()

    async def held_back(asked: Asked) -> None:
        await asked.begin()
        await asked.send(BEGIN + says("Pa"))
        await go_on.wait()
        await asked.send(says("ris") + END)
        await asked.end()

    async with (
        upstream(held_back) as up,
        model_at(up.base_url) as model,
        aclosing(stream_of(model)) as stream,
    ):
        assert await anext(stream) == Text("Pa")
        go_on.set()
        assert [event async for event in stream] == [Text("ris"), *ENDED]


async def test_a_thought_is_there_before_the_answer_is_known() -> None:
    async def thinks(asked: Asked) -> None:
        await asked.begin()
        await asked.send(
            told("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Hm"})
        )
        await asked.left()

    async with upstream(thinks) as up, model_at(up.base_url) as model, aclosing(stream_of(model)) as stream:
        assert await anext(stream) == Reasoning("Hm")


async def test_closing_the_stream_closes_the_connection_so_that_the_bill_stops() -> None:
    left = asyncio.Event()

    async def endless(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("la"))
        await asked.left()
        left.set()

    async with upstream(endless) as up, model_at(up.base_url) as model:
        stream = stream_of(model)
        await anext(stream)
        await stream.aclose()
        await left.wait()


async def test_a_second_question_uses_the_same_connection() -> None:
    async with upstream(brief) as up, model_at(up.base_url) as model:
        for _ in range(3):
            assert await heard(model) == [Text("Yes."), *ENDED]

        assert up.connections == 1


async def test_a_server_that_stays_connected_after_the_end_is_not_waited_for() -> None:
    async def stays(asked: Asked) -> None:
        await asked.begin()
        await asked.send(BEGIN + says("Yes.") + END)
        await asked.left()

    async with upstream(stays) as up, model_at(up.base_url) as model:
        assert await heard(model) == [Text("Yes."), *ENDED]


async def test_what_is_asked_is_a_stream_by_the_newest_version_with_our_key() -> None:
    async with upstream(brief) as up, model_at(up.base_url) as model:
        await heard(model)

    head, body = up.asked[0].head, up.asked[0].body
    assert head.startswith("POST /v1/messages HTTP/1.1\r\n")
    assert f"\r\nx-api-key: {KEY}\r\n" in head
    assert "\r\nanthropic-version: 2026-10-21\r\n" in head
    assert "authorization" not in head.lower()
    assert body["stream"] is True
    assert body["messages"] == [{"role": "user", "content": QUESTION.question}]


async def test_a_wish_that_the_model_does_not_take_is_dropped_and_noted_at_the_end() -> None:
    prompt = Prompt(QUESTION.messages, options={"temperature": 0.2})

    async with upstream(brief) as up, model_at(up.base_url) as model:
        events = await heard(model, prompt)

    assert events == [Text("Yes."), ENDED[0], Noted("wishes_dropped", {"temperature": True}), Finished()]
    assert "temperature" not in up.asked[0].body


async def test_a_wish_that_an_older_model_takes_is_sent_by_the_version_that_takes_it() -> None:
    prompt = Prompt(QUESTION.messages, options={"temperature": 0.2})

    async with upstream(brief) as up, model_at(up.base_url, "claude-haiku-4-5") as model:
        assert await heard(model, prompt) == [Text("Yes."), *ENDED]

    assert up.asked[0].body["temperature"] == 0.2
    assert "\r\nanthropic-version: 2023-06-01\r\n" in up.asked[0].head


# --- How it ends --------------------------------------------------------------


async def test_a_connection_cut_in_mid_stream_is_a_cut_after_the_words_so_far() -> None:
    async def cut(asked: Asked) -> None:
        await asked.begin()
        await asked.send(BEGIN + says("The capital"))
        asked.hang_up()

    async with upstream(cut) as up, model_at(up.base_url) as model, aclosing(stream_of(model)) as stream:
        assert await anext(stream) == Text("The capital")
        with pytest.raises(ModelCut):
            await anext(stream)


async def test_a_clean_close_without_the_end_mark_is_a_cut_too() -> None:
    async def too_short(asked: Asked) -> None:
        await asked.begin()
        await asked.send(BEGIN + says("The capital"))
        await asked.end()

    assert isinstance(await failure_of(too_short), ModelCut)


async def test_a_model_that_is_overloaded_at_once_has_said_nothing_so_that_it_can_be_asked_again() -> None:
    async def overloaded(asked: Asked) -> None:
        await asked.begin()
        await asked.send(BEGIN + told("error", error={"type": "overloaded_error", "message": "Overloaded"}))
        await asked.end()

    prompt = Prompt(QUESTION.messages, options={"temperature": 0.2})
    async with upstream(overloaded) as up, model_at(up.base_url) as model:
        with pytest.raises(ModelBusy):
            await anext(stream_of(model, prompt))


async def test_a_server_that_does_not_stream_is_understood_all_the_same() -> None:
    async def whole(asked: Asked) -> None:
        body = {
            "type": "message",
            "content": [{"type": "text", "text": "At once."}],
            "stop_reason": "end_turn",
        }
        await asked.answer(200, json.dumps(body), "Content-Type: application/json")

    async with upstream(whole) as up, model_at(up.base_url) as model:
        assert await heard(model) == [Text("At once."), Finished()]


async def test_an_event_beyond_all_bounds_is_an_error_of_ours() -> None:
    async def floods(asked: Asked) -> None:
        await asked.begin()
        while True:
            await asked.send("data: " + "x" * 500_000)

    assert "more than" in str(await failure_of(floods))


# --- What failures become -----------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ModelRefused),
        (401, ModelMisconfigured),
        (402, ModelMisconfigured),
        (403, ModelMisconfigured),
        (404, ModelMisconfigured),
        (413, ModelRefused),
        (429, ModelBusy),
        (500, ModelUnreachable),
        (504, ModelUnreachable),
        (529, ModelBusy),
    ],
)
async def test_a_status_becomes_what_to_do_next(status: int, kind: type[ModelError]) -> None:
    async def complains(asked: Asked) -> None:
        await asked.answer(status, '{"type":"error","error":{"message":"no"},"request_id":"req_1"}')

    assert type(await failure_of(complains)) is kind


async def test_a_busy_model_says_when_to_come_back() -> None:
    async def busy(asked: Asked) -> None:
        body = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}
        await asked.answer(429, json.dumps(body), "retry-after: 7")

    error = await failure_of(busy)

    assert isinstance(error, ModelBusy)
    assert error.retry_after_s == 7


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"type": "rate_limit_error", "details": {"error_code": "enforced_spend_limit_reached"}}),
        (
            400,
            {
                "type": "invalid_request_error",
                "message": "You have reached your specified API usage limits. You will regain access on ...",
            },
        ),
    ],
)
async def test_a_budget_that_is_used_up_is_not_waited_for(status: int, error: dict[str, object]) -> None:
    async def spent(asked: Asked) -> None:
        await asked.answer(status, json.dumps({"type": "error", "error": error}))

    assert type(await failure_of(spent)) is ModelMisconfigured


async def test_a_web_page_instead_of_an_answer_names_the_likely_cause() -> None:
    async def portal(asked: Asked) -> None:
        await asked.answer(200, "<html>Welcome to our Wi-Fi</html>", "Content-Type: text/html")

    assert "Is the base URL right?" in str(await failure_of(portal))


async def test_neither_key_nor_question_is_in_an_error_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def gossip(asked: Asked) -> None:
        message = f"Bad key {KEY} for input: {QUESTION.question!r}"
        await asked.answer(401, json.dumps({"type": "error", "error": {"message": message}}))

    async with upstream(gossip) as up, model_at(up.base_url) as model:
        with pytest.raises(ModelMisconfigured) as raised:
            await heard(model)

        shown = f"{raised.value} {raised.value!r} {model!r} {vars(raised.value)} {caplog.text}"
    assert "Bad key [key]" in shown
    assert "5up3r" not in shown
    assert "grandmother" not in shown
