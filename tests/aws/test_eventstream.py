"""Event streams: what AWS's own codecs write and read, cut anywhere, damaged anyhow."""

from __future__ import annotations

import base64
import random
import time
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from botocore.eventstream import EventStreamBuffer  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.aws.eventstream import (
    ChecksumWrong,
    Damaged,
    Decoder,
    HeaderValue,
    Malformed,
    Message,
    TooLong,
    encode,
)
from tests.aws.frames import Frame, Header, framed, frames
from tests.aws.vectors import NEGATIVE, POSITIVE
from tests.channels import official_clients

# What a real stream of Bedrock brings (facts about its padding, `p`, included).
DELTA = encode(
    {":event-type": "contentBlockDelta", ":content-type": "application/json", ":message-type": "event"},
    '{"contentBlockIndex":0,"delta":{"text":" Grüße 🌊"},"p":"abcdefghij"}'.encode(),
)
STOP = encode(
    {":event-type": "messageStop", ":content-type": "application/json", ":message-type": "event"},
    b'{"stopReason":"end_turn","p":"abc"}',
)


def decoded(pieces: Iterable[bytes]) -> list[Message]:
    decoder = Decoder()
    messages = [message for piece in pieces for message in decoder.feed(piece)]
    assert not decoder.pending
    return messages


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def by_botocore(data: bytes) -> list[Message]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [Message(message.headers, message.payload) for message in buffer]


# --- botocore's own cases -----------------------------------------------------


@pytest.mark.parametrize(("frame", "headers", "payload"), POSITIVE)
def test_what_botocore_reads_is_read_the_same(
    frame: bytes, headers: dict[str, HeaderValue], payload: bytes
) -> None:
    assert decoded([frame]) == [Message(headers, payload)]


@pytest.mark.parametrize(("frame", "error"), NEGATIVE.values(), ids=NEGATIVE)
def test_what_botocore_refuses_is_refused_for_the_same_reason(frame: bytes, error: type[Damaged]) -> None:
    with pytest.raises(error):
        Decoder().feed(frame)


# --- Any frames, cut anywhere -------------------------------------------------


@pytest.mark.parametrize("size", range(1, 120))
def test_it_does_not_matter_how_the_network_cuts_the_stream(size: int) -> None:
    stream = DELTA + STOP + b"".join(frame for frame, _, _ in POSITIVE) + DELTA

    assert decoded(cut(stream, size)) == by_botocore(stream)


@given(st.lists(frames, max_size=6), st.integers(1, 500))
def test_random_frames_are_what_botocore_finds_in_them(given: list[Frame], size: int) -> None:
    stream = b"".join(frame.encoded for frame in given)

    found = decoded(cut(stream, size))

    assert found == [Message(frame.named, frame.payload) for frame in given]
    assert found == by_botocore(stream)


@given(frames)
def test_what_is_encoded_here_is_decoded_by_botocore(frame: Frame) -> None:
    (message,) = by_botocore(encode(frame.named, frame.payload))

    assert message == Message(frame.named, frame.payload)


def test_the_codec_of_javascript_and_ours_read_each_other() -> None:
    chance = random.Random(7)
    theirs = [_for_smithy(chance) for _ in range(300)]
    ours = [encode(_values(chance), chance.randbytes(chance.randrange(200))) for _ in range(300)]

    done = official_clients.run(
        "eventstream.mjs",
        {
            "write": [{"headers": headers, "payload": _text(payload)} for headers, payload in theirs],
            "read": [_text(frame) for frame in ours],
        },
    )

    stream = b"".join(base64.b64decode(frame) for frame in done["written"])
    assert decoded(cut(stream, 1000)) == [
        Message({name: _expected(kind, value) for name, kind, value in headers}, payload)
        for headers, payload in theirs
    ]
    for frame, read in zip(ours, done["read"], strict=True):
        (message,) = decoded([frame])
        assert message.payload == base64.b64decode(read["payload"])
        assert message.headers == {name: _expected(kind, value) for name, kind, value in read["headers"]}


def _for_smithy(chance: random.Random) -> tuple[list[tuple[str, str, str]], bytes]:
    kinds = {
        "boolean": str(chance.random() < 0.5),
        "byte": str(chance.randrange(-128, 128)),
        "short": str(chance.randrange(-(2**15), 2**15)),
        "integer": str(chance.randrange(-(2**31), 2**31)),
        "long": str(chance.randrange(-(2**63), 2**63)),
        "binary": _text(chance.randbytes(chance.randrange(50))),
        "string": "Grüße 🌊"[: chance.randrange(8)],
        "timestamp": str(chance.randrange(0, 2**42)),
        "uuid": "-".join(chance.randbytes(size).hex() for size in (4, 2, 2, 2, 6)),
    }
    chosen = chance.sample(sorted(kinds), chance.randrange(6))
    headers = [(f":{kind}-ü", kind, kinds[kind]) for kind in chosen]
    return headers, chance.randbytes(chance.randrange(200))


def _values(chance: random.Random) -> dict[str, HeaderValue]:
    values: dict[str, HeaderValue] = {
        "yes": True,
        "no": False,
        "small": chance.randrange(-(2**31), 2**31),
        "large": chance.randrange(2**31, 2**63),
        "bytes": chance.randbytes(9),
        "text": "Grüße 🌊",
    }
    return {name: values[name] for name in chance.sample(sorted(values), chance.randrange(6))}


def _expected(kind: str, value: str) -> HeaderValue:
    match kind:
        case "boolean":
            return value.lower() == "true"
        case "binary":
            return base64.b64decode(value)
        case "uuid":
            return bytes.fromhex(value.replace("-", ""))
        case "string":
            return value
        case _:
            return int(value)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


# --- Damage -------------------------------------------------------------------


@given(st.lists(frames, min_size=1, max_size=4), st.data())
def test_a_changed_byte_is_always_noticed(given: list[Frame], data: st.DataObject) -> None:
    stream = bytearray(b"".join(frame.encoded for frame in given))
    at = data.draw(st.integers(0, len(stream) - 1))
    stream[at] ^= data.draw(st.integers(1, 255))
    decoder = Decoder()
    found: list[Message] = []

    try:
        for piece in cut(bytes(stream), data.draw(st.integers(1, 200))):
            found += decoder.feed(piece)
    except Damaged:
        pass

    # Damage, or lengths that promise more than came: never a whole stream, and nothing that was not sent.
    assert decoder.pending
    assert found == [Message(frame.named, frame.payload) for frame in given][: len(found)]


@given(st.binary(max_size=600), st.integers(1, 50))
@example(b"\0" * 600, 7)
def test_no_bytes_bring_anything_but_messages_or_damage(noise: bytes, size: int) -> None:
    decoder = Decoder()

    try:
        for piece in cut(noise, size):
            decoder.feed(piece)
    except Damaged:
        assert decoder.pending


@given(st.binary(max_size=60), st.binary(max_size=20))
def test_headers_with_right_checksums_may_say_anything(block: bytes, payload: bytes) -> None:
    decoder = Decoder()

    try:
        (message,) = decoder.feed(framed(block, payload))
    except Malformed:
        with pytest.raises(Malformed):
            decoder.feed(b"")
    else:
        assert message.payload == payload


@pytest.mark.parametrize(
    "block",
    {
        "a string that goes on past the end": b"\x01a\x07\xff\xffabc",
        "bytes that go on past the end": b"\x01a\x06\x00\x02a",
        "a string that is no text": b"\x01a\x07\x00\x01\xff",
        "a type that does not exist": b"\x01a\x0a",
        "no type": b"\x01a",
        "half a name": b"\x05a",
        "a name that is no text": b"\x01\xff\x00",
        "half a UUID": b"\x01a\x09123",
        "half a number": b"\x01a\x05123",
        "half a length": b"\x01a\x07\x00",
        "a header twice, with one value": b"\x01a\x00\x01a\x00",
    }.items(),
    ids=lambda item: item[0],
)
def test_headers_that_cannot_be_right_are_refused(block: tuple[str, bytes]) -> None:
    with pytest.raises(Malformed):
        Decoder().feed(framed(block[1], b""))


def test_a_message_that_is_shorter_than_its_headers_is_refused() -> None:
    with pytest.raises(Malformed):
        Decoder().feed(framed(b"", b"", headers_bytes=1))


@pytest.mark.parametrize("size", range(1, 400, 13))
def test_what_came_before_the_damage_is_given_out_however_the_network_cut_it(size: int) -> None:
    decoder = Decoder()
    found: list[Message] = []

    def read(pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            found.extend(decoder.feed(piece))

    with pytest.raises(ChecksumWrong):
        read([*cut(DELTA + STOP + DELTA[:-1] + b"\0", size), b"more"])

    assert [message.headers[":event-type"] for message in found] == ["contentBlockDelta", "messageStop"]


@pytest.mark.parametrize("size", range(1, len(DELTA)))
def test_a_stream_cut_in_the_middle_of_a_message_does_not_look_whole(size: int) -> None:
    decoder = Decoder()

    assert len(decoder.feed(DELTA + DELTA[:size])) == 1
    assert decoder.pending


def test_the_headers_of_a_message_cannot_be_changed_for_the_next_one() -> None:
    (message,) = decoded([DELTA])

    with pytest.raises(TypeError):
        message.headers[":event-type"] = "changed"  # type: ignore[index]


# --- Size ---------------------------------------------------------------------


def test_the_largest_message_passes_and_one_byte_more_does_not() -> None:
    largest = framed(b"", b"x" * (24 * 1024**2))

    (message,) = decoded(cut(largest, 64 * 1024))

    assert len(message.payload) == 24 * 1024**2
    with pytest.raises(TooLong):
        Decoder().feed(framed(b"", b"x" * (24 * 1024**2 + 1))[:12])
    with pytest.raises(ValueError):
        encode({}, b"x" * (24 * 1024**2 + 1))


def test_the_time_grows_with_the_length_of_the_stream_and_not_with_its_square() -> None:
    def seconds(*pieces: bytes) -> float:
        start = time.perf_counter()
        decoded(pieces)
        return time.perf_counter() - start

    def many(messages: int) -> float:
        return min(seconds(DELTA * messages) for _ in range(3))

    def large(payload_bytes: int) -> float:
        pieces = [*cut(encode({}, b"x" * payload_bytes), 200)]
        return min(seconds(*pieces) for _ in range(3))

    # Twenty times as much; squared, it would be 400 times.
    assert many(20_000) < 100 * many(1_000)
    assert large(2_000_000) < 100 * large(100_000)


@pytest.mark.parametrize(
    "headers",
    [{"n" * 256: 1}, {"value": "x" * 65_536}, {"value": 2**63}, {f"{n}": "x" * 60_000 for n in range(3)}],
)
def test_what_does_not_fit_into_a_frame_is_not_encoded(headers: dict[str, HeaderValue]) -> None:
    with pytest.raises(ValueError):
        encode(headers, b"")


def test_many_kinds_of_headers_do_not_fill_the_memory() -> None:
    decoder = Decoder()
    streams = [Frame([Header("n", 4, number)], b"").encoded for number in range(5_000)]

    tracemalloc.start()
    for number, frame in enumerate(streams):
        (message,) = decoder.feed(frame)
        assert message.headers == {"n": number}
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held_bytes < 100_000
