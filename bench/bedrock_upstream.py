"""Bedrock, as far as its clients can tell: prepared bytes, sent by whoever measures, on the core it is on.

Nothing is computed while an answer is sent. Each frame is a chunk of HTTP, as events come that are sent
one by one; the frames are those of Penstock's simulator, which are those that were recorded.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from penstock.sim.bedrock.frames import Frames
from penstock.sim.lorem import lorem

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
    b"x-amzn-RequestId: 00000000-0000-4000-8000-000000000000\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_WITHIN_S = 30


class Prepared(NamedTuple):
    """`chars` of text, one delta in each of `pieces`; what comes before and after them stands apart."""

    head: bytes
    pieces: Sequence[bytes]
    tail: bytes
    chars: int

    @property
    def whole(self) -> bytes:
        return b"".join((self.head, *self.pieces, self.tail))


def prepare(deltas: int) -> Prepared:
    words = [f"{word} " for word in lorem(Random(1), deltas).split(" ")][:deltas]
    frames = Frames("bench")

    def chunk(kind: str, content: dict[str, object]) -> bytes:
        frame = frames.event(kind, content).data
        return b"%x\r\n%b\r\n" % (len(frame), frame)

    usage = {"inputTokens": 6, "outputTokens": deltas, "totalTokens": deltas + 6}
    start = chunk("messageStart", {"role": "assistant"})
    pieces = [chunk("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": w}}) for w in words]
    tail = [
        chunk("contentBlockStop", {"contentBlockIndex": 0}),
        chunk("messageStop", {"stopReason": "end_turn"}),
        chunk("metadata", {"usage": usage, "metrics": {"latencyMs": deltas}}),
        b"0\r\n\r\n",
    ]
    return Prepared(_HEAD + start, pieces, b"".join(tail), sum(map(len, words)))


class Silent(Exception):
    """No request came."""


class Upstream:
    """Listens on a port of its own. One client at a time, on as many connections as it likes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.port: int = self._listener.getsockname()[1]

    def first_byte(self, alive: Callable[[], bool]) -> tuple[socket.socket, float]:
        """The connection on which a client begins to speak, and when (perf_counter). Raises Silent."""
        until_s = time.perf_counter() + _WITHIN_S
        while time.perf_counter() < until_s and alive():
            for key, _ in self._selector.select(timeout=0.1):
                now_s = time.perf_counter()
                if key.fileobj is self._listener:
                    self._accept()
                    continue
                assert isinstance(key.fileobj, socket.socket)
                if _speaks(key.fileobj):
                    return key.fileobj, now_s
                self._selector.unregister(key.fileobj)
                key.fileobj.close()
        raise Silent

    def hang_up(self) -> None:
        """Close every connection, so that the next client is the only one."""
        for key in [*self._selector.get_map().values()]:
            if key.fileobj is not self._listener:
                assert isinstance(key.fileobj, socket.socket)
                self._selector.unregister(key.fileobj)
                key.fileobj.close()

    def close(self) -> None:
        self.hang_up()
        self._selector.close()
        self._listener.close()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ)


def _speaks(connection: socket.socket) -> bool:
    """And did not hang up, or was killed with the client before."""
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except OSError:
        return False


def read_request(connection: socket.socket) -> None:
    seen = b""
    while b"\r\n\r\n" not in seen:
        seen += _some(connection)
    head, _, body = seen.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    left = int(lengths[0].partition(b":")[2]) - len(body)
    while left > 0:
        left -= len(_some(connection))


def send_at_once(connection: socket.socket, answer: bytes) -> list[float]:
    connection.sendall(answer)
    return []


def send_paced(connection: socket.socket, answer: Prepared, every_s: float) -> list[float]:
    """How late each delta was sent, in seconds."""
    late_s = []
    connection.sendall(answer.head)
    began_s = time.perf_counter()
    for number, piece in enumerate(answer.pieces):
        due_s = began_s + number * every_s
        if (ahead_s := due_s - time.perf_counter()) > 0:
            time.sleep(ahead_s)
        late_s.append(time.perf_counter() - due_s)
        connection.sendall(piece)
    connection.sendall(answer.tail)
    return late_s


def _some(connection: socket.socket) -> bytes:
    if data := connection.recv(65536):
        return data
    raise ConnectionResetError("it hung up in the middle of its request")
