"""The two streams of a terminal, and the log lines between their lines."""

from __future__ import annotations

import asyncio
import errno
import io
import threading

import pytest

from penstock.channels.terminal import ERASED, Piece
from penstock.channels.terminal_streams import Streams
from penstock.errors import ChannelGone


async def test_words_and_what_is_beside_them_go_to_different_streams() -> None:
    out, err = io.StringIO(), io.StringIO()

    await Streams(out, err).write([Piece("Paris"), Piece("searching …\n", beside=True), Piece("!")])

    assert (out.getvalue(), err.getvalue()) == ("Paris!", "searching …\n")


async def test_a_reader_that_has_left_is_a_channel_that_is_gone() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(ChannelGone):
        await Streams(Closed(), io.StringIO()).write([Piece("Paris")])


# --- Log lines ------------------------------------------------------------------


async def test_a_log_line_waits_until_the_line_of_the_answer_is_ended() -> None:
    screen = io.StringIO()
    streams = Streams(screen, screen)

    await streams.write([Piece("Pa")])
    streams.log.write("warning one\n")
    await streams.write([Piece("ris\n")])
    streams.log.write("warning two\n")

    assert screen.getvalue() == "Paris\nwarning one\nwarning two\n"


async def test_a_log_line_waits_until_a_status_is_erased() -> None:
    screen = io.StringIO()
    streams = Streams(screen, screen)

    await streams.write([Piece(f"{ERASED}searching …", beside=True)])
    streams.log.write("warning\n")
    await streams.write([Piece(ERASED, beside=True), Piece("Paris")])

    assert screen.getvalue() == f"{ERASED}searching …{ERASED}warning\nParis"


async def test_no_log_line_is_lost_when_the_answer_has_no_end() -> None:
    out, err = io.StringIO(), io.StringIO()
    streams = Streams(out, err)
    await streams.write([Piece("Pa")])
    streams.log.write("warning\n")

    streams.close()

    assert (out.getvalue(), err.getvalue()) == ("Pa", "warning\n")


async def test_a_log_line_never_waits_for_a_reader_who_takes_nothing() -> None:
    class Stopped(io.StringIO):
        def write(self, text: str) -> int:
            loop.call_soon_threadsafe(begun.set)
            going_on.wait(30)
            return super().write(text)

    loop, begun, going_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    err = io.StringIO()
    streams = Streams(Stopped(), err)
    writing = asyncio.create_task(streams.write([Piece("Paris\n")]))
    await begun.wait()

    streams.log.write("warning\n")
    before = err.getvalue()
    going_on.set()
    await writing

    assert (before, err.getvalue()) == ("", "warning\n")


async def test_no_room_for_the_words_is_not_a_reader_who_has_left() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await Streams(Full(), io.StringIO()).write([Piece("Paris")])
