"""Server-Sent Events, read from bytes cut anywhere: the data of each event, as soon as it is whole.

Only the data is given out; `event:`, `id:` and `retry:` are skipped, because every model's
API repeats in the data what they say. A read that brings whole events in the usual shape is
taken apart by three calls into C, whatever their number; everything else goes line by line.
https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

# Far beyond any event of a model (a few hundred bytes; some KB with logprobs), far below harm.
MAX_EVENT_BYTES = 4 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"


class EventTooLarge(Exception):
    """One event is longer than the bound: whatever this is, it is not a stream of small events."""


class Decoder:
    """Feed it what each read brought; it does not matter how the network cut the stream."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        # The beginning of an event whose end has not come, up to where its end was looked for.
        self._pending = bytearray()
        self._looked = 0
        self._begun = False
        self._ended_in_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of every event that is whole now, in order."""
        if self._ended_in_cr or b"\r" in chunk:
            chunk = self._with_lf(chunk)
        if self._pending or not self._begun or not chunk.endswith(b"\n\n"):
            return self._feed_slowly(chunk)
        payloads = _data(chunk[:-2])
        if len(chunk) > self._max:
            self._all_within(payloads)
        return payloads

    def end(self) -> list[bytes]:
        """The data of an event whose blank line never came.

        The specification drops it. llama.cpp and others close right after their last line, so
        the caller decides whether it makes sense.
        """
        rest = bytes(self._pending).removeprefix(b"" if self._begun else _BOM)
        self._pending.clear()
        self._looked = 0
        return _data(rest.strip(b"\n"))

    def _feed_slowly(self, chunk: bytes) -> list[bytes]:
        pending = self._pending
        pending += chunk
        end = pending.rfind(b"\n\n", self._looked)
        if end < 0:
            self._looked = max(0, len(pending) - 1)
            self._within(len(pending))
            return []
        block = bytes(pending[:end])
        del pending[: end + 2]
        self._looked = max(0, len(pending) - 1)
        self._within(len(pending))
        if not self._begun:
            self._begun = True
            block = block.removeprefix(_BOM)
        payloads = _data(block)
        self._all_within(payloads)
        return payloads

    def _with_lf(self, chunk: bytes) -> bytes:
        """All three line ends as LF. A CR at the very end counts at once; an LF after it is dropped."""
        if self._ended_in_cr:
            chunk = chunk.removeprefix(b"\n")
        self._ended_in_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _all_within(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            self._within(len(payload))

    def _within(self, size_bytes: int) -> None:
        if size_bytes > self._max:
            raise EventTooLarge(f"an event of more than {self._max:,} bytes")


def _data(block: bytes) -> list[bytes]:
    """The data of the events in a block that ends before the blank line of the last one."""
    if block.startswith(b"data: "):
        payloads = block[6:].split(b"\n\ndata: ")
        # No line ends but those at which it was split: every event is one line of data.
        if block.count(b"\n") == 2 * len(payloads) - 2:
            return payloads
    return [data for event in block.split(b"\n\n") if (data := _of_lines(event)) is not None]


def _of_lines(event: bytes) -> bytes | None:
    """One event's data; None when it has none, like a keep-alive comment."""
    data: bytes | None = None
    for line in event.split(b"\n"):
        field, _, value = line.partition(b":")
        # llama.cpp, until September 2025, reported errors in a field of its own, `error:`
        # (https://github.com/ggml-org/llama.cpp/pull/16109).
        if field == b"data" or field == b"error":
            value = value[1:] if value.startswith(b" ") else value
            data = value if data is None else data + b"\n" + value
    return data
