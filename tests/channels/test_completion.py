"""An answer in the shape of OpenAI's chat completions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.channels.http import BEAT, Completion, failure, model_card, models, refusal, whole
from penstock.core.events import (
    Cited,
    Entry,
    Event,
    Failed,
    Finished,
    Passage,
    Reasoning,
    Restarted,
    Retracted,
    Status,
    StepDone,
    Stopped,
    Text,
    Usage,
)
from penstock.core.turn import fold
from penstock.errors import Busy, ShuttingDown, ThreadBusy, TooManyQueued
from tests.channels.turn_logs import TURN, cut, log, logs

HEAD = {"id": "chatcmpl-t1", "object": "chat.completion.chunk", "created": 17, "model": "demo"}


def chunks(stream: bytes) -> list[Any]:
    """The JSON of each event, and the word DONE; beats are nothing."""
    blocks = stream.replace(BEAT, b"").decode().split("\n\n")
    assert blocks.pop() == ""
    data = [block.removeprefix("data: ") for block in blocks]
    return ["DONE" if d == "[DONE]" else json.loads(d) for d in data]


def sent(*events: Event, include_usage: bool = False) -> list[Any]:
    """What a client gets, each event in a wake-up of its own."""
    completion = Completion(TURN, "demo", 17.9, include_usage=include_usage)
    return chunks(completion.opening() + b"".join(completion.encode([e]) for e in log(*events)))


def chunk(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def test_an_answer_is_a_role_then_words_then_a_reason() -> None:
    assert sent(Text("Pa"), Text("ris"), Finished()) == [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Pa"}),
        chunk({"content": "ris"}),
        {**chunk({}, "stop"), "penstock": {"turn": "t1", "finish": "complete"}},
        "DONE",
    ]


def test_every_reason_to_end_has_its_word() -> None:
    ends: dict[str, Event] = {
        "stop": Finished("complete"),
        "length": Finished("length"),
        "content_filter": Finished("blocked"),
    }
    for word, end in [*ends.items(), ("stop", Finished("refused")), ("stop", Stopped())]:
        assert sent(end)[-2]["choices"][0]["finish_reason"] == word


def test_a_wake_up_is_one_chunk_whatever_it_brought() -> None:
    completion = Completion(TURN, "demo", 17)

    assert chunks(completion.encode(log(Text("Pa"), Status("Reading"), Text("ris")))) == [
        chunk({"content": "Paris"})
    ]
    assert completion.encode(log(Status("Searching"), first=4)) == BEAT


def test_reasoning_goes_where_its_readers_look_for_it() -> None:
    assert sent(Reasoning("Hm"), Reasoning(" yes"))[1:] == [
        chunk({"reasoning_content": "Hm"}),
        chunk({"reasoning_content": " yes"}),
    ]


def test_usage_comes_last_with_no_choices_when_it_was_asked_for() -> None:
    *others, last, done = sent(Text("a"), Usage("m", 5, 7, 2, 3), Finished(), include_usage=True)

    assert all(c["usage"] is None for c in others)
    assert last == {
        **HEAD,
        "choices": [],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 7,
            "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 3},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    }
    assert done == "DONE"


def test_citations_stand_beside_the_last_chunk() -> None:
    last = sent(Cited(2, Passage("a.md", "Paris is …", "France")), Finished())[-2]

    assert last["penstock"]["citations"] == [{"number": 2, "source": "a.md", "heading": "France"}]


def test_a_failure_in_the_middle_is_an_error_that_names_the_turn_and_no_end() -> None:
    assert sent(Text("Pa"), Failed("model_cut", "The answer was cut off.", "ref-7"))[2:] == [
        {
            "error": {
                "message": "The answer was cut off. What there is of the answer can be read as turn t1.",
                "type": "server_error",
                "param": None,
                "code": "model_cut",
                "turn": "t1",
                "reference": "ref-7",
            }
        }
    ]


def test_a_restart_before_the_first_word_is_silent() -> None:
    assert sent(Reasoning("Hm"), Restarted(2), Text("Paris"))[2:] == [chunk({"content": "Paris"})]


def test_a_restart_after_the_first_word_ends_the_stream_with_the_turn_to_read_instead() -> None:
    error = sent(Text("Lond"), Restarted(2))[-1]["error"]

    assert (error["code"], error["turn"]) == ("answer_withdrawn", "t1")
    # Whether there will be a whole answer, nobody knows yet.
    assert "What becomes of it can be read as turn t1" in error["message"]


def test_a_restart_that_takes_back_nothing_that_was_sent_is_silent() -> None:
    assert sent(Text("One. "), StepDone(), Restarted(2), Text("Two."))[2:] == [chunk({"content": "Two."})]


def test_a_client_that_comes_late_never_hears_of_what_was_taken_back_before() -> None:
    completion = Completion(TURN, "demo", 17)

    assert chunks(completion.encode(log(Text("Lond"), Restarted(2), Text("Par"), Retracted(1), Text("."))))[
        0
    ] == chunk({"content": "P."})


@given(logs, st.lists(st.integers(0, 25), max_size=5), st.booleans())
def test_what_was_sent_is_the_answer_or_ends_in_an_error(
    entries: list[Entry], at: Sequence[int], include_usage: bool
) -> None:
    completion = Completion(TURN, "demo", 17, include_usage=include_usage)
    stream = b""
    for woken in cut(entries, *(min(n, len(entries)) for n in at)):
        if not completion.over:
            stream += completion.encode(woken)
    found = chunks(stream)
    view = fold(e.event for e in entries)

    failed = "error" in found[-1] if found and found[-1] != "DONE" else False
    choices = [c["choices"][0] for c in found if c != "DONE" and c.get("choices")]
    text = "".join(choice["delta"].get("content", "") for choice in choices)
    assert failed or text == view.text
    assert completion.over == (failed or view.done)
    assert (found[-1:] == ["DONE"]) == (completion.over and not failed)
    if view.state == "failed":
        assert failed


def test_a_whole_answer_is_one_object() -> None:
    events: list[Event] = [Reasoning("Hm"), Text("Paris"), Usage("m", 1, 2), Finished("length")]

    found = json.loads(whole(fold(events), "t1", "demo", 17.2))

    assert found["object"] == "chat.completion"
    assert found["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Paris",
                "refusal": None,
                "reasoning_content": "Hm",
            },
            "finish_reason": "length",
            "logprobs": None,
        }
    ]
    assert found["usage"]["total_tokens"] == 3
    assert found["penstock"] == {"turn": "t1", "finish": "length"}


def test_a_turn_that_failed_before_anything_was_sent_is_an_http_error() -> None:
    found = failure(fold([Failed("model_stalled", "The model fell silent.", "ref-7")]), "t1")

    assert found.status == 504
    assert json.loads(found.body)["error"] == {
        "message": "The model fell silent.",
        "type": "server_error",
        "param": None,
        "code": "model_stalled",
        "turn": "t1",
        "reference": "ref-7",
    }


@pytest.mark.parametrize("code", ["model_busy", "model_cut", "model_stalled", "out_of_time", "error"])
def test_no_client_is_to_begin_anew_what_was_tried_often_enough(code: str) -> None:
    found = failure(fold([Failed(code, "It failed.", "ref-7")]), "t1")

    assert found.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("error", [TooManyQueued("3 wait"), ThreadBusy("one runs"), ShuttingDown("it ends")])
def test_what_was_never_begun_may_be_asked_again(error: Busy) -> None:
    found = refusal(error)

    assert "x-should-retry" not in found.headers
    assert found.headers["retry-after"] == "5"


def test_models_are_listed_and_shown() -> None:
    card = {"id": "demo", "object": "model", "created": 17, "owned_by": "penstock"}

    assert json.loads(models(["demo"], 17.5)) == {"object": "list", "data": [card]}
    assert json.loads(model_card("demo", 17.5)) == card
