"""Random messages for event streams, with all ten types of headers, written as the specification says."""

from __future__ import annotations

import struct
from typing import NamedTuple
from zlib import crc32

from hypothesis import strategies as st

from penstock.aws.eventstream import HeaderValue


class Header(NamedTuple):
    """`kind` is the number of its type on the wire."""

    name: str
    kind: int
    value: HeaderValue


class Frame(NamedTuple):
    headers: list[Header]
    payload: bytes

    @property
    def named(self) -> dict[str, HeaderValue]:
        return {header.name: header.value for header in self.headers}

    @property
    def encoded(self) -> bytes:
        return framed(b"".join(_header(*header) for header in self.headers), self.payload)


def framed(block: bytes, payload: bytes, *, headers_bytes: int | None = None) -> bytes:
    """A frame with right checksums, whatever is in it."""
    told = len(block) if headers_bytes is None else headers_bytes
    lengths = struct.pack("!II", 16 + len(block) + len(payload), told)
    frame = lengths + struct.pack("!I", crc32(lengths)) + block + payload
    return frame + struct.pack("!I", crc32(frame))


_FORMATS = {2: "!b", 3: "!h", 4: "!i", 5: "!q", 8: "!q"}


def _header(name: str, kind: int, value: HeaderValue) -> bytes:
    encoded = name.encode()
    return struct.pack("!B", len(encoded)) + encoded + bytes([kind]) + _value(kind, value)


def _value(kind: int, value: HeaderValue) -> bytes:
    match value:
        case bool():
            return b""
        case int():
            return struct.pack(_FORMATS[kind], value)
        case bytes() if kind == 9:
            return value
        case bytes():
            return struct.pack("!H", len(value)) + value
        case str():
            return struct.pack("!H", len(value.encode())) + value.encode()


def _signed(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


_VALUES: dict[int, st.SearchStrategy[HeaderValue]] = {
    0: st.just(True),
    1: st.just(False),
    2: _signed(8),
    3: _signed(16),
    4: _signed(32),
    5: _signed(64),
    6: st.binary(max_size=40),
    7: st.text(max_size=40),
    8: _signed(64),
    9: st.binary(min_size=16, max_size=16),
}

_names = st.text(min_size=1, max_size=20).filter(lambda name: len(name.encode()) < 256)
_headers = st.sampled_from(sorted(_VALUES)).flatmap(
    lambda kind: st.builds(Header, _names, st.just(kind), _VALUES[kind])
)

frames = st.builds(
    Frame,
    st.lists(_headers, max_size=5, unique_by=lambda header: header.name),
    st.binary(max_size=300),
)
