"""AWS event streams: a body of framed messages with checksums, taken apart from bytes cut anywhere.

A frame is: total length, length of the headers, checksum of these two; headers; payload; checksum
of all before. Numbers are big-endian, checksums CRC-32. What a message means is not known here.
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import Struct
from struct import error as NotEnough
from types import MappingProxyType
from typing import Any, NamedTuple
from zlib import crc32

# As botocore bounds them.
MAX_HEADERS_BYTES = 128 * 1024
MAX_PAYLOAD_BYTES = 24 * 1024 * 1024

HeaderValue = str | int | bytes
"""A boolean is an int, too; a timestamp comes as its milliseconds, a UUID as its 16 bytes."""


class Damaged(Exception):
    """What came is no event stream, or is one no longer: nothing after it can be read."""


class ChecksumWrong(Damaged):
    """Bytes were changed on the way."""


class TooLong(Damaged):
    """A frame says that it is longer than one may be."""


class Malformed(Damaged):
    """The checksums are right, and yet no encoder writes this."""


class Message(NamedTuple):
    """One frame, its checksums verified. What it is stands in its headers: `:message-type`, `:event-type`."""

    headers: Mapping[str, HeaderValue]
    payload: bytes


_prelude = Struct("!III")
_checksum = Struct("!I")
_FRAME_BYTES = _prelude.size + _checksum.size

# The same few blocks of headers come with every message of a stream.
_MAX_REMEMBERED = 32
_MAX_REMEMBERED_BYTES = 512


class Decoder:
    """Feed it what each read brought; it does not matter how the network cut the stream.

    Messages in front of damage are given out first: the next `feed`, and each after it, raises Damaged.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._needed_bytes = _prelude.size
        self._damage: Damaged | None = None
        self._remembered: dict[bytes, Mapping[str, HeaderValue]] = {}

    @property
    def pending(self) -> bool:
        """Something came that is no whole message: a stream that ends now was cut, or is damaged."""
        return bool(self._held) or self._damage is not None

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are whole now, in order. Raises Damaged."""
        if self._damage:
            raise self._damage
        if self._held:
            self._held += data
            if len(self._held) < self._needed_bytes:
                return []
            data = bytes(self._held)
            self._held.clear()
        messages: list[Message] = []
        try:
            used_bytes = self._decode(data, messages)
        except Damaged as damage:
            self._damage = damage
            if not messages:
                raise
        else:
            if used_bytes < len(data):
                self._held += memoryview(data)[used_bytes:]
        return messages

    def _decode(self, data: bytes, messages: list[Message]) -> int:
        """Add the messages that are whole, and say how many bytes they took."""
        at, size_bytes = 0, len(data)
        while size_bytes - at >= _prelude.size:
            total_bytes, headers_bytes, checksum = _prelude.unpack_from(data, at)
            if crc32(data[at : at + 8]) != checksum:
                raise ChecksumWrong("the checksum of a message's lengths is wrong")
            payload_bytes = total_bytes - headers_bytes - _FRAME_BYTES
            if payload_bytes < 0 or payload_bytes > MAX_PAYLOAD_BYTES or headers_bytes > MAX_HEADERS_BYTES:
                raise _impossible(headers_bytes, payload_bytes)
            if size_bytes - at < total_bytes:
                self._needed_bytes = total_bytes
                return at
            payload_at = at + _prelude.size + headers_bytes
            end = payload_at + payload_bytes
            # The checksum over all before goes on from the prelude's, which is part of it.
            if crc32(data[at + 8 : end], checksum) != _checksum.unpack_from(data, end)[0]:
                raise ChecksumWrong("the checksum of a message is wrong")
            headers = self._headers(data[at + _prelude.size : payload_at])
            messages.append(Message(headers, data[payload_at:end]))
            at = end + _checksum.size
        self._needed_bytes = _prelude.size
        return at

    def _headers(self, block: bytes) -> Mapping[str, HeaderValue]:
        if (known := self._remembered.get(block)) is not None:
            return known
        headers = MappingProxyType(decode_headers(block))
        if len(block) <= _MAX_REMEMBERED_BYTES and len(self._remembered) < _MAX_REMEMBERED:
            self._remembered[block] = headers
        return headers


def _impossible(headers_bytes: int, payload_bytes: int) -> Damaged:
    if headers_bytes > MAX_HEADERS_BYTES:
        return TooLong(f"a message with {headers_bytes:,} bytes of headers")
    if payload_bytes > MAX_PAYLOAD_BYTES:
        return TooLong(f"a message of {payload_bytes:,} bytes")
    return Malformed("a message shorter than its headers")


# --- Headers ------------------------------------------------------------------


def decode_headers(block: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(block):
            name, at = _counted(block, at, _length8)
            value, at = _DECODE[block[at]](block, at + 1)
            key = name.decode()
            if key in headers:
                raise Malformed("a header stands twice in a message")
            headers[key] = value
    except (NotEnough, IndexError, UnicodeDecodeError) as exc:
        raise Malformed("a message's headers cannot be read") from exc
    return headers


_Decode = Callable[[bytes, int], tuple[HeaderValue, int]]

_length8, _length16 = Struct("!B"), Struct("!H")
_int8, _int16, _int32, _int64, _uuid = Struct("!b"), Struct("!h"), Struct("!i"), Struct("!q"), Struct("16s")


def _counted(block: bytes, at: int, length: Struct) -> tuple[bytes, int]:
    start = at + length.size
    end = start + int(length.unpack_from(block, at)[0])
    if end > len(block):
        raise Malformed("a message's header is longer than all of them")
    return block[start:end], end


def _string(block: bytes, at: int) -> tuple[str, int]:
    value, end = _counted(block, at, _length16)
    return value.decode(), end


def _fixed(kind: Struct) -> _Decode:
    def decode(block: bytes, at: int) -> tuple[Any, int]:
        return kind.unpack_from(block, at)[0], at + kind.size

    return decode


# By the number of its type.
_DECODE: list[_Decode] = [
    lambda _, at: (True, at),
    lambda _, at: (False, at),
    _fixed(_int8),
    _fixed(_int16),
    _fixed(_int32),
    _fixed(_int64),
    lambda block, at: _counted(block, at, _length16),
    _string,
    _fixed(_int64),
    _fixed(_uuid),
]


# --- Encoding -----------------------------------------------------------------


def encode(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """One frame. An int is sent in 32 bits where it fits, else in 64; ValueError where it does not."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    if len(block) > MAX_HEADERS_BYTES or len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"{len(block):,} bytes of headers and {len(payload):,} of payload are too many")
    lengths = Struct("!II").pack(_FRAME_BYTES + len(block) + len(payload), len(block))
    frame = lengths + _checksum.pack(crc32(lengths)) + block + payload
    return frame + _checksum.pack(crc32(frame))


def _header(name: str, value: HeaderValue) -> bytes:
    encoded = name.encode()
    try:
        return _length8.pack(len(encoded)) + encoded + _value(value)
    except NotEnough as exc:
        raise ValueError("a header's name has at most 255 bytes, its value 65,535 or 64 bits") from exc


def _value(value: HeaderValue) -> bytes:
    match value:
        case bool():
            return b"\0" if value else b"\1"
        case int():
            return b"\4" + _int32.pack(value) if -(2**31) <= value < 2**31 else b"\5" + _int64.pack(value)
        case bytes():
            return b"\6" + _length16.pack(len(value)) + value
        case str():
            encoded = value.encode()
            return b"\7" + _length16.pack(len(encoded)) + encoded
