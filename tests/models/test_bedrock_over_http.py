"""The models in Bedrock against real sockets: what arrives when, and what every failure becomes."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import msgspec
import pytest

from penstock import http
from penstock.assistant.providers import PROVIDERS
from penstock.aws.credentials import Credentials, Given
from penstock.aws.http import Service
from penstock.core.events import Finished, Noted, Retracted, Text, Usage
from penstock.engine import Rules
from penstock.errors import (
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelRefused,
    ModelUnreachable,
)
from penstock.models.bedrock import Bedrock
from penstock.models.bedrock.converse import Converse
from penstock.models.bedrock.guardrail import Guardrail
from penstock.models.bedrock.ids import parse
from penstock.models.decoding import Garbled
from penstock.settings import Secret, Settings
from tests.engine.conftest import Stage
from tests.models.bedrock_streams import START, exception, metadata, stopped, text
from tests.models.upstream import QUESTION, Asked, Script, heard, stream_of, unused_port, upstream

MODEL = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
SECRET = "wJalrXUtnFEMI-5up3rs3cr3t"
USED = Usage(MODEL, 3, 2)
END = stopped() + metadata()


async def begin(asked: Asked) -> None:
    await asked.begin("application/vnd.amazon.eventstream")


async def send(asked: Asked, data: bytes) -> None:
    await asked.say(b"%x\r\n%s\r\n" % (len(data), data))


def answers(*frames: bytes) -> Script:
    async def script(asked: Asked) -> None:
        await begin(asked)
        await send(asked, b"".join(frames))
        await asked.end()

    return script


def complains(status: int, kind: str, message: str, *headers: str) -> Script:
    async def script(asked: Asked) -> None:
        body = msgspec.json.encode({"message": message}).decode()
        await asked.answer(
            status, body, f"x-amzn-ErrorType: {kind}:http://internal.amazon.com/coral/", *headers
        )

    return script


@asynccontextmanager
async def model_at(
    base_url: str, guardrail: Guardrail | None = None, usage_wait_s: float = 0.05
) -> AsyncIterator[Bedrock]:
    model = parse(MODEL)
    client = http.Client()
    service = Service(
        "bedrock-runtime",
        region="eu-west-1",
        client=client,
        credentials=Given(Credentials("AKIDEXAMPLE", SECRET)),
        endpoint_url=base_url.removesuffix("/v1"),
    )
    bedrock = Bedrock(
        model,
        api=Converse(model, guardrail=guardrail),
        service=service,
        owned=client,
        usage_wait_s=usage_wait_s,
    )
    try:
        yield bedrock
    finally:
        await bedrock.close()


async def failure_of(script: Script) -> ModelError:
    async with upstream(script) as up, model_at(up.base_url) as model:
        with pytest.raises(ModelError) as raised:
            await heard(model)
    return raised.value


# --- When it arrives ----------------------------------------------------------


async def test_the_first_words_are_there_before_the_last_are_known() -> None:
    go_on = asyncio.Event()

    async def held_back(asked: Asked) -> None:
        await begin(asked)
        await send(asked, START + text("The capital"))
        await go_on.wait()
        await send(asked, text(" is Paris.") + END)
        await asked.end()

    async with (
        upstream(held_back) as up,
        model_at(up.base_url) as model,
        aclosing(stream_of(model)) as stream,
    ):
        assert await anext(stream) == Text("The capital")
        go_on.set()
        assert [event async for event in stream] == [Text(" is Paris."), USED, Finished()]


async def test_all_that_came_with_one_read_is_given_out_before_the_next_is_waited_for() -> None:
    async def held_back(asked: Asked) -> None:
        await begin(asked)
        await send(asked, START + text("One") + text(" two") + text(" three")[:-1])
        await asked.left()

    async with (
        upstream(held_back) as up,
        model_at(up.base_url) as model,
        aclosing(stream_of(model)) as stream,
    ):
        assert [await anext(stream), await anext(stream)] == [Text("One"), Text(" two")]


async def test_leaving_early_closes_the_connection_and_so_the_bill() -> None:
    left = asyncio.Event()

    async def goes_on(asked: Asked) -> None:
        await begin(asked)
        await send(asked, START + text("The capital"))
        await asked.left()
        left.set()

    async with upstream(goes_on) as up, model_at(up.base_url) as model:
        async with aclosing(stream_of(model)) as stream:
            await anext(stream)
        await left.wait()


async def test_a_stream_read_to_its_end_leaves_the_connection_for_the_next() -> None:
    async with upstream(answers(START, text("Yes."), END)) as up, model_at(up.base_url) as model:
        for _ in range(3):
            assert await heard(model) == [Text("Yes."), USED, Finished()]

        assert up.connections == 1


async def test_what_is_asked_is_signed_and_names_the_model_as_one_segment() -> None:
    async with upstream(answers(START, END)) as up, model_at(up.base_url) as model:
        await heard(model)

    head = up.asked[0].head
    assert head.startswith(f"POST /model/{MODEL.replace(':', '%3A')}/converse-stream HTTP/1.1\r\n")
    assert "Credential=AKIDEXAMPLE/" in head
    assert "/eu-west-1/bedrock/aws4_request" in head
    assert up.asked[0].body == {"messages": [{"role": "user", "content": [{"text": QUESTION.question}]}]}


async def test_what_blocks_an_answer_takes_back_what_was_shown_live() -> None:
    go_on = asyncio.Event()
    leaked = {"gr1": [{"topicPolicy": {"topics": [{"name": "Ring", "action": "BLOCKED"}]}}]}
    trace = {"guardrail": {"outputAssessments": leaked, "modelOutput": ["It is in the drawer."]}}

    async def async_mode(asked: Asked) -> None:
        await begin(asked)
        await send(asked, START + text("It is in"))
        await go_on.wait()
        await send(asked, text("I may not say.") + stopped("guardrail_intervened") + metadata(trace))
        await asked.end()

    guardrail = Guardrail("gr1", mode="async")
    async with (
        upstream(async_mode) as up,
        model_at(up.base_url, guardrail) as model,
        aclosing(stream_of(model)) as stream,
    ):
        assert await anext(stream) == Text("It is in")
        go_on.set()
        rest = [event async for event in stream]

    assert up.asked[0].body["guardrailConfig"]["streamProcessingMode"] == "async"
    assert [type(event) for event in rest] == [Text, Noted, Retracted, Text, Usage, Finished]
    assert rest[2:4] == [Retracted(0, "guardrail"), Text("I may not say.")]


# --- How it ends --------------------------------------------------------------


async def test_a_connection_cut_in_mid_frame_is_a_cut_after_the_words_so_far() -> None:
    async def cut(asked: Asked) -> None:
        await begin(asked)
        await send(asked, START + text("The capital") + text(" is")[:-3])
        asked.hang_up()

    async with upstream(cut) as up, model_at(up.base_url) as model, aclosing(stream_of(model)) as stream:
        assert await anext(stream) == Text("The capital")
        with pytest.raises(ModelCut, match="broke off"):
            await anext(stream)


@pytest.mark.parametrize("rest", [b"", text(" is")[:-3]])
async def test_a_clean_end_without_message_stop_is_a_cut_too(rest: bytes) -> None:
    """botocore says nothing of either."""
    assert type(await failure_of(answers(START, text("The capital"), rest))) is ModelCut


@pytest.mark.parametrize("at", [9, 40, -2])
async def test_a_wrong_checksum_is_an_error_of_its_own(at: int) -> None:
    damaged = bytearray(text("The capital"))
    damaged[at] ^= 1

    error = await failure_of(answers(START, bytes(damaged)))

    assert type(error) is Garbled
    assert error.code == "model_garbled"
    assert "checksum" in str(error)


async def test_words_in_front_of_a_wrong_checksum_are_given_out() -> None:
    damaged = bytearray(text(" is"))
    damaged[-1] ^= 1

    async with (
        upstream(answers(START, text("The capital"), bytes(damaged))) as up,
        model_at(up.base_url) as model,
        aclosing(stream_of(model)) as stream,
    ):
        assert await anext(stream) == Text("The capital")
        with pytest.raises(Garbled):
            await anext(stream)


@pytest.mark.parametrize("broken", [b"", b"\0" * 30, metadata()[:-5]])
async def test_what_breaks_after_message_stop_takes_only_usage_away(broken: bytes) -> None:
    async def breaks(asked: Asked) -> None:
        await begin(asked)
        await send(asked, START + text("Yes.") + stopped() + broken)
        asked.hang_up()

    async with upstream(breaks) as up, model_at(up.base_url) as model:
        assert await heard(model) == [Text("Yes."), Finished()]


@pytest.mark.parametrize("told", [b"", metadata()])
async def test_a_connection_that_stays_open_after_the_end_is_not_waited_for(told: bytes) -> None:
    async def stays(asked: Asked) -> None:
        await begin(asked)
        await send(asked, START + text("Yes.") + stopped() + told)
        await asked.left()

    async with upstream(stays) as up, model_at(up.base_url) as model:
        assert (await heard(model))[-1] == Finished()


async def test_a_model_that_falls_silent_in_mid_stream_is_tried_again_and_then_stalled(
    tmp_path: Path,
) -> None:
    async def stalls(asked: Asked) -> None:
        await begin(asked)
        await send(asked, START + text("The capital"))
        await asked.left()

    rules = Rules(idle_s=0.05, max_attempts=2)
    async with (
        upstream(stalls) as up,
        model_at(up.base_url) as model,
        Stage(tmp_path).story(model, rules=rules) as story,
    ):
        view = await story.view((await story.ask()).turn.id)

    assert (view.state, view.error_code, view.text) == ("failed", "model_stalled", "The capital")
    assert len(up.asked) == 2


# --- What failures become -----------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "message", "error"),
    [
        (429, "ThrottlingException", "Too many requests", ModelBusy),
        (429, "ModelNotReadyException", "warming up", ModelBusy),
        (503, "ServiceUnavailableException", "later", ModelBusy),
        (500, "InternalServerException", "oops", ModelUnreachable),
        (408, "ModelTimeoutException", "slow", ModelUnreachable),
        (424, "ModelErrorException", "it died", ModelUnreachable),
        (400, "ValidationException", "Input is too long for requested model.", ModelRefused),
        (400, "ValidationException", "The provided model identifier is invalid.", ModelMisconfigured),
        (
            400,
            "ValidationException",
            "Invocation of model ID x with on-demand throughput isn’t supported.",
            ModelMisconfigured,
        ),
        (403, "AccessDeniedException", "You don't have access to the model", ModelMisconfigured),
        (403, "UnrecognizedClientException", "The security token is invalid.", ModelMisconfigured),
        (403, "InvalidSignatureException", "Signature expired", ModelMisconfigured),
        (404, "ResourceNotFoundException", "This model version has reached its end", ModelMisconfigured),
        (400, "ServiceQuotaExceededException", "quota", ModelMisconfigured),
        (418, "TeapotException", "short and stout", ModelRefused),
    ],
)
async def test_a_complaint_becomes_what_to_do_next(
    status: int, kind: str, message: str, error: type[ModelError]
) -> None:
    raised = await failure_of(complains(status, kind, message))

    assert type(raised) is error
    assert f"{kind}: {message}" in str(raised)


async def test_a_throttled_model_says_when_to_come_back() -> None:
    error = await failure_of(complains(429, "ThrottlingException", "slow down", "Retry-After: 7"))

    assert isinstance(error, ModelBusy)
    assert error.retry_after_s == 7


async def test_a_proxys_page_is_a_complaint_without_words() -> None:
    async def portal(asked: Asked) -> None:
        await asked.answer(502, "<html>Bad gateway</html>")

    error = await failure_of(portal)

    assert type(error) is ModelUnreachable
    assert "html" not in str(error)


async def test_a_web_page_instead_of_an_answer_names_the_likely_cause() -> None:
    async def portal(asked: Asked) -> None:
        await asked.answer(200, "<html>Welcome to our Wi-Fi</html>", "Content-Type: text/html")

    error = await failure_of(portal)

    assert type(error) is ModelMisconfigured
    assert "Is the endpoint right?" in str(error)


async def test_a_refused_connection_is_a_model_out_of_reach() -> None:
    async with model_at(f"http://127.0.0.1:{unused_port()}") as model:
        with pytest.raises(ModelUnreachable, match="cannot be reached"):
            await heard(model)


async def test_without_credentials_the_model_is_not_set_up_and_the_sentence_says_what_to_do() -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    service = Service("bedrock-runtime", region="eu-west-1", client=http.Client(), endpoint_url=url)
    model = parse(MODEL)

    with pytest.raises(ModelMisconfigured, match="credentials"):
        await heard(Bedrock(model, api=Converse(model), service=service))


async def test_an_exception_in_the_stream_ends_it_there() -> None:
    busy = exception("throttlingException", message="Too many tokens")

    assert isinstance(await failure_of(answers(START, text("Half"), busy, text(" more"))), ModelBusy)


async def test_neither_key_nor_question_is_in_an_error_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    gossip = complains(
        403,
        "SignatureDoesNotMatch",
        f"No. The input {QUESTION.question!r}. The Canonical String for this request should be {SECRET}",
    )

    async with upstream(gossip) as up, model_at(up.base_url) as model:
        with pytest.raises(ModelError) as raised:
            await heard(model)

        shown = f"{raised.value} {raised.value!r} {model!r} {vars(raised.value)} {caplog.text}"
    assert "No. The input" in shown
    assert "5up3r" not in shown
    assert "grandmother" not in shown


# --- Set up from the settings -------------------------------------------------


@pytest.mark.parametrize("provider", ["bedrock", "bedrock_invoke"])
async def test_the_endpoint_and_the_key_of_the_settings_are_used(provider: str) -> None:
    async with upstream(complains(404, "ResourceNotFoundException", "none")) as up:
        settings = Settings(
            aws_region="eu-west-1",
            bedrock_api_key=Secret("bedrock-key"),
            bedrock_endpoint_url=up.base_url.removesuffix("/v1"),
        )
        model = PROVIDERS[provider](MODEL, settings)
        with pytest.raises(ModelMisconfigured):
            [event async for event in model.stream(QUESTION)]

    assert "authorization: Bearer bedrock-key\r\n" in up.asked[0].head


async def test_the_profile_and_its_region_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    keys = "[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = x\n"
    (tmp_path / "credentials").write_text(f"[default]\naws_access_key_id = AKIDOTHER\n{keys}")
    (tmp_path / "config").write_text("[profile work]\nregion = ap-south-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    async with upstream(answers(START, text("Yes."), END)) as up:
        settings = Settings(aws_profile="work", bedrock_endpoint_url=up.base_url.removesuffix("/v1"))
        model = PROVIDERS["bedrock"](MODEL, settings)
        assert [event async for event in model.stream(QUESTION)] == [Text("Yes."), USED, Finished()]

    assert "Credential=AKIDWORK/" in up.asked[0].head
    assert "/ap-south-1/bedrock/aws4_request" in up.asked[0].head


# --- Beside boto3 -------------------------------------------------------------


async def test_a_request_has_the_path_and_the_body_that_boto3_sends() -> None:
    async with upstream(answers(START, END)) as up, model_at(up.base_url) as model:
        await heard(model)
        client = boto3.client(
            "bedrock-runtime",
            region_name="eu-west-1",
            endpoint_url=up.base_url.removesuffix("/v1"),
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key=SECRET,
        )
        said = {"role": "user", "content": [{"text": QUESTION.question}]}
        answered = await asyncio.to_thread(client.converse_stream, modelId=MODEL, messages=[said])
        await asyncio.to_thread(list, answered["stream"])
        answered["stream"].close()
        client.close()

    ours, theirs = up.asked
    assert ours.head.splitlines()[0] == theirs.head.splitlines()[0]
    assert ours.body == theirs.body
