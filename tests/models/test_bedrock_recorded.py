"""Recorded streams of real Bedrock calls, and botocore's own parser as the judge of what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import botocore.session  # type: ignore[import-untyped]
import pytest
from botocore.eventstream import EventStream  # type: ignore[import-untyped]
from botocore.parsers import EventStreamJSONParser  # type: ignore[import-untyped]

from penstock import http
from penstock.aws.http import Service
from penstock.core.events import Event, Finished, Noted, Text, ToolCalled, Usage
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.errors import ModelCut, ModelMisconfigured
from penstock.models.bedrock import Api, Bedrock, complaint
from penstock.models.bedrock.converse import Converse
from penstock.models.bedrock.ids import parse
from penstock.models.bedrock.invoke import Invoke
from penstock.models.hiding import NOTHING_HIDDEN
from tests.models.bedrock_streams import heard, until_it_breaks
from tests.models.stories import cut
from tests.models.upstream import Asked, upstream

RECORDED = Path(__file__).parents[3] / "shared" / "wire" / "bedrock"

pytestmark = pytest.mark.skipif(
    not (RECORDED / "index.json").is_file(), reason="the recorded streams are not beside this checkout"
)


class Recording(NamedTuple):
    file: str
    status: int
    model: str
    operation: str

    @property
    def body(self) -> bytes:
        return (RECORDED / self.file).read_bytes()

    @property
    def api(self) -> Api:
        made: type[Converse] | type[Invoke] = Converse if self.operation == "converse-stream" else Invoke
        return made(parse(self.model))


def recordings() -> list[Recording]:
    index = RECORDED / "index.json"
    found = json.loads(index.read_text()) if index.is_file() else []
    return [Recording(r["file"], r["http_status"], r["model_id"], r["operation"]) for r in found]


ANSWERS = [recording for recording in recordings() if recording.status == 200]
COMPLAINTS = [recording for recording in recordings() if recording.status != 200]
every_answer = pytest.mark.parametrize("recording", ANSWERS, ids=lambda recording: recording.file)


# --- What botocore makes of them ----------------------------------------------


class _Raw:
    """What botocore reads from instead of a connection."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None: ...


def botocores(recording: Recording) -> list[dict[str, Any]]:
    name = "ConverseStream" if recording.operation == "converse-stream" else "InvokeModelWithResponseStream"
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    output = service.operation_model(name).get_event_stream_output()
    events = list(EventStream(_Raw(recording.body), output, EventStreamJSONParser(), name))
    if name == "ConverseStream":
        return events
    return [json.loads(event["chunk"]["bytes"]) for event in events]


class Said(NamedTuple):
    text: str
    calls: list[tuple[str, str, str]]
    reason: str
    tokens: tuple[int, int]


def of_blocks(events: list[dict[str, Any]]) -> Said:
    """Converse, and Nova by itself."""
    text, reason, tokens = "", "", (0, 0)
    calls: dict[int, tuple[str, str, str]] = {}
    for event in events:
        match event:
            case {"contentBlockDelta": {"delta": {"text": words}}}:
                text += words
            case {"contentBlockStart": {"contentBlockIndex": at, "start": {"toolUse": use}}}:
                calls[at] = (use["toolUseId"], use["name"], "")
            case {"contentBlockDelta": {"contentBlockIndex": at, "delta": {"toolUse": {"input": more}}}}:
                calls[at] = (*calls[at][:2], calls[at][2] + more)
            case {"messageStop": {"stopReason": why}}:
                reason = why
            case {"metadata": {"usage": usage}}:
                tokens = (usage["inputTokens"], usage["outputTokens"])
    return Said(text, list(calls.values()), reason, tokens)


def of_claude(events: list[dict[str, Any]]) -> Said:
    text, reason, tokens = "", "", (0, 0)
    calls: dict[int, tuple[str, str, str]] = {}
    for event in events:
        match event:
            case {"delta": {"type": "text_delta", "text": words}}:
                text += words
            case {"index": at, "content_block": {"type": "tool_use", "id": call, "name": name}}:
                calls[at] = (call, name, "")
            case {"index": at, "delta": {"type": "input_json_delta", "partial_json": more}}:
                calls[at] = (*calls[at][:2], calls[at][2] + more)
            case {"type": "message_delta", "delta": {"stop_reason": why}}:
                reason = why
            case {"amazon-bedrock-invocationMetrics": metrics}:
                tokens = (metrics["inputTokenCount"], metrics["outputTokenCount"])
    return Said(text, list(calls.values()), reason, tokens)


def of_titan(events: list[dict[str, Any]]) -> Said:
    (event,) = events
    tokens = (event["inputTextTokenCount"], event["totalOutputTextTokenCount"])
    return Said(event["outputText"], [], event["completionReason"], tokens)


def botocore_says(recording: Recording) -> Said:
    read: Callable[[list[dict[str, Any]]], Said] = of_blocks
    if recording.operation != "converse-stream" and "titan" in recording.model:
        read = of_titan
    elif recording.operation != "converse-stream" and "claude" in recording.model:
        read = of_claude
    return read(botocores(recording))


_REASONS = {"end_turn": "complete", "max_tokens": "length", "LENGTH": "length", "tool_use": "tool"}


# --- What we make of them -----------------------------------------------------


def we_say(events: list[Event]) -> Said:
    usage = [event for event in events if isinstance(event, Usage)]
    calls = [(call.call_id, call.name, call.arguments) for call in events if isinstance(call, ToolCalled)]
    ends = [event.reason for event in events if isinstance(event, Finished)]
    assert len(usage) == len(ends) == 1
    assert isinstance(events[-1], Finished)
    text = "".join(event.text for event in events if isinstance(event, Text))
    return Said(text, calls, ends[0], (usage[0].input_tokens, usage[0].output_tokens))


@every_answer
def test_a_recorded_stream_says_what_botocores_own_parser_hears(recording: Recording) -> None:
    theirs = botocore_says(recording)

    events = list(heard([recording.body], recording.api))

    assert we_say(events) == theirs._replace(reason=_REASONS[theirs.reason])
    assert not any(isinstance(event, Noted) for event in events)


@every_answer
def test_a_recorded_stream_cut_at_every_byte_says_the_same(recording: Recording) -> None:
    whole = list(heard([recording.body], recording.api))

    for size in (1, 2, 3, 7, 50, 1_000):
        assert list(heard(cut(recording.body, size), recording.api)) == whole, size


@every_answer
async def test_a_recorded_stream_served_over_http_says_the_same(recording: Recording) -> None:
    async def serve(asked: Asked) -> None:
        await asked.begin("application/vnd.amazon.eventstream")
        for piece in cut(recording.body, 100):
            await asked.say(b"%x\r\n%s\r\n" % (len(piece), piece))
        await asked.end()

    prompt = Prompt((Message("user", "Hello"),))
    async with upstream(serve) as up:
        client = http.Client()
        service = Service(
            "bedrock-runtime",
            region="us-east-1",
            client=client,
            bearer="key",
            endpoint_url=up.base_url.removesuffix("/v1"),
        )
        model = Bedrock(parse(recording.model), api=recording.api, service=service, owned=client)
        events = [event async for event in model.stream(prompt)]
        await model.close()

    theirs = botocore_says(recording)
    assert we_say(events) == theirs._replace(reason=_REASONS[theirs.reason])


def cut_in_two_everywhere(recording: Recording) -> None:
    body, api = recording.body, recording.api
    whole = list(heard([body], api))

    for at in range(1, len(body)):
        assert list(heard([body[:at], body[at:]], api)) == whole, at


def stopped_everywhere(recording: Recording) -> None:
    """A prefix is either the whole answer, of which only usage may be missing, or a cut."""
    body, api = recording.body, recording.api
    whole = we_say(list(heard([body], api)))

    for at in range(len(body)):
        events, error = until_it_breaks([body[:at]], api)
        if error is None:
            text = "".join(event.text for event in events if isinstance(event, Text))
            assert (text, events[-1]) == (whole.text, Finished(whole.reason)), at  # type: ignore[arg-type]
        else:
            assert type(error) is ModelCut, at
            assert not any(isinstance(event, Finished) for event in events)


SHORT = [recording for recording in ANSWERS if len(recording.body) < 3_000]


@pytest.mark.parametrize("recording", SHORT, ids=lambda recording: recording.file)
def test_a_short_recorded_stream_cut_in_two_at_any_byte_says_the_same(recording: Recording) -> None:
    cut_in_two_everywhere(recording)


@pytest.mark.parametrize("recording", SHORT, ids=lambda recording: recording.file)
def test_a_short_recorded_stream_that_stops_at_any_byte_is_never_a_short_answer(recording: Recording) -> None:
    stopped_everywhere(recording)


@pytest.mark.sweep
@every_answer
def test_every_recorded_stream_cut_in_two_at_any_byte_says_the_same(recording: Recording) -> None:
    cut_in_two_everywhere(recording)


@pytest.mark.sweep
@every_answer
def test_every_recorded_stream_that_stops_at_any_byte_is_never_a_short_answer(recording: Recording) -> None:
    stopped_everywhere(recording)


@pytest.mark.parametrize(
    "kind", ["", "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/"]
)
@pytest.mark.parametrize("recording", COMPLAINTS, ids=lambda recording: recording.file)
def test_a_recorded_complaint_about_the_model_is_the_owners_to_mend(recording: Recording, kind: str) -> None:
    headers = {"x-amzn-errortype": kind} if kind else {}

    error = complaint.of_response(
        recording.status, headers, recording.body, who="the model", now_s=0, hidden=NOTHING_HIDDEN
    )

    assert type(error) is ModelMisconfigured
    assert "The provided model identifier is invalid." in str(error)
