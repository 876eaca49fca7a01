"""The openai model against real sockets: what arrives when, and what every failure becomes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from email.utils import formatdate

import msgspec
import pytest

from penstock.core.events import Finished, Noted, Text, Usage
from penstock.core.prompt import Prompt
from penstock.errors import (
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelRefused,
    ModelUnreachable,
)
from penstock.models.http import Http
from penstock.models.openai import OpenAI
from tests.models.upstream import QUESTION, Asked, Script, heard, stream_of, unused_port, upstream

KEY = "sk-test-5up3rs3cr3t"


@asynccontextmanager
async def model_at(base_url: str, http: Http | None = None) -> AsyncIterator[OpenAI]:
    model = OpenAI("gpt-4o", base_url=base_url, api_key=KEY, http=http or Http(), usage_wait_s=0.05)
    try:
        yield model
    finally:
        await model.close()


def says(text: str, finish: str | None = None) -> str:
    chunk = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}
    return f"data: {msgspec.json.encode(chunk).decode()}\n\n"


USAGE = 'data: {"model":"gpt-4o-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'
DONE = "data: [DONE]\n\n"


async def failure_of(script: Script) -> ModelError:
    async with upstream(script) as up, model_at(up.base_url) as model:
        with pytest.raises(ModelError) as raised:
            await heard(model)
    return raised.value


# --- When it arrives ----------------------------------------------------------


async def test_the_first_words_are_there_before_the_last_are_known() -> None:
    go_on = asyncio.Event()

    async def held_back(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("Pa"))
        await go_on.wait()
        await asked.send(says("ris", "stop") + USAGE + DONE)
        await asked.end()

    async with (
        upstream(held_back) as up,
        model_at(up.base_url) as model,
        aclosing(stream_of(model)) as stream,
    ):
        assert await anext(stream) == Text("Pa")
        go_on.set()
        assert [event async for event in stream] == [Text("ris"), Usage("gpt-4o-1", 3, 2), Finished()]


async def test_a_wish_that_was_left_out_is_told_with_the_end_of_the_answer() -> None:
    async def script(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("Paris", "stop") + DONE)
        await asked.end()

    wishing = Prompt(QUESTION.messages, options={"temperature": 0.2, "nonsense": 3})
    async with upstream(script) as up, model_at(up.base_url) as model:
        events = [event async for event in model.stream(wishing)]

    assert up.asked[0].body["temperature"] == 0.2
    assert events == [Text("Paris"), Noted("wishes_dropped", {"nonsense": True}), Finished()]


async def test_everything_a_read_brought_is_given_out_without_waiting_for_the_next() -> None:
    async def three_then_nothing(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("a") + says("b") + says("c"))
        await asked.left()

    async with (
        upstream(three_then_nothing) as up,
        model_at(up.base_url) as model,
        aclosing(stream_of(model)) as stream,
    ):
        assert [await anext(stream) for _ in range(3)] == [Text("a"), Text("b"), Text("c")]


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


async def test_cancelling_whoever_waits_for_words_closes_the_connection_too() -> None:
    came, left = asyncio.Event(), asyncio.Event()

    async def silent(asked: Asked) -> None:
        await asked.begin()
        came.set()
        await asked.left()
        left.set()

    async with upstream(silent) as up, model_at(up.base_url) as model:
        waiting = asyncio.create_task(heard(model))
        await came.wait()
        waiting.cancel()
        await asyncio.wait([waiting])
        await left.wait()


async def test_a_second_question_uses_the_same_connection() -> None:
    async def brief(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("Yes.", "stop") + DONE)
        await asked.end()

    async with upstream(brief) as up, model_at(up.base_url) as model:
        for _ in range(3):
            assert await heard(model) == [Text("Yes."), Finished()]

        assert up.connections == 1


async def test_the_session_is_made_anew_after_it_was_closed() -> None:
    async def brief(asked: Asked) -> None:
        await asked.answer(200, says("Yes.", "stop"), "Content-Type: text/event-stream")

    async with upstream(brief) as up, model_at(up.base_url) as model:
        await model.close()
        await model.close()
        assert await heard(model) == [Text("Yes."), Finished()]
        await model.close()
        assert await heard(model) == [Text("Yes."), Finished()]


async def test_what_is_asked_is_a_stream_with_usage_and_our_key() -> None:
    async def brief(asked: Asked) -> None:
        await asked.answer(200, says("Yes.", "stop"), "Content-Type: text/event-stream")

    async with upstream(brief) as up, model_at(up.base_url) as model:
        await heard(model)

    head, body = up.asked[0].head, up.asked[0].body
    assert head.startswith("POST /v1/chat/completions HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}\r\n" in head
    assert "Accept-Encoding: identity\r\n" in head
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["messages"] == [{"role": "user", "content": QUESTION.question}]


# --- How it ends --------------------------------------------------------------


async def test_a_connection_cut_in_mid_stream_is_a_cut_after_the_words_so_far() -> None:
    async def cut(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("The capital"))
        asked.hang_up()

    async with upstream(cut) as up, model_at(up.base_url) as model, aclosing(stream_of(model)) as stream:
        assert await anext(stream) == Text("The capital")
        with pytest.raises(ModelCut):
            await anext(stream)


async def test_a_clean_close_without_the_end_mark_is_a_cut_too() -> None:
    async def too_short(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("The capital"))
        await asked.end()

    assert isinstance(await failure_of(too_short), ModelCut)


async def test_a_server_without_lengths_that_dies_in_mid_chunk_is_a_cut() -> None:
    async def dies(asked: Asked) -> None:
        await asked.say("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        await asked.say(says("Well,") + 'data: {"choices":[{"index":0,"del')
        raise ConnectionError

    assert isinstance(await failure_of(dies), ModelCut)


async def test_a_connection_lost_after_the_end_mark_takes_nothing_away() -> None:
    async def lost(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("Yes.", "stop"))
        asked.hang_up()

    async with upstream(lost) as up, model_at(up.base_url) as model:
        assert await heard(model) == [Text("Yes."), Finished()]


@pytest.mark.parametrize("ending", ["", DONE])
async def test_a_server_that_stays_connected_after_the_end_is_not_waited_for(ending: str) -> None:
    async def stays(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("Yes.", "stop") + ending)
        await asked.left()

    async with upstream(stays) as up, model_at(up.base_url) as model:
        assert await heard(model) == [Text("Yes."), Finished()]


@pytest.mark.parametrize("ending", ["", DONE])
async def test_a_server_that_goes_on_for_ever_after_the_end_is_left(ending: str) -> None:
    async def babbles(asked: Asked) -> None:
        await asked.begin()
        await asked.send(says("Yes.", "stop") + ending)
        while True:
            await asked.send(": still here\n\n")

    async with upstream(babbles) as up, model_at(up.base_url) as model:
        assert await heard(model) == [Text("Yes."), Finished()]


@pytest.mark.parametrize("media_type", ["application/json", "text/event-stream"])
async def test_a_server_that_does_not_stream_is_understood_all_the_same(media_type: str) -> None:
    async def whole(asked: Asked) -> None:
        body = '{"choices":[{"message":{"content":"All at once."},"finish_reason":"stop"}]}'
        await asked.answer(200, body, f"Content-Type: {media_type}")

    async with upstream(whole) as up, model_at(up.base_url) as model:
        assert await heard(model) == [Text("All at once."), Finished()]


async def test_an_event_beyond_all_bounds_is_an_error_of_ours() -> None:
    async def floods(asked: Asked) -> None:
        await asked.begin()
        while True:
            await asked.send("data: " + "x" * 500_000)

    assert "more than" in str(await failure_of(floods))


# --- What failures become -----------------------------------------------------


async def test_a_refused_connection_is_a_model_out_of_reach() -> None:
    async with model_at(f"http://127.0.0.1:{unused_port()}/v1") as model:
        with pytest.raises(
            ModelUnreachable, match=r"127\.0\.0\.1 cannot be reached \(ConnectionRefusedError\)"
        ):
            await heard(model)


async def test_an_unknown_host_is_a_model_out_of_reach() -> None:
    async with model_at("http://no-such-host.invalid/v1") as model:
        with pytest.raises(ModelUnreachable, match="its name is unknown"):
            await heard(model)


async def test_a_failure_of_tls_is_a_model_out_of_reach() -> None:
    async def no_tls(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 This is no TLS\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(no_tls, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with model_at(f"https://127.0.0.1:{port}/v1") as model:
            with pytest.raises(ModelUnreachable, match="TLS failed"):
                await heard(model)


async def test_a_server_that_never_says_a_word_is_left_by_a_caller_that_gives_up() -> None:
    left = asyncio.Event()

    async def silent(asked: Asked) -> None:
        await asked.left()
        left.set()

    async with upstream(silent) as up, model_at(up.base_url) as model:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await heard(model)

        async with asyncio.timeout(5):
            await left.wait()


async def test_a_server_that_hangs_up_before_answering_is_out_of_reach() -> None:
    async def rude(asked: Asked) -> None:
        asked.hang_up()

    assert isinstance(await failure_of(rude), ModelUnreachable)


async def test_a_server_that_does_not_speak_http_is_out_of_reach() -> None:
    async def babble(asked: Asked) -> None:
        await asked.say("220 mail.example ESMTP ready\r\n")
        asked.hang_up()

    assert isinstance(await failure_of(babble), ModelUnreachable)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, ModelBusy),
        (503, ModelBusy),
        (529, ModelBusy),
        (400, ModelRefused),
        (401, ModelMisconfigured),
        (402, ModelMisconfigured),
        (403, ModelMisconfigured),
        (404, ModelMisconfigured),
        (413, ModelRefused),
        (422, ModelRefused),
        (408, ModelUnreachable),
        (500, ModelUnreachable),
        (502, ModelUnreachable),
        (504, ModelUnreachable),
        (301, ModelMisconfigured),
        (204, ModelRefused),
    ],
)
async def test_a_status_becomes_what_to_do_next(status: int, kind: type[ModelError]) -> None:
    async def complains(asked: Asked) -> None:
        await asked.answer(status, "" if status == 204 else '{"error":{"message":"no"}}')

    assert type(await failure_of(complains)) is kind


@pytest.mark.parametrize(
    ("header", "low_s", "high_s"),
    [
        ("Retry-After: 7", 7, 7),
        ("retry-after-ms: 1500", 1.5, 1.5),
        # Counted from when this file was read, which may be some minutes ago.
        (f"Retry-After: {formatdate(time.time() + 7_200, usegmt=True)}", 3_600, 7_201),
    ],
)
async def test_a_busy_model_says_when_to_come_back(header: str, low_s: float, high_s: float) -> None:
    async def busy(asked: Asked) -> None:
        await asked.answer(429, '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}', header)

    error = await failure_of(busy)

    assert isinstance(error, ModelBusy)
    assert error.retry_after_s is not None
    assert low_s <= error.retry_after_s <= high_s


async def test_a_redirect_is_not_followed_because_the_key_would_go_with_it() -> None:
    async def elsewhere(asked: Asked) -> None:
        await asked.answer(307, "", f"Location: {up.base_url}/elsewhere")

    async with upstream(elsewhere) as up, model_at(up.base_url) as model:
        with pytest.raises(ModelMisconfigured, match="307"):
            await heard(model)

    assert len(up.asked) == 1


async def test_a_web_page_instead_of_an_answer_names_the_likely_cause() -> None:
    async def portal(asked: Asked) -> None:
        await asked.answer(200, "<html>Welcome to our Wi-Fi</html>", "Content-Type: text/html")

    failure = await failure_of(portal)

    assert isinstance(failure, ModelMisconfigured)
    assert "Is the base URL right?" in str(failure)


async def test_neither_key_nor_question_is_in_an_error_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def gossip(asked: Asked) -> None:
        message = f"Bad key {KEY} in Bearer {KEY} for input: {QUESTION.question!r}"
        await asked.answer(401, msgspec.json.encode({"error": {"message": message}}).decode())

    async with upstream(gossip) as up, model_at(up.base_url) as model:
        with pytest.raises(ModelMisconfigured) as raised:
            await heard(model)

        shown = f"{raised.value} {raised.value!r} {model!r} {vars(raised.value)} {caplog.text}"
    assert "Bad key [key]" in shown
    assert "5up3r" not in shown
    assert "grandmother" not in shown
