"""Every story in wire/anthropic/, read to its end, however the network cuts it; and by Anthropic's client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.core.events import (
    Cited,
    Event,
    Finished,
    FinishReason,
    Noted,
    Passage,
    Reasoning,
    Status,
    Text,
    ToolCalled,
    Usage,
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
from penstock.models.body import body_of
from penstock.models.decoding import Garbled
from penstock.models.messages.events import Reading
from tests.models.stories import cut, until_error

WIRE = Path(__file__).parent / "wire" / "anthropic"
HAIKU = "claude-haiku-5-5"
GREETING: list[Event] = [
    Text("Grüße"),
    Text(" aus "),
    Text("Paris 🗼."),
    # 7 beside the cache, 1,000 read from it, 20 written to it.
    Usage(HAIKU, 1_027, 14, cache_read_tokens=1_000, cache_write_tokens=20),
    Finished(),
]

COMPLETE: dict[str, list[Event]] = {
    "text-with-caches.sse": [*GREETING],
    "crlf.sse": [*GREETING],
    "thinking.sse": [
        Status("Thinking…"),
        Reasoning("The user asks"),
        Reasoning(" for 2+2."),
        Text("4"),
        Usage("claude-sonnet-4-6", 19, 40, reasoning_tokens=31),
        Finished(),
    ],
    "thinking-unseen.sse": [
        Status("Thinking…"),
        Status("Thinking…"),
        Text("42"),
        Usage(HAIKU, 19, 90, reasoning_tokens=85),
        Finished(),
    ],
    "tool-use-in-fragments.sse": [
        Text("Let me look."),
        ToolCalled("toolu_01a", "get_weather", '{"city": "Zürich"}'),
        ToolCalled("toolu_01b", "list_alerts", ""),
        Usage(HAIKU, 472, 89),
        Finished("tool"),
    ],
    "tool-use-whole-and-never-closed.sse": [
        ToolCalled("toolu_01a", "get_time", '{"zone":"CET"}'),
        Usage(HAIKU, 19, 20),
        Finished("tool"),
    ],
    "web-search.sse": [
        Text("I'll look it up."),
        Status("Searching the web…"),
        Cited(1, Passage("https://bridges.example/arch", "It spans 503 metres.", "The arch bridge")),
        Text("\n\nIt spans 503 m"),
        Text(", and "),
        Cited(2, Passage("https://opening.example/", "1932")),
        Text("opened in 1932."),
        Usage(HAIKU, 10_682, 510),
        Finished(),
    ],
    "web-search-failed.sse": [
        Status("Searching the web…"),
        Noted("tool_failed", {"tool": "web_search", "error_code": "max_uses_exceeded"}),
        Text("I could not look."),
        Usage(HAIKU, 19, 12),
        Finished(),
    ],
    "several-tools-run-by-the-provider.sse": [
        Status("Reading a page…"),
        Status("Running a program…"),
        Status("Looking for a tool…"),
        Status("Using a tool…"),
        Status("Using a tool…"),
        Text("Done."),
        Usage(HAIKU, 19, 12),
        Finished(),
    ],
    "pause-turn.sse": [
        Text("Still searching"),
        Status("Searching the web…"),
        Usage(HAIKU, 19, 12),
        Finished("length"),
    ],
    "max-tokens.sse": [Text("It was a dark and"), Usage(HAIKU, 19, 12), Finished("length")],
    "context-window-exceeded.sse": [Text("And so"), Usage(HAIKU, 19, 12), Finished("length")],
    "stop-sequence.sse": [Text("One, two"), Usage(HAIKU, 19, 12), Finished()],
    "refusal.sse": [
        Text("Hello.."),
        Noted("refused", {"category": "cyber"}),
        Usage(HAIKU, 19, 12),
        Finished("refused"),
    ],
    "refusal-before-a-word.sse": [Usage(HAIKU, 19, 1), Finished("refused")],
    "unknown-stop-reason.sse": [
        Text("Done."),
        Noted("finish_reason_unknown", {"finish_reason": "compaction"}),
        Usage(HAIKU, 19, 12),
        Finished(),
    ],
    "no-stop-reason.sse": [
        Text("Done."),
        Noted("finish_reason_unknown", {"finish_reason": ""}),
        Usage(HAIKU, 19, 12),
        Finished(),
    ],
    "document-citations.sse": [
        Cited(1, Passage("Pumps", "Pumps hum.")),
        Cited(2, Passage("document 2", "Valves hiss.")),
        Cited(3, Passage("pipes.md", "Pipes sing.", "Pipes")),
        Text("They all sound."),
        Usage(HAIKU, 19, 12),
        Finished(),
    ],
    "unknown-everything.sse": [Text("Still here."), Usage(HAIKU, 19, 12), Finished()],
    "gateway-counts-at-the-end.sse": [Text("Hi"), Usage("glm-5", 9, 2), Finished()],
    "gateway-counts-at-the-start.sse": [Text("Hi"), Usage("glm-5", 9, 2), Finished()],
    "gateway-text-in-the-block-start.sse": [Text("Hel"), Text("lo."), Usage(HAIKU, 19, 3), Finished()],
    "gateway-without-event-names.sse": [Text("Slow"), Text("ly."), Usage(HAIKU, 19, 4), Finished()],
    "last-blank-line-missing.sse": [Text("Short."), Usage(HAIKU, 19, 3), Finished()],
    "not-streamed.json": [
        Reasoning("Hm."),
        Text("All at once."),
        ToolCalled("toolu_1", "look", '{"at": "it"}'),
        Usage("tiny", 3, 4),
        Finished("tool"),
    ],
}

BROKEN: dict[str, tuple[list[Event], type[ModelError], str]] = {
    "overloaded-in-mid-stream.sse": ([Text("The capital")], ModelBusy, "overloaded_error: Overloaded"),
    "overloaded-at-once.sse": ([], ModelBusy, "overloaded_error"),
    "cut-in-mid-text.sse": ([Text("The capital of"), Text(" France")], ModelCut, "without an end mark"),
    "cut-after-the-stop-reason.sse": ([Text("The capital")], ModelCut, "without an end mark"),
    "nothing-but-an-end.sse": ([], ModelCut, "without an end mark"),
    "complaint-instead-of-an-answer.json": ([], ModelUnreachable, "Internal server error"),
}


def heard(pieces: Sequence[bytes], passages: int = 0) -> Iterator[Event]:
    reading = Reading("asked-for", "the model", passages=passages)
    body = body_of(pieces[0])
    for piece in pieces:
        for payload in body.feed(piece):
            yield from reading.events(payload)
    yield from reading.end(body.end())


def until_it_breaks(pieces: Sequence[bytes]) -> tuple[list[Event], ModelError | None]:
    return until_error(heard(pieces))


def told(*events: dict[str, object]) -> bytes:
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)


def test_every_story_in_the_folder_is_told_here() -> None:
    assert {path.name for path in WIRE.iterdir() if path.suffix in (".sse", ".json")} == {*COMPLETE, *BROKEN}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_story_that_ends_well_gives_these_events(name: str) -> None:
    assert list(heard([(WIRE / name).read_bytes()])) == COMPLETE[name]


@pytest.mark.parametrize("name", BROKEN)
def test_a_story_that_breaks_gives_its_words_and_then_this_error(name: str) -> None:
    words, kind, message = BROKEN[name]

    events, error = until_it_breaks([(WIRE / name).read_bytes()])

    assert events == words
    assert type(error) is kind
    assert message in str(error)


@pytest.mark.parametrize("name", [*COMPLETE, *BROKEN])
def test_it_does_not_matter_how_the_network_cuts_the_stream(name: str) -> None:
    stream = (WIRE / name).read_bytes()
    events, error = until_it_breaks([stream])

    for size in (*range(1, 51), 64, 100, 1_000):
        again, failure = until_it_breaks(cut(stream, size))
        assert (again, type(failure), str(failure)) == (events, type(error), str(error)), size


@pytest.mark.parametrize("name", COMPLETE)
def test_a_stream_cut_in_two_at_any_byte_says_the_same(name: str) -> None:
    stream = (WIRE / name).read_bytes()

    for at in range(1, len(stream)):
        assert list(heard([stream[:at], stream[at:]])) == COMPLETE[name], at


@pytest.mark.parametrize("name", ["text-with-caches.sse", "thinking.sse", "web-search.sse"])
def test_a_stream_that_stops_before_message_stop_never_passes_for_a_short_answer(name: str) -> None:
    stream = (WIRE / name).read_bytes()

    for at in range(stream.index(b'{"type":"message_stop"}')):
        events, error = until_it_breaks([stream[:at]] if at else [b":"])
        assert isinstance(error, ModelCut), at
        assert not any(isinstance(event, Finished) for event in events)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", ModelBusy),
        ("rate_limit_error", ModelBusy),
        ("api_error", ModelUnreachable),
        ("timeout_error", ModelUnreachable),
        ("invalid_request_error", ModelRefused),
        ("request_too_large", ModelRefused),
        ("authentication_error", ModelMisconfigured),
        ("permission_error", ModelMisconfigured),
        ("not_found_error", ModelMisconfigured),
        ("billing_error", ModelMisconfigured),
        ("some_new_error", ModelError),
    ],
)
def test_an_error_in_mid_stream_says_what_to_do_next(kind: str, error: type[ModelError]) -> None:
    text = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Half"}}

    events, raised = until_it_breaks([told(text, {"type": "error", "error": {"type": kind, "message": "m"}})])

    assert events == [Text("Half")]
    assert type(raised) is error


def test_what_claude_cites_is_numbered_after_the_passages_of_the_prompt() -> None:
    stream = (WIRE / "document-citations.sse").read_bytes()

    numbers = [event.number for event in heard([stream], passages=4) if isinstance(event, Cited)]

    assert numbers == [5, 6, 7]


@pytest.mark.parametrize(
    ("before", "after", "together"),
    [
        ("I look.", "It is 4.", "I look.\n\nIt is 4."),
        ("I look.", "\n\nIt is 4.", "I look.\n\nIt is 4."),
        ("I look.\n", "It is 4.", "I look.\nIt is 4."),
        ("", "It is 4.", "It is 4."),
    ],
)
def test_words_before_and_after_a_thought_do_not_run_together(before: str, after: str, together: str) -> None:
    reading = Reading("m", "the model")
    blocks = ({"type": "text", "text": before}, {"type": "thinking"}, {"type": "text", "text": after})
    starts = [json.dumps({"type": "content_block_start", "content_block": block}) for block in blocks]

    events = [event for start in starts for event in reading.events(start.encode())]

    assert said(events) == together


def test_nothing_that_follows_the_end_mark_is_heard() -> None:
    stream = (WIRE / "max-tokens.sse").read_bytes()
    more = told({"type": "error", "error": {"type": "api_error"}}) + b"data: {what\n\n"

    assert list(heard([stream, more])) == COMPLETE["max-tokens.sse"]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 3}},
        {"type": "message_delta", "delta": {}, "usage": 3},
        {"type": "message", "content": "words"},
        [],
    ],
)
def test_a_known_event_of_a_wrong_shape_is_an_error_of_ours(event: dict[str, object]) -> None:
    _, error = until_it_breaks([told(event)])

    assert type(error) is Garbled
    assert "that is none" in str(error)


# --- The same bytes, read by Anthropic's own client ---------------------------

# Its own reader needs event names, and believes a 0 that comes later.
NOT_FOR_THE_CLIENT = {
    "gateway-without-event-names.sse", "gateway-counts-at-the-start.sse", "last-blank-line-missing.sse",
    "unknown-everything.sse", "not-streamed.json",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in COMPLETE if name not in NOT_FOR_THE_CLIENT])
def test_anthropics_own_client_hears_the_same_words_end_and_counts(name: str) -> None:
    # Slow to import, and needed only here.
    import anthropic
    import httpx2

    stream = (WIRE / name).read_bytes()
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)
    )
    with (
        anthropic.Anthropic(api_key="sk-x", http_client=httpx2.Client(transport=transport)) as client,
        client.messages.stream(
            model=HAIKU, max_tokens=9, messages=[{"role": "user", "content": "?"}]
        ) as theirs,
    ):
        message = theirs.get_final_message()

    ours = list(heard([stream]))
    usage = next(event for event in ours if isinstance(event, Usage))
    read, written = message.usage.cache_read_input_tokens or 0, message.usage.cache_creation_input_tokens or 0
    details = message.usage.output_tokens_details

    # A block without text, between two with it, parts two paragraphs.
    texts = "".join(block.text if block.type == "text" else "\0" for block in message.content)
    assert said(ours) == re.sub("\0+", "\n\n", texts.strip("\0"))
    assert ours[-1] == Finished(_REASONS.get(message.stop_reason, "complete"))
    assert usage == Usage(
        message.model,
        message.usage.input_tokens + read + written,
        message.usage.output_tokens,
        details.thinking_tokens if details else 0,
        read,
        written,
    )
    assert [(event.call_id, event.name) for event in ours if isinstance(event, ToolCalled)] == [
        (block.id, block.name) for block in message.content if block.type == "tool_use"
    ]
    assert [json.loads(event.arguments or "{}") for event in ours if isinstance(event, ToolCalled)] == [
        block.input for block in message.content if block.type == "tool_use"
    ]


_REASONS: dict[str | None, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "tool_use": "tool",
    "refusal": "refused",
}


def said(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


# --- Anything at all ----------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = (
    "type", "index", "delta", "content_block", "message", "usage", "error", "text", "thinking",
    "partial_json", "citation", "citations", "stop_reason", "stop_details", "category", "id", "name",
    "input", "content", "error_code", "input_tokens", "output_tokens", "cache_read_input_tokens",
    "output_tokens_details", "thinking_tokens", "model", "url", "title", "cited_text", "document_index",
)  # fmt: skip
_TYPES = (
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
    "message_stop", "message", "error", "ping", "text", "thinking", "tool_use", "server_tool_use",
    "web_search_tool_result", "text_delta", "thinking_delta", "input_json_delta", "citations_delta", "odd",
)  # fmt: skip
_EVENTISH = st.recursive(
    _JSON | st.sampled_from(_TYPES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=4),
    max_leaves=20,
)
_PART = st.fixed_dictionaries(
    {"type": st.sampled_from(_TYPES)},
    optional={name: st.text(max_size=4) | st.none() | _EVENTISH for name in _FIELDS[7:19]},
)
_LIKELY = st.fixed_dictionaries(
    {"type": st.sampled_from(_TYPES)},
    optional={
        "index": st.integers(0, 2),
        "delta": _PART,
        "content_block": _PART,
        "message": _PART,
        "usage": st.dictionaries(st.sampled_from(_FIELDS), st.integers(-1, 2**60), max_size=3),
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_EVENTISH | _LIKELY, max_size=6), st.booleans())
def test_whatever_a_server_sends_as_events_only_our_errors_come_out(events: list[object], done: bool) -> None:
    stream = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)

    heard_of_it, _ = until_it_breaks([stream + (b'data: {"type":"message_stop"}\n\n' if done else b":")])

    encode_batch(heard_of_it)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from([b"data: ", b"data:", b"\n\n", b"\r\n", b"{", b'{"type":"content_block_delta",']),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_bytes_arrive_only_our_errors_come_out(pieces: list[bytes]) -> None:
    until_it_breaks(pieces)
