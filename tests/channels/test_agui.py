"""What the web channel puts on the wire for a turn's log, entry by entry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from penstock.channels.web import Asked, EarlierMissing, Frames, Line, Socket, Sse, error_frame, lines
from penstock.core.cursor import Cursor
from penstock.core.events import (
    Cited,
    Entry,
    Event,
    Failed,
    Finished,
    Noted,
    Passage,
    Reasoning,
    Restarted,
    Retracted,
    Status,
    StepDone,
    Stopped,
    Text,
    ToolCalled,
    ToolReturned,
    Unknown,
    Usage,
    Waiting,
)
from penstock.core.ports import Exchange, TurnInfo
from penstock.core.question import Person, Question
from penstock.core.turn import View
from penstock.errors import NotFound, TooManyQueued
from tests.channels.agui_reader import Page
from tests.channels.turn_logs import TURN, log

EARLIER: list[Line] = [{"id": "q1", "role": "user", "content": "Capital of France?"}]
ANSWER = {"messageId": "t1:0"}
THOUGHT = {"messageId": "t1:0:reasoning"}
FINISHED = {"type": "RUN_FINISHED", "threadId": "web:1", "runId": "t1"}


def sent(*events: Event, seen: int = 0) -> list[dict[str, Any]]:
    """The events on the wire, after RUN_STARTED, for a reader that has seen the first `seen` entries."""
    entries = log(*events)
    page = Page()
    page.read_sse(stream(entries, entries[seen - 1] if seen else None))
    assert page.events[0] == {
        "type": "RUN_STARTED",
        "threadId": "web:1",
        "runId": "t1",
        "protocolVersion": "1.0",
    }
    return page.events[1:]


def stream(entries: Sequence[Entry], seen: Entry | None = None) -> bytes:
    cursor = Cursor(TURN, seen.attempt, seen.number) if seen else None
    reader = Sse("web:1", TURN, seen=cursor)
    reader.earlier = EARLIER
    known = [e for e in entries if seen and e.number <= seen.number]
    reader.skip(known)
    return reader.opening() + reader.encode(entries[len(known) :])


def custom(name: str, **value: object) -> dict[str, object]:
    return {"type": "CUSTOM", "name": f"penstock.{name}", "value": value}


def test_an_answer_is_one_message() -> None:
    assert sent(Text("Pa"), Text("ris"), Finished()) == [
        {"type": "TEXT_MESSAGE_START", **ANSWER, "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", **ANSWER, "delta": "Pa"},
        {"type": "TEXT_MESSAGE_CONTENT", **ANSWER, "delta": "ris"},
        {"type": "TEXT_MESSAGE_END", **ANSWER},
        {**FINISHED, "outcome": {"type": "success"}, "result": {"finish": "complete"}},
    ]


def test_the_bytes_are_server_sent_events_with_the_cursor_as_their_id() -> None:
    assert stream(log(Text("Grüße\n")))[-150:].split(b"\n\n", 1)[1].decode() == (
        'id: t1.1.1\ndata: {"type":"TEXT_MESSAGE_CONTENT","messageId":"t1:0","delta":"Grüße\\n"}\n\n'
    )


def test_reasoning_is_a_message_of_its_own_that_text_closes() -> None:
    assert sent(Reasoning("Hm"), Text("Paris"), Reasoning("Yes")) == [
        {"type": "REASONING_START", **THOUGHT},
        {"type": "REASONING_MESSAGE_START", **THOUGHT, "role": "reasoning"},
        {"type": "REASONING_MESSAGE_CONTENT", **THOUGHT, "delta": "Hm"},
        {"type": "REASONING_MESSAGE_END", **THOUGHT},
        {"type": "REASONING_END", **THOUGHT},
        {"type": "TEXT_MESSAGE_START", **ANSWER, "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", **ANSWER, "delta": "Paris"},
        {"type": "REASONING_START", **THOUGHT},
        {"type": "REASONING_MESSAGE_START", **THOUGHT, "role": "reasoning"},
        {"type": "REASONING_MESSAGE_CONTENT", **THOUGHT, "delta": "Yes"},
    ]


def test_what_has_no_place_in_the_protocol_is_custom() -> None:
    assert sent(Waiting(2), Status("Searching"), Cited(1, Passage("a.md", "Paris is …", "France", 0.5))) == [
        custom("waiting", ahead=2),
        custom("status", label="Searching"),
        custom("passage_cited", number=1, source="a.md", heading="France", text="Paris is …", score=0.5),
    ]


def test_what_is_not_for_the_reader_is_not_sent() -> None:
    assert sent(Noted("trimmed", {"turns": 3}), StepDone(), Unknown("later"), Usage("m", 1, 2)) == []


def test_the_cursor_passes_what_is_not_sent_with_the_next_frame() -> None:
    assert b"id: t1.1.3\n" in stream(log(Noted("trimmed"), StepDone(), Status("Searching")))


def test_a_tool_call_belongs_to_the_answers_message() -> None:
    call = {"toolCallId": "c1"}

    assert sent(ToolCalled("c1", "search", '{"q":1}'), ToolReturned("c1", "found")) == [
        {"type": "TOOL_CALL_START", **call, "toolCallName": "search", "parentMessageId": "t1:0"},
        {"type": "TOOL_CALL_ARGS", **call, "delta": '{"q":1}'},
        {"type": "TOOL_CALL_END", **call},
        {"type": "TOOL_CALL_RESULT", "messageId": "t1:c1", **call, "content": "found", "role": "tool"},
    ]


def test_usage_comes_with_the_end_one_entry_for_each_model() -> None:
    events = sent(Usage("a", 1, 2), Usage("b", 5, 6, reasoning_tokens=3), Usage("a", 10, 20), Finished())

    assert events[-1]["usage"] == [
        {"model": "a", "inputTokens": 11, "outputTokens": 22, "totalTokens": 33},
        {"model": "b", "inputTokens": 5, "outputTokens": 6, "totalTokens": 11, "reasoningTokens": 3},
    ]


def test_a_stopped_answer_is_cancelled_and_says_by_whom() -> None:
    assert sent(Text("Pa"), Stopped("time"))[-3:] == [
        {"type": "TEXT_MESSAGE_END", **ANSWER},
        custom("stopped", by="time"),
        {**FINISHED, "outcome": {"type": "cancelled"}},
    ]


def test_a_failure_is_a_sentence_a_code_and_a_reference() -> None:
    assert sent(Failed("model_busy", "The model is busy.", "ref-7"))[-1] == {
        "type": "RUN_ERROR",
        "message": "The model is busy.",
        "code": "model_busy",
        "metadata": {"reference": "ref-7"},
    }


def test_taking_text_back_is_a_snapshot_and_a_new_message() -> None:
    new = {"messageId": "t1:1"}

    assert sent(Text("Paris, of"), Retracted(5), Text("."))[2:] == [
        {"type": "TEXT_MESSAGE_END", **ANSWER},
        custom("taken_back", epoch=1, citations=[]),
        {
            "type": "MESSAGES_SNAPSHOT",
            "messages": [*EARLIER, {"id": "t1:1", "role": "assistant", "content": "Paris"}],
        },
        {"type": "TEXT_MESSAGE_START", **new, "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", **new, "delta": "."},
    ]


def test_a_restart_keeps_what_a_finished_step_left_standing() -> None:
    cited = Cited(1, Passage("a.md", "…"))

    events = sent(Text("One. "), StepDone(), Text("Tw"), cited, Restarted(2))

    assert events[5]["value"] == {"epoch": 1, "citations": []}
    assert events[6]["messages"][-1]["content"] == "One. "


def test_a_restart_before_anything_was_shown_is_silent() -> None:
    assert sent(Usage("m", 1, 1), StepDone(), Restarted(2)) == []


def test_a_restart_takes_reasoning_back_even_when_there_was_no_text() -> None:
    assert sent(Reasoning("Hm"), Restarted(2))[-1]["messages"] == [
        *EARLIER,
        {"id": "t1:0:reasoning", "role": "reasoning", "content": ""},
    ]


def test_a_reader_that_comes_back_in_mid_message_gets_its_start_again() -> None:
    assert sent(Text("Pa"), Text("ris"), seen=1) == [
        {"type": "TEXT_MESSAGE_START", **ANSWER, "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", **ANSWER, "delta": "ris"},
    ]
    assert [e["type"] for e in sent(Reasoning("Hm"), Reasoning("m"), seen=1)] == [
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
    ]


def test_a_reader_that_comes_back_after_the_end_is_told_of_it_again() -> None:
    assert sent(Text("Pa"), Finished(), seen=2) == [
        {**FINISHED, "outcome": {"type": "success"}, "result": {"finish": "complete"}}
    ]


def test_who_did_not_ask_is_told_the_question_when_it_was_asked_and_instead_of_what() -> None:
    reader = Sse("web:1", TURN, asked=Asked(EARLIER, "t0", 1_700_000_000.5))

    page = Page()
    page.read_sse(reader.opening())

    run = page.events[0]["input"]
    assert run["messages"] == EARLIER
    assert run["forwardedProps"] == {"replaces": "t0", "askedS": 1_700_000_000.5}


def test_text_is_not_taken_back_without_the_earlier_messages() -> None:
    reader = Sse("web:1", TURN)
    reader.opening()
    taken_back = log(Text("a"), Retracted(0))

    assert not reader.needs_earlier(taken_back[:1])
    assert reader.needs_earlier(taken_back)
    with pytest.raises(EarlierMissing):
        reader.encode(taken_back)


def test_the_earlier_messages_are_the_transcript_up_to_this_turns_question() -> None:
    def exchange(turn: str, asked: str, view: View) -> Exchange:
        question = Question(f"q-{turn}", "site:web:1", Person("site", "ann"), asked)
        info = TurnInfo(turn, "site:web:1", "done", 1, 3, (), 0.0)
        return Exchange(info, (question,), view)

    transcript = [
        exchange("t0", "Hello?", View(text="Hi.", reasoning="Greet.", epoch=2)),
        exchange("t1", "And?", View(text="settled meanwhile")),
    ]

    assert lines(transcript, until="t1") == [
        {"id": "q-t0", "role": "user", "content": "Hello?"},
        {"id": "t0:2:reasoning", "role": "reasoning", "content": "Greet."},
        {"id": "t0:2", "role": "assistant", "content": "Hi."},
        {"id": "q-t1", "role": "user", "content": "And?"},
    ]


def test_a_wake_up_is_one_websocket_message() -> None:
    reader = Socket("web:1", TURN)
    opening = json.loads(reader.opening())
    frame = json.loads(reader.encode(log(Text("Pa"), Text("ris"), Noted("x"))))

    assert (opening["n"], opening["cursor"]) == (1, "t1.0.0")
    assert {**frame, "events": len(frame["events"])} == {
        "type": "events",
        "n": 2,
        "thread": "web:1",
        "turn": "t1",
        "cursor": "t1.1.3",
        "events": 3,
    }


def test_a_wake_up_with_nothing_for_the_reader_is_no_message() -> None:
    assert Socket("web:1", TURN).encode(log(Noted("x"))) == b""
    assert Sse("web:1", TURN).encode(log(Noted("x"))) == b""


def test_readers_of_one_turn_share_what_was_encoded() -> None:
    frames = Frames(TURN)
    entry = log(Text("Paris"))

    one, two = (Sse("web:1", TURN, frames=frames).encode(entry) for _ in range(2))

    assert one == two
    assert frames.text(1, 1, "not encoded again", 0).endswith(b'"Paris"}')


def test_a_number_written_by_two_attempts_is_encoded_twice() -> None:
    frames = Frames(TURN)
    frames.text(1, 1, "lost", 0)

    assert frames.text(1, 2, "kept", 0).endswith(b'"kept"}')


def test_an_error_on_a_socket_names_the_request_it_answers() -> None:
    assert json.loads(error_frame(NotFound("There is no such conversation."), "r7")) == {
        "type": "error",
        "code": "not_found",
        "message": "There is no such conversation.",
        "re": "r7",
    }
    assert json.loads(error_frame(TooManyQueued("3 wait", retry_after_s=2)))["retryAfterS"] == 2
