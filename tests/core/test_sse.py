"""Server-Sent Events from bytes cut anywhere."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.core.sse import Decoder, EventTooLarge

STREAM = (
    "data: Grüße\n\n"
    ": keep-alive\n\n"
    "event: named\nid: 7\nretry: 10\ndata: 🗼\n\n"
    "data: two\ndata: lines\n\n\n"
    "data:no space\n\ndata:  two spaces\n\n"
    "data\n\n"
    "nothing: of ours\n\n"
    "data: last\n\n"
)
PAYLOADS = ["Grüße", "🗼", "two\nlines", "no space", " two spaces", "", "last"]


def fed(pieces: list[bytes], decoder: Decoder | None = None) -> list[bytes]:
    decoder = decoder or Decoder()
    return [data for piece in pieces for data in decoder.feed(piece)]


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def by_the_book(text: str) -> list[str]:
    """The specification's algorithm, word for word and slowly (with `error` as a second `data`)."""
    payloads: list[str] = []
    data: list[str] | None = None
    lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    for line in lines[:-1]:
        if line == "":
            if data is not None:
                payloads.append("\n".join(data))
            data = None
            continue
        field, _, value = line.partition(":")
        if field in ("data", "error"):
            data = [*(data or []), value.removeprefix(" ")]
    return payloads


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_it_does_not_matter_how_the_network_cuts_the_stream(line_end: str, bom: str) -> None:
    stream = (bom + STREAM.replace("\n", line_end)).encode()

    for size in range(1, len(stream) + 1):
        assert [data.decode() for data in fed(cut(stream, size))] == PAYLOADS, size


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "data: ",
                "data:",
                "data",
                ":",
                "event: x",
                "error: ",
                "\n",
                "\n\n",
                "\r",
                "\r\n",
                "ü",
                "🗼",
                "x",
                " ",
                "\ufeff",
            ]
        ),
        max_size=30,
    ),
    st.lists(st.integers(0, 80), max_size=8),
)
def test_any_cut_of_anything_reads_as_the_specification_says(parts: list[str], places: list[int]) -> None:
    text = "".join(parts)
    stream = text.encode()
    bounds = sorted({0, len(stream), *(place for place in places if place < len(stream))})
    pieces = [stream[a:b] for a, b in pairwise(bounds)]

    assert [data.decode() for data in fed(pieces)] == by_the_book(text)


def test_an_event_is_given_out_with_the_read_that_ends_it() -> None:
    decoder = Decoder()

    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\ndata: b\n\ndata: c") == [b"a", b"b"]
    assert decoder.feed(b"\r") == []
    assert decoder.feed(b"\r") == [b"c"]
    assert decoder.feed(b"\ndata: d\n\n") == [b"d"]


def test_an_event_without_its_blank_line_is_there_to_be_asked_for() -> None:
    decoder = Decoder()

    assert decoder.feed(b"data: a\n\ndata: [DONE]\n") == [b"a"]
    assert decoder.end() == [b"[DONE]"]
    assert decoder.end() == []


def test_the_error_field_of_older_llama_cpp_is_data_too() -> None:
    assert fed([b'error: {"code":400}\n\ndata: [DONE]\n\n']) == [b'{"code":400}', b"[DONE]"]


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_an_event_without_end_is_refused_before_it_fills_the_memory(size: int) -> None:
    with pytest.raises(EventTooLarge):
        fed(cut(b"data: " + b"x" * 5_000, size), Decoder(max_event_bytes=1_000))


def test_a_whole_event_beyond_the_bound_is_refused_too() -> None:
    with pytest.raises(EventTooLarge):
        fed([b"data: small\n\ndata: " + b"x" * 5_000 + b"\n\n"], Decoder(max_event_bytes=1_000))


def test_many_small_events_in_one_read_are_no_large_one() -> None:
    decoder = Decoder(max_event_bytes=1_000)

    assert fed([b"data: x\n\n" * 5_000], decoder) == [b"x"] * 5_000
