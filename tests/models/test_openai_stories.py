"""Every recorded-like stream in wire/, read to its end, however the network cuts it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.core.events import Event, Finished, Noted, Reasoning, Text, ToolCalled, Usage
from penstock.errors import ModelBusy, ModelCut, ModelError, ModelRefused, ModelUnreachable
from penstock.models.body import body_of
from penstock.models.decoding import Garbled
from penstock.models.openai.chunks import Reading
from tests.models.stories import cut, until_error

WIRE = Path(__file__).parent / "wire"

COMPLETE: dict[str, list[Event]] = {
    "openai-with-usage.sse": [
        Text("Grüße"),
        Text(" aus "),
        Text("Paris 🗼."),
        Usage("gpt-4o-2024-08-06", 19, 12, reasoning_tokens=5, cache_read_tokens=8),
        Finished(),
    ],
    "openai-crlf.sse": [Text("Grüße"), Text(" 🗼"), Finished()],
    "openai-length.sse": [Text("It was a dark and"), Finished("length")],
    "openai-content-filter.sse": [Text("First you"), Finished("blocked")],
    "openai-refusal.sse": [Text("I'm sorry, "), Text("I can't help with that."), Finished("refused")],
    "openai-null-deltas.sse": [Text("Yes."), Finished()],
    "openai-several-choices.sse": [Text("One"), Text(" two"), Finished()],
    "openai-tool-call-in-fragments.sse": [
        ToolCalled("call_7Fq", "get_weather", '{"city":"Zürich"}'),
        Usage("gpt-4o-2024-08-06", 70, 17),
        Finished("tool"),
    ],
    "openai-parallel-tool-calls.sse": [
        Text("Let me look."),
        ToolCalled("call_a", "get_weather", '{"city":"Bern"}'),
        ToolCalled("call_b", "get_time", '{"zone":"CET"}'),
        ToolCalled("call_c", "list_alerts", ""),
        Finished("tool"),
    ],
    "openai-legacy-function-call.sse": [
        ToolCalled("call-1", "get_weather", '{"city":"Oslo"}'),
        Finished("tool"),
    ],
    "openai-unknown-finish-reason.sse": [
        Text("Done."),
        Noted("finish_reason_unknown", {"finish_reason": "eos_token"}),
        Finished(),
    ],
    "azure-filter-results-first.sse": [Text("Hello."), Finished()],
    "ollama.sse": [
        Text("The"),
        Text(" capital is"),
        Text(" Paris."),
        Usage("llama3.2:3b", 31, 8),
        Finished(),
    ],
    "ollama-empty-finish-reason.sse": [Text("Hello"), Text(" there"), Finished()],
    "ollama-tool-call.sse": [ToolCalled("call_x1", "get_weather", '{"city":"Rome"}'), Finished("tool")],
    "vllm-reasoning-content.sse": [
        Reasoning("\nOkay, the user"),
        Reasoning(" asks for 2+2."),
        Text("\n\n4"),
        Usage("Qwen/Qwen3-8B", 15, 13),
        Finished(),
    ],
    "vllm-mlx-done-without-finish-reason.sse": [
        Text("Four."),
        Noted("finish_reason_unknown", {"finish_reason": ""}),
        Usage("Qwen/Qwen3-8B", 9, 2),
        Finished(),
    ],
    "openrouter-reasoning.sse": [
        Reasoning("The user"),
        Reasoning(" greets."),
        Text("Hi"),
        Text(" there!"),
        Usage("deepseek/deepseek-r1", 6, 20, reasoning_tokens=9, cache_read_tokens=2, cache_write_tokens=3),
        Finished(),
    ],
    "litellm-cached.sse": [
        Text("Paris."),
        Usage("claude", 1210, 4, cache_read_tokens=1000, cache_write_tokens=200),
        Finished(),
    ],
    "xai-reasoning-beside-completion.sse": [
        Text("Paris."),
        Usage("grok-4", 12, 319, reasoning_tokens=317, cache_read_tokens=4),
        Finished(),
    ],
    "openrouter-reasoning-details-only.sse": [Reasoning("Weighing it."), Text("42"), Finished()],
    "llamacpp.sse": [Text("Hel"), Text("lo."), Usage("gpt-oss-20b", 11, 3), Finished()],
    "missing-done.sse": [Text("Short."), Finished()],
    "last-blank-line-missing.sse": [Text("Short."), Finished()],
    "keep-alive-comments.sse": [Text("Slow"), Text("ly."), Finished()],
    "event-names-and-multi-line-data.sse": [Text("Two\nlines"), Finished()],
    "gemini-parallel-calls-all-index-0.sse": [
        ToolCalled("f-1", "a", "{}"),
        ToolCalled("f-2", "b", '{"x":1}'),
        Finished("tool"),
    ],
    "tool-calls-without-index-or-id.sse": [ToolCalled("call-1", "a", '{"x":1}'), Finished("tool")],
    "mistral-thinking-parts.sse": [
        Reasoning("Let me think."),
        Text("It is 4."),
        Usage("magistral-medium", 7, 9),
        Finished(),
    ],
    "not-streamed.json": [Text("All at once."), Usage("tiny", 3, 4), Finished()],
}

BROKEN: dict[str, tuple[list[Event], type[ModelError], str]] = {
    "openai-error-in-the-stream.sse": ([Text("The capital")], ModelUnreachable, "The server had an error"),
    "openai-rate-limit-in-the-stream.sse": ([], ModelBusy, "rate_limit_exceeded"),
    "openai-cut-without-end-mark.sse": (
        [Text("The capital of"), Text(" France")],
        ModelCut,
        "without an end mark",
    ),
    "ollama-error-as-text.sse": ([], ModelError, "unexpected EOF"),
    "vllm-error-object.sse": ([], ModelRefused, "maximum context length"),
    "vllm-abort.sse": ([Text("Half an")], ModelCut, "abort"),
    "done-after-nothing.sse": ([], ModelCut, "without an end mark"),
    "done-after-reasoning-only.sse": ([Reasoning("Hmm, let me")], ModelCut, "without an end mark"),
    "openrouter-error-in-the-stream.sse": ([Text("Once upon")], ModelUnreachable, "Provider disconnected"),
    "litellm-error-in-the-stream.sse": ([Text("Well,")], ModelBusy, "slow down"),
    "llamacpp-2025-error-field.sse": ([], ModelRefused, "exceeds the available context size"),
    "deepseek-out-of-resources.sse": ([Text("Half")], ModelBusy, "insufficient_system_resource"),
}


def heard(pieces: Sequence[bytes]) -> Iterator[Event]:
    reading = Reading("asked-for", "the model")
    body = body_of(pieces[0])
    for piece in pieces:
        yield from reading.events(body.feed(piece))
    yield from reading.end(body.end())


def until_it_breaks(pieces: Sequence[bytes]) -> tuple[list[Event], ModelError | None]:
    return until_error(heard(pieces))


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


@pytest.mark.parametrize("name", ["openai-with-usage.sse", "openai-crlf.sse", "keep-alive-comments.sse"])
def test_a_stream_cut_in_two_at_any_byte_says_the_same(name: str) -> None:
    stream = (WIRE / name).read_bytes()

    for at in range(1, len(stream)):
        assert list(heard([stream[:at], stream[at:]])) == COMPLETE[name], at


@pytest.mark.parametrize("name", ["openai-with-usage.sse", "ollama.sse", "openrouter-reasoning.sse"])
def test_a_stream_that_stops_before_its_finish_reason_never_passes_for_a_short_answer(name: str) -> None:
    stream = (WIRE / name).read_bytes()

    for at in range(stream.index(b'"stop"')):
        events, error = until_it_breaks([stream[:at]] if at else [b":"])
        assert isinstance(error, ModelCut), at
        assert not any(isinstance(event, Finished) for event in events)


@pytest.mark.parametrize(
    "chunk", ["[]", '{"choices": 3}', '{"choices": [{"delta": {"content": 3}}]}', "{what"]
)
def test_a_chunk_that_cannot_be_read_is_an_error_of_ours(chunk: str) -> None:
    _, error = until_it_breaks([f"data: {chunk}\n\n".encode()])

    assert type(error) is Garbled
    assert error.code == "model_garbled"


# --- Anything at all ----------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = (
    "choices", "delta", "message", "content", "finish_reason", "index", "usage", "model", "error", "code",
    "type", "tool_calls", "function", "function_call", "arguments", "name", "id", "refusal", "reasoning",
    "reasoning_content", "reasoning_details", "text", "thinking", "summary", "prompt_tokens", "object",
    "completion_tokens", "prompt_tokens_details", "cached_tokens", "detail", "status",
)  # fmt: skip
_CHUNKISH = st.recursive(
    _JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=4),
    max_leaves=20,
)
_LIKELY = st.fixed_dictionaries(
    {
        "choices": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "index": st.sampled_from([0, 0, 1, None, "0"]),
                    "delta": st.dictionaries(st.sampled_from(_FIELDS), _CHUNKISH, max_size=3),
                    "finish_reason": st.sampled_from([None, "", "stop", "tool_calls", "error", "odd", 3]),
                },
            ),
            max_size=2,
        )
    }
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_CHUNKISH | _LIKELY, max_size=5), st.booleans())
def test_whatever_a_server_sends_as_chunks_only_our_errors_come_out(chunks: list[object], done: bool) -> None:
    stream = b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks)

    until_it_breaks([stream + (b"data: [DONE]\n\n" if done else b":")])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from([b"data: ", b"data:", b"\n\n", b"\r\n", b"{", b'{"choices":[']),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_bytes_arrive_only_our_errors_come_out(pieces: list[bytes]) -> None:
    until_it_breaks(pieces)
