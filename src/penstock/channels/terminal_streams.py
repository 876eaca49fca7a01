"""The two streams of a terminal, and the log lines that must not break a line of either."""

from __future__ import annotations

import asyncio
import io
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import TextIO

from penstock.channels.terminal import ERASED, Piece
from penstock.errors import ChannelGone


class Streams:
    """Where words go, and where everything else goes; `log` is a stream for log lines."""

    def __init__(self, words: TextIO, beside: TextIO) -> None:
        self._words = words
        self._beside = beside
        self._writing = threading.Lock()
        self._in_a_line = False
        self.log = _Held(self._let_out)

    async def write(self, pieces: Iterable[Piece]) -> None:
        """In a thread, since a pager or a stopped terminal may keep us waiting. Raises ChannelGone when
        nobody reads any more, and OSError when there is no room."""
        await asyncio.to_thread(self._write, list(pieces))

    def close(self) -> None:
        """Let out what the log still holds, wherever the line stands."""
        with self._writing:
            self._in_a_line = False
        self._let_out()

    def _write(self, pieces: list[Piece]) -> None:
        try:
            with self._writing:
                for text, beside in pieces:
                    stream = self._beside if beside else self._words
                    stream.write(text)
                    stream.flush()
                    self._in_a_line = not text.endswith(("\n", ERASED))
                    self._write_log()
        except BrokenPipeError as exc:
            raise ChannelGone("whoever read this has closed it") from exc
        self._let_out()

    def _let_out(self) -> None:
        """Log lines, as soon as no line is begun. Never waits: whoever writes just now looks again after."""
        while self.log.lines and not self._in_a_line and self._writing.acquire(blocking=False):
            try:
                self._write_log()
            finally:
                self._writing.release()

    def _write_log(self) -> None:
        while self.log.lines and not self._in_a_line:
            self._beside.write(self.log.lines.popleft())
            self._beside.flush()


class _Held(io.TextIOBase):
    """Keeps what is written to it until it may be let out."""

    def __init__(self, let_out: Callable[[], None]) -> None:
        self.lines: deque[str] = deque()
        self._let_out = let_out

    def write(self, text: str) -> int:
        self.lines.append(text)
        self._let_out()
        return len(text)
