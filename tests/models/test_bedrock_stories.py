"""What streams from Bedrock say, told frame by frame: blocks, calls, ends and counts of every family."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.events import (
    Cited,
    Event,
    Finished,
    Noted,
    Passage,
    Reasoning,
    Status,
    Text,
    ToolCalled,
    Usage,
)
from penstock.errors import (
    ModelCut,
    ModelError,
    ModelUnreachable,
)
from tests.models.bedrock_streams import (
    CLAUDE,
    METRICS,
    START,
    chunk,
    claude,
    claude_stop,
    claude_text,
    delta,
    event,
    invoke,
    metadata,
    stopped,
    text,
    told,
    tool,
    until_it_breaks,
)

USED = Usage("asked-for", 3, 2)

# --- Converse -----------------------------------------------------------------


def test_text_comes_without_a_start_of_its_block_and_empty_deltas_say_nothing() -> None:
    events = told(START, text(""), text("Grüße"), text(" 🗼"), stopped(), metadata())

    assert events == [Text("Grüße"), Text(" 🗼"), USED, Finished()]


def test_an_empty_text_block_may_come_before_the_thoughts() -> None:
    events = told(
        START,
        text("", 0),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        delta(1, reasoningContent={"text": "Let me see."}),
        delta(1, reasoningContent={"signature": "c2ln"}),
        delta(2, reasoningContent={"redactedContent": "c2VjcmV0"}),
        text("Four.", 3),
        stopped(),
        metadata(),
    )

    assert events == [Reasoning("Let me see."), Text("Four."), USED, Finished()]


def test_a_token_may_have_a_block_of_its_own() -> None:
    events = told(START, text("One", 0), text(" two", 1), text(" three", 2), stopped(), metadata())

    assert [e.text for e in events if isinstance(e, Text)] == ["One", " two", " three"]


@pytest.mark.parametrize("inputs", [[], [""], ["", ""]])
def test_a_tool_may_be_called_with_an_empty_input(inputs: list[str]) -> None:
    deltas = [delta(0, toolUse={"input": more}) for more in inputs]

    events = told(START, tool(0, "t1", "list_alerts"), *deltas, stopped("tool_use"), metadata())

    assert events == [ToolCalled("t1", "list_alerts", ""), USED, Finished("tool")]


def test_the_inputs_of_several_tools_are_gathered_by_their_blocks() -> None:
    events = told(
        START,
        tool(1, "t1", "weather"),
        tool(2, "t2", "time"),
        delta(1, toolUse={"input": '{"city":'}),
        delta(2, toolUse={"input": '{"zone":"CET"}'}),
        delta(1, toolUse={"input": '"Zürich"}'}),
        stopped("tool_use"),
        metadata(),
    )

    assert events[:2] == [
        ToolCalled("t1", "weather", '{"city":"Zürich"}'),
        ToolCalled("t2", "time", '{"zone":"CET"}'),
    ]


def test_a_tool_that_the_provider_runs_itself_is_nothing_we_are_asked_for() -> None:
    events = told(
        START,
        tool(0, "t1", "nova_grounding", type="server_tool_use"),
        delta(0, toolUse={"input": '{"query":"x"}'}),
        event("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolResult": {"toolUseId": "t1"}}}),
        delta(1, toolResult=[{"json": {"found": 3}}]),
        text("Found.", 2),
        stopped(),
        metadata(serverToolUsage=1),
    )

    assert events == [Status("Using a tool…"), Text("Found."), USED, Finished()]


def test_what_the_provider_cites_is_numbered_behind_our_own_passages_and_told_once() -> None:
    page = {"title": "Pumps", "location": {"web": {"url": "https://h.example/pumps", "domain": "h.example"}}}
    letter = {"title": "letter.pdf", "sourceContent": [{"text": "It "}, {"text": "hums."}]}

    events = told(
        START,
        text("It hums."),
        delta(0, citation=page),
        delta(0, citation=letter),
        delta(0, citation=page),
        stopped(),
        metadata(),
        passages=2,
    )

    assert [e for e in events if isinstance(e, Cited)] == [
        Cited(3, Passage("https://h.example/pumps", "", "Pumps")),
        Cited(4, Passage("letter.pdf", "It hums.")),
    ]


def test_what_is_not_known_yet_is_passed_over() -> None:
    events = told(
        event("initial-response", {}),
        START,
        event("contentBlockStart", {"contentBlockIndex": 0, "start": {"image": {"format": "png"}}}),
        delta(0, image={"source": {"bytes": "AAAA"}}),
        delta(1, hologram={"x": 1}),
        event("somethingNew", {"a": 1}),
        text("Done.", 2),
        stopped(),
        metadata(),
    )

    assert events == [Text("Done."), USED, Finished()]


@pytest.mark.parametrize(
    ("reason", "finished"),
    [
        ("end_turn", "complete"),
        ("stop_sequence", "complete"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("content_filtered", "blocked"),
    ],
)
def test_a_stop_reason_becomes_ours(reason: str, finished: Any) -> None:
    assert told(START, text("A"), stopped(reason), metadata())[-1] == Finished(finished)


def test_an_unknown_stop_reason_is_noted() -> None:
    events = told(START, text("A"), stopped("tea_time"), metadata())

    assert Noted("finish_reason_unknown", {"finish_reason": "tea_time"}) in events
    assert events[-1] == Finished()


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_an_end_at_which_nothing_could_be_read_is_none(reason: str) -> None:
    events, error = until_it_breaks([START + text("A") + stopped(reason) + metadata()])

    assert events == [Text("A")]
    assert type(error) is ModelError
    assert error.try_again


def test_usage_counts_what_the_cache_took_part_in() -> None:
    events = told(START, stopped(), metadata(cacheReadInputTokens=100, cacheWriteInputTokens=20))

    assert events[-2] == Usage("asked-for", 123, 2, cache_read_tokens=100, cache_write_tokens=20)


def test_behind_a_prompt_router_usage_names_the_model_that_answered() -> None:
    trace = {
        "promptRouter": {"invokedModelId": "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite"}
    }

    assert told(START, stopped(), metadata(trace))[-2] == Usage("amazon.nova-lite", 3, 2)


def test_an_answer_whose_usage_never_came_is_an_answer() -> None:
    assert told(START, text("A"), stopped()) == [Text("A"), Finished()]


FAMILIES: dict[str, tuple[list[Any], list[Event]]] = {
    "anthropic.claude-v1": (
        [
            {"completion": " The sky", "stop_reason": None, "stop": None},
            {"completion": " is blue.", "stop_reason": "stop_sequence", "stop": "\n\nHuman:", **METRICS},
        ],
        [Text(" The sky"), Text(" is blue."), USED, Finished()],
    ),
    "eu.amazon.nova-lite-v1:0": (
        [
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"delta": {"text": "The"}, "contentBlockIndex": 0}},
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"contentBlockDelta": {"delta": {"text": " sky"}, "contentBlockIndex": 1}},
            {"messageStop": {"stopReason": "max_tokens"}},
            {"metadata": {"usage": {"inputTokens": 3, "outputTokens": 2}, "trace": {}}, **METRICS},
        ],
        [Text("The"), Text(" sky"), USED, Finished("length")],
    ),
    "amazon.titan-text-express-v1": (
        [
            {
                "outputText": "\nBlue.",
                "index": 0,
                "totalOutputTextTokenCount": 2,
                "completionReason": "FINISH",
                "inputTextTokenCount": 3,
                **METRICS,
            }
        ],
        [Text("\nBlue."), USED, Finished()],
    ),
    "us.meta.llama3-3-70b-instruct-v1:0": (
        [
            {"generation": "", "prompt_token_count": 3, "generation_token_count": 1, "stop_reason": None},
            {"generation": "Blue", "prompt_token_count": None, "generation_token_count": 1},
            {"generation": "", "generation_token_count": 2, "stop_reason": "stop", **METRICS},
        ],
        [Text("Blue"), USED, Finished()],
    ),
    "cohere.command-text-v14": (
        [
            {"is_finished": False, "text": " Blue"},
            {"is_finished": False, "text": "<EOS_TOKEN>"},
            {"is_finished": True, "finish_reason": "MAX_TOKENS", **METRICS},
        ],
        [Text(" Blue"), USED, Finished("length")],
    ),
    "cohere.command-r-plus-v1:0": (
        [
            {"is_finished": False, "event_type": "text-generation", "text": "Blue"},
            {
                "is_finished": True,
                "event_type": "stream-end",
                "response": {"text": "Blue"},
                "finish_reason": "COMPLETE",
                **METRICS,
            },
        ],
        [Text("Blue"), USED, Finished()],
    ),
}


# --- Models by themselves -----------------------------------------------------


def test_claude_by_itself_is_billed_by_bedrocks_own_count_and_the_cache_by_its_own() -> None:
    begin = {"cache_read_input_tokens": 50, "cache_creation_input_tokens": 4, "input_tokens": 9}
    frames = claude(
        {"type": "message_start", "message": {"model": "claude-x", "usage": begin}},
        claude_text("Hi."),
        claude_stop("end_turn"),
    )

    assert told(*frames, api=CLAUDE) == [
        Text("Hi."),
        Usage("claude-x", 57, 2, cache_read_tokens=50, cache_write_tokens=4),
        Finished(),
    ]


def test_claude_by_itself_thinks_calls_and_refuses_as_it_does_at_anthropic() -> None:
    start = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    frames = claude(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        {"type": "content_block_start", "index": 1, "content_block": start},
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": ""},
        },
        {"type": "content_block_stop", "index": 1},
        claude_stop("tool_use"),
    )

    events = told(*frames, api=CLAUDE)

    assert events == [
        Reasoning("Hm."),
        ToolCalled("t1", "look", ""),
        Usage("claude-x", 3, 2),
        Finished("tool"),
    ]
    assert told(*claude(claude_stop("refusal")), api=CLAUDE)[-1] == Finished("refused")


@pytest.mark.parametrize("model", FAMILIES)
def test_each_family_is_heard_in_its_own_words(model: str) -> None:
    chunks, events = FAMILIES[model]

    assert told(*map(chunk, chunks), api=invoke(model)) == events


@pytest.mark.parametrize("model", FAMILIES)
def test_each_family_is_cut_without_its_own_end_mark(model: str) -> None:
    chunks, _ = FAMILIES[model]

    for kept in range(len(chunks) - 2):
        assert isinstance(until_it_breaks([b"".join(map(chunk, chunks[:kept]))], invoke(model))[1], ModelCut)


def test_cohere_that_broke_down_is_out_of_reach() -> None:
    broken = [chunk({"is_finished": True, "finish_reason": "ERROR"})]

    assert isinstance(until_it_breaks(broken, invoke("cohere.command-r-v1:0"))[1], ModelUnreachable)
