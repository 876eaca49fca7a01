"""What breaks in streams from Bedrock, and that nothing but our errors comes of anything at all."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.aws.eventstream import encode
from penstock.core.events import (
    Event,
    Finished,
    Text,
    Usage,
    decode_batch,
    encode_batch,
)
from penstock.errors import (
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelRefused,
    ModelUnreachable,
)
from penstock.models.bedrock import Api
from penstock.models.decoding import Garbled
from penstock.models.hiding import Hidden
from tests.models.bedrock_streams import (
    CLAUDE,
    CONVERSE,
    HATE,
    PII,
    START,
    delta,
    exception,
    heard,
    invoke,
    metadata,
    stopped,
    text,
    told,
    tool,
    trace,
    until_it_breaks,
)
from tests.models.stories import cut
from tests.models.test_bedrock_stories import FAMILIES

USED = Usage("asked-for", 3, 2)

# --- Failures -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "payload", "error", "message"),
    [
        ("throttlingException", {"message": "Too many tokens"}, ModelBusy, "throttlingException: Too many"),
        ("serviceUnavailableException", {"message": "later"}, ModelBusy, "later"),
        ("internalServerException", {"message": "oops"}, ModelUnreachable, "500 internalServerException"),
        ("modelTimeoutException", {"message": "slow"}, ModelUnreachable, "slow"),
        ("modelStreamErrorException", {"message": "it died"}, ModelUnreachable, "it died"),
        (
            "modelStreamErrorException",
            {"originalStatusCode": 503, "originalMessage": "overloaded"},
            ModelBusy,
            "503 modelStreamErrorException: overloaded",
        ),
        ("modelStreamErrorException", {"originalStatusCode": 400}, ModelUnreachable, "500"),
        ("validationException", {"message": "Input is too long"}, ModelRefused, "too long"),
        ("validationException", {"message": "This guardrail does not exist"}, ModelMisconfigured, "guard"),
        ("accessDeniedException", {"Message": "no"}, ModelMisconfigured, "no"),
        ("teapotException", {"message": "short and stout"}, ModelError, "teapotException: short"),
        ("", {}, ModelError, "the model answered"),
    ],
)
@pytest.mark.parametrize("api", [CONVERSE, CLAUDE, invoke("amazon.nova-micro-v1:0")], ids=repr)
def test_an_exception_in_the_stream_becomes_what_to_do_next(
    api: Api, kind: str, payload: dict[str, Any], error: type[ModelError], message: str
) -> None:
    events, raised = until_it_breaks([exception(kind, **payload)], api)

    assert events == []
    assert type(raised) is error
    assert message in str(raised)


@pytest.mark.parametrize("payload", [b'{"message":' + b"[" * 5_000, b"[" * 5_000, b"\xff", b"<html>", b"3"])
def test_an_exception_that_cannot_be_read_is_one_all_the_same(payload: bytes) -> None:
    headers = {":exception-type": "modelStreamErrorException", ":message-type": "exception"}

    assert type(until_it_breaks([encode(headers, payload)])[1]) is ModelUnreachable


def test_an_exception_comes_behind_the_words_that_were_said_before_it() -> None:
    events, error = until_it_breaks([START + text("Half an") + exception("throttlingException", message="x")])

    assert events == [Text("Half an")]
    assert isinstance(error, ModelBusy)


def test_an_error_that_the_service_has_no_model_for_is_one_to_try_again() -> None:
    headers = {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "dropped"}

    _, error = until_it_breaks([encode(headers, b"")])

    assert type(error) is ModelUnreachable
    assert "InternalFailure: dropped" in str(error)


def test_what_people_said_is_not_in_an_error_of_the_stream() -> None:
    hidden = Hidden("", "Where is my grandmother's ring?")
    quoting = exception("validationException", message="Blocked: 'Where is my grandmother's ring?'")

    _, error = until_it_breaks([quoting], hidden=hidden)

    assert "grandmother" not in str(error)
    assert "Blocked: 'Where is [...]?'" in str(error)


def test_a_stream_that_ends_cleanly_without_message_stop_is_a_cut() -> None:
    events, error = until_it_breaks([START + text("Half an")])

    assert events == [Text("Half an")]
    assert type(error) is ModelCut


@pytest.mark.parametrize("api", [CONVERSE, CLAUDE, invoke("amazon.nova-micro-v1:0")], ids=repr)
@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"delta":3}', b'{"bytes":"!"}', b"\xff"])
def test_a_payload_that_is_none_is_an_error_of_ours(api: Api, payload: bytes) -> None:
    kind = "contentBlockDelta" if api is CONVERSE else "chunk"

    _, error = until_it_breaks([encode({":event-type": kind, ":message-type": "event"}, payload)], api)

    assert isinstance(error, Garbled)
    assert error.code == "model_garbled"


def test_what_follows_the_end_mark_takes_nothing_away() -> None:
    late = exception("internalServerException", message="metadata failed")

    assert told(START, text("A"), stopped(), late) == [Text("A"), Finished()]


# --- However it is cut, and anything at all -----------------------------------

_STORY = (
    START
    + text("Grüße ")
    + delta(1, reasoningContent={"text": "🗼"})
    + text("Ende.", 2)
    + tool(3, "t", "f")
    + stopped("tool_use")
    + metadata()
)


def test_it_does_not_matter_how_the_network_cuts_the_stream() -> None:
    whole = list(heard([_STORY]))

    for at in range(1, len(_STORY)):
        assert list(heard([_STORY[:at], _STORY[at:]])) == whole, at
    for size in range(1, 51):
        assert list(heard(cut(_STORY, size))) == whole, size


_NAMES = (
    "delta", "text", "contentBlockIndex", "reasoningContent", "toolUse", "input", "start", "toolUseId",
    "name", "type", "citation", "title", "source", "sourceContent", "location", "web", "url", "stopReason",
    "usage",
    "inputTokens", "outputTokens", "trace", "guardrail", "inputAssessment", "outputAssessments",
    "modelOutput", "action", "promptRouter", "invokedModelId", "message", "originalStatusCode",
    "completion", "stop_reason",
    "contentBlockDelta", "contentBlockStart", "messageStop", "metadata", "outputText", "completionReason",
    "generation", "is_finished", "finish_reason", "index", "content_block", "partial_json", "thinking",
    "amazon-bedrock-invocationMetrics", "inputTokenCount", "amazon-bedrock-guardrailAction",
    "amazon-bedrock-trace", "cacheReadInputTokenCount", "contentPolicy",
)  # fmt: skip
_WORDS = st.sampled_from([
    "BLOCKED", "INTERVENED", "guardrail_intervened", "end_turn", "stop", "error", "message_stop",
    "message_delta", "content_block_delta", "content_block_start", "text_delta", "tool_use",
])  # fmt: skip
_LEAF: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, 1, -1, 2**70, 1.5, "", "x", "\ud83d", {}, []]
)
_LIKELY = st.recursive(
    _LEAF | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=5),
    max_leaves=12,
)
_KINDS = st.sampled_from([
    "messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata",
])  # fmt: skip
_APIS = [CONVERSE, CLAUDE, *map(invoke, FAMILIES)]


def raw(kind: str, payload: object) -> bytes:
    return encode({":event-type": kind, ":message-type": "event"}, json.dumps(payload).encode())


def writable(events: list[Event]) -> None:
    assert decode_batch(encode_batch(events)) == events


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_KINDS, _LIKELY), max_size=6))
@example([("metadata", {"usage": {"inputTokens": 2**70}})])
@example([("messageStop", {"stopReason": "x"}), ("metadata", {"trace": {"guardrail": []}})])
def test_whatever_converse_sends_only_our_errors_come_out(messages: list[tuple[str, object]]) -> None:
    writable(until_it_breaks([b"".join(raw(kind, payload) for kind, payload in messages)])[0])


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(_APIS[1:]), st.lists(_LIKELY, max_size=5))
def test_whatever_an_invoked_model_sends_only_our_errors_come_out(api: Api, chunks: list[object]) -> None:
    stream = [raw("chunk", {"bytes": base64.b64encode(json.dumps(one).encode()).decode()}) for one in chunks]

    writable(until_it_breaks(stream, api)[0])


def changed(payload: Any, data: st.DataObject) -> Any:
    """The payload with something in it that its type forbids, or that nobody thought of."""
    if isinstance(payload, dict) and payload and data.draw(st.integers(0, 4)):
        name = data.draw(st.sampled_from(sorted(payload)))
        return {**payload, name: changed(payload[name], data)}
    return data.draw(_LIKELY)


_CONVERSED: list[tuple[str, Any]] = [
    ("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "A"}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"reasoningContent": {"text": "A"}}}),
    (
        "contentBlockDelta",
        {"contentBlockIndex": 1, "delta": {"citation": {"location": {"web": {"url": "u"}}}}},
    ),
    ("messageStop", {"stopReason": "guardrail_intervened"}),
    ("metadata", {"usage": {"inputTokens": 1}, "trace": trace(asked=PII, answered=HATE, output="A")}),
]


@settings(max_examples=250, deadline=None)
@given(st.integers(0, len(_CONVERSED) - 1), st.data())
def test_whatever_is_wrong_with_one_event_only_our_errors_come_out(at: int, data: st.DataObject) -> None:
    stream = [
        raw(kind, changed(payload, data) if number == at else payload)
        for number, (kind, payload) in enumerate(_CONVERSED)
    ]

    writable(until_it_breaks(stream)[0])


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.data())
def test_whatever_is_wrong_with_one_chunk_only_our_errors_come_out(model: str, data: st.DataObject) -> None:
    chunks = FAMILIES[model][0]
    at = data.draw(st.integers(0, len(chunks) - 1))
    sent = [changed(one, data) if number == at else one for number, one in enumerate(chunks)]

    stream = [raw("chunk", {"bytes": base64.b64encode(json.dumps(one).encode()).decode()}) for one in sent]

    writable(until_it_breaks(stream, invoke(model))[0])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_APIS), st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=40)), max_size=4))
def test_whatever_exceptions_come_only_our_errors_come_out(
    api: Api, messages: list[tuple[str, bytes]]
) -> None:
    until_it_breaks([encode({":exception-type": kind}, payload) for kind, payload in messages], api)
