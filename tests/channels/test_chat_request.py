"""What the chat completions door takes, and the sentences it refuses the rest with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import errors
from penstock.channels.http import ChatRequest, decode, refusal
from penstock.core.question import Message
from penstock.errors import QuestionInvalid

ASKED = {"role": "user", "content": "Capital of France?"}


def decoded(*messages: dict[str, Any], **more: Any) -> ChatRequest:
    return decode(json.dumps({"model": "demo", "messages": messages or [ASKED], **more}).encode())


def test_the_last_message_is_the_question_and_the_rest_its_history() -> None:
    found = decoded(
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]},
        ASKED,
    )

    assert found.text == "Capital of France?"
    assert found.history == (
        Message("system", "Be brief."),
        Message("user", "Hello?"),
        Message("assistant", ""),
    )


def test_content_may_come_in_parts() -> None:
    parts = [{"type": "text", "text": "Capital"}, {"type": "text", "text": "of France?"}]

    assert decoded({"role": "user", "content": parts}).text == "Capital\nof France?"


def test_streaming_and_usage_are_asked_for() -> None:
    found = decoded(stream=True, stream_options={"include_usage": True})

    assert (found.stream, found.include_usage, found.model) == (True, True, "demo")
    assert (decoded().stream, decoded(stream=None, stream_options=None).include_usage) == (False, False)


def test_wishes_to_the_model_are_kept_and_what_we_do_not_know_is_ignored() -> None:
    found = decoded(
        temperature=0,
        max_tokens=5,
        max_completion_tokens=9,
        stop=["\n"],
        seed=None,
        user="ann",
        logit_bias={},
    )

    assert found.options == {"temperature": 0.0, "max_tokens": 9, "stop": ["\n"]}


def test_tools_are_ignored_unless_one_must_be_called() -> None:
    tools = [{"type": "function", "function": {"name": "search"}}]

    assert decoded(tools=tools, tool_choice="auto").text == "Capital of France?"
    for forced in ("required", {"type": "function", "function": {"name": "search"}}):
        with pytest.raises(QuestionInvalid, match="cannot be made to call a tool"):
            decoded(tools=tools, tool_choice=forced)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"messages":[{"role":"user","content":"half \\ud800"}]}', "not JSON"),
        (b"[]", "not a chat completion request: Expected `object`"),
        (b"{}", "missing required field `messages`"),
        (b'{"messages":[]}', "There are no messages"),
        (b'{"messages":[{"role":"user","content":5}]}', r"\$\.messages\[0\]\.content"),
        (b'{"messages":[{"role":"tool","content":"x"}]}', r"messages\[0\] has the role 'tool'"),
        (b'{"messages":[{"role":"assistant","content":"Well,"}]}', "must be from the user"),
        (
            b'{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}',
            r"messages\[0\] has a part of type 'image_url'; this assistant reads text",
        ),
        (b'{"messages":[{"role":"user","content":"x"}],"n":2}', "one answer to a question"),
        (b'{"messages":[{"role":"user","content":"x"}],"modalities":["audio"]}', "answers in text"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(QuestionInvalid, match=sentence):
        decode(body)


@given(
    st.binary()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_is_sent_there_is_a_sentence(body: bytes) -> None:
    with pytest.raises(QuestionInvalid):
        decode(body)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (errors.QuestionTooLong("Too long."), 400, "invalid_request_error"),
        (errors.QuestionChanged("Changed."), 422, "invalid_request_error"),
        (errors.NotFound("No such turn."), 404, "not_found_error"),
        (errors.Gone("Forgotten."), 410, "invalid_request_error"),
        (errors.TooManyQueued("3 wait"), 429, "rate_limit_error"),
        (errors.ShuttingDown("bye"), 503, "server_error"),
        (errors.ModelBusy("429"), 503, "server_error"),
        (errors.ModelCut("eof"), 502, "server_error"),
        (errors.ModelMisconfigured("no key sk-1"), 500, "server_error"),
        (errors.StoreFull("disk"), 503, "server_error"),
        (errors.ConfigError("no key sk-1"), 500, "server_error"),
    ],
)
def test_every_error_has_a_status_and_says_only_what_a_reader_may_see(
    error: errors.PenstockError, status: int, kind: str
) -> None:
    found = refusal(error)

    assert found.status == status
    assert json.loads(found.body)["error"] == {
        "message": error.for_reader,
        "type": kind,
        "param": None,
        "code": error.code,
    }


def test_clients_are_told_when_to_try_again_and_when_not() -> None:
    assert refusal(errors.TooManyQueued("3 wait", retry_after_s=2.4)).headers["retry-after"] == "2"
    assert refusal(errors.ModelRefused("too long")).headers["x-should-retry"] == "false"
    assert refusal(errors.ModelMisconfigured("no key")).headers["x-should-retry"] == "false"
