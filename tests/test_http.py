"""The HTTP client against real sockets: what arrives when, and what a broken server becomes."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.http import Client, CutOff, Unreachable, request, target

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Counts its connections, and notices when one of them has been closed by the client."""

    def __init__(self) -> None:
        self.url = ""
        self.connections = 0
        self.requests: list[bytes] = []
        self.left: asyncio.Queue[int] = asyncio.Queue()


@asynccontextmanager
async def serving(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[Server]:
    """A server that answers each request by `answer`, until that closes the connection or the client does."""
    server, tasks = Server(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        number = server.connections
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
                server.requests.append(head + await reader.readexactly(size))
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            server.left.put_nowait(number)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        async with asyncio.timeout(20):
            yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await listening.wait_closed()


@asynccontextmanager
async def client() -> AsyncIterator[Client]:
    opened = Client(connect_timeout_s=2.0)
    try:
        yield opened
    finally:
        await opened.close()


def says(*pieces: bytes, then_closes: bool = True) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if then_closes:
            writer.close()

    return answer


async def whole(url: str, at: Client) -> bytes:
    with closing(await at.send("GET", url, {})) as response:
        return await response.whole(1 << 20)


# --- Streaming ----------------------------------------------------------------


async def test_what_has_arrived_is_given_out_while_the_rest_is_held_back() -> None:
    heard = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED + b"5\r\nfirst\r\n")
        await heard.wait()
        writer.write(b"4\r\nlast\r\n0\r\n\r\n")

    async with serving(answer) as server, client() as at:
        with closing(await at.send("POST", server.url, {}, b"{}")) as response:
            assert await response.read() == b"first"
            heard.set()
            assert await response.read() == b"last"
            assert await response.read() == b""


async def test_the_headers_are_there_before_any_of_the_body() -> None:
    seen = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED.replace(b"\r\n\r\n", b"\r\nX-A: 1\r\nx-a: 2\r\n\r\n"))
        await seen.wait()
        writer.write(b"0\r\n\r\n")

    async with serving(answer) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            assert response.status == 200
            assert response.headers == {
                "content-type": "text/plain",
                "transfer-encoding": "chunked",
                "x-a": "1, 2",
            }
            seen.set()
            assert await response.read() == b""


def test_it_works_the_same_on_uvloop() -> None:
    async def ask() -> bytes:
        async with serving(says(CHUNKED + b"5\r\nwords\r\n0\r\n\r\n")) as server, client() as at:
            return await whole(server.url, at)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(ask()) == b"words"


ANSWERS = {
    "chunked": CHUNKED + b"5;x=1\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nTrailer: 1\r\n\r\n",
    "with a length": b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    "until it closes": b"HTTP/1.0 200 OK\r\n\r\nhello world",
    "after a hint": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    "compressed unasked": b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nConnection: close\r\n\r\n"
    + zlib.compress(b"hello world"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_is_the_same_wherever_the_network_cuts_it(answer: bytes) -> None:
    cuts = iter(range(len(answer) + 1))

    async def say_in_two(writer: asyncio.StreamWriter) -> None:
        cut = next(cuts)
        writer.write(answer[:cut])
        # Two turns of the loop: the client has read it.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        writer.write(answer[cut:])
        writer.close()

    async with serving(say_in_two) as server, client() as at:
        for _ in range(len(answer) + 1):
            assert await whole(server.url, at) == b"hello world"


# --- A short answer -------------------------------------------------------------


async def test_a_short_answer_is_fetched_whole_or_as_far_as_it_is_wanted() -> None:
    answer = says(b"HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nhello", then_closes=False)
    async with serving(answer) as server, client() as at:
        assert await at.fetch("GET", server.url, within_s=10, most_bytes=100) == (404, b"hello")
        assert await at.fetch("POST", server.url, {"A": "b"}, b"{}", within_s=10, most_bytes=4) == (
            404,
            b"hell",
        )
        assert server.requests[1].endswith(b"A: b\r\ncontent-length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    ("answer", "closes", "why"),
    [
        (b"", False, "it did not answer in time"),
        (CHUNKED + b"5\r\nhello\r\n", False, "it did not answer in time"),
        (CHUNKED + b"5\r\nhello\r\n", True, "it hung up"),
        (CHUNKED + b"nonsense", True, "no HTTP"),
    ],
)
async def test_a_short_answer_that_does_not_come_whole_and_in_time_is_none(
    answer: bytes, closes: bool, why: str
) -> None:
    async with serving(says(answer, then_closes=closes)) as server, client() as at:
        # The short time is for those that never go on; the others are here before it is over.
        with pytest.raises(Unreachable, match=why):
            await at.fetch("GET", server.url, within_s=5 if closes else 0.1, most_bytes=100)


# --- The beginning of a body ----------------------------------------------------


async def test_the_beginning_of_a_body_is_read_again_with_the_rest() -> None:
    answer = says(CHUNKED + b"5\r\nhello\r\n", b"6\r\n world\r\n0\r\n\r\n", then_closes=False)
    async with serving(answer) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            assert await response.beginning(4) == b"hell"
            assert await response.beginning() == b"hello world"
            assert await response.whole(100) == b"hello world"
        assert await whole(server.url, at) == b"hello world"
        assert server.connections == 1


async def test_a_body_that_stalls_is_waited_for_once() -> None:
    async with serving(says(CHUNKED + b"5\r\nhello\r\n", then_closes=False)) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            assert await response.beginning(within_s=0.05) == b"hello"
            assert await response.beginning(within_s=600) == b"hello"
            assert await response.read() == b"hello"
            with pytest.raises(CutOff):
                await response.read()
        await server.left.get()


async def test_a_body_that_breaks_has_a_beginning_and_breaks_behind_it() -> None:
    async with serving(says(CHUNKED + b"5\r\nhello\r\n")) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            assert await response.beginning() == b"hello"
            with pytest.raises(CutOff):
                await response.whole(100)


# --- Connections --------------------------------------------------------------


async def test_a_connection_is_used_again_after_a_whole_answer() -> None:
    answer = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", then_closes=False)
    async with serving(answer) as server, client() as at:
        assert [await whole(server.url, at) for _ in range(3)] == [b"ok"] * 3
        assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        # Whose answer would the second one be?
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\noknonsense",
    ],
)
async def test_a_connection_that_is_not_to_be_trusted_is_used_once(answer: bytes) -> None:
    async with serving(says(answer, then_closes=False)) as server, client() as at:
        assert [await whole(server.url, at) for _ in range(2)] == [b"ok"] * 2
        assert server.connections == 2


async def test_a_request_on_a_connection_that_the_server_just_closed_is_sent_on_another() -> None:
    async with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as server, client() as at:
        # Without a pause: sometimes its end is noticed in time, and sometimes it is not.
        assert [await whole(server.url, at) for _ in range(50)] == [b"ok"] * 50
        assert server.connections == len(server.requests) == 50


async def test_a_second_answer_changes_nothing_about_the_first() -> None:
    refusal = b"HTTP/1.1 403 No\r\nA: 1\r\nContent-Length: 2\r\n\r\nno"
    for second in (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n"):
        async with serving(says(refusal + second, then_closes=False)) as server, client() as at:
            with closing(await at.send("GET", server.url, {})) as response:
                assert (response.status, response.headers["a"]) == (403, "1")
                assert await response.whole(100) == b"no"


async def test_a_connection_that_had_to_wait_is_not_deaf_when_it_is_used_again() -> None:
    # With its last byte, and not before, it is more than may be unread.
    size = 256 * 1024 + 1
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    async with serving(says(answer, then_closes=False)) as server, client() as at:
        for _ in range(3):
            with closing(await at.send("GET", server.url, {})):
                # All of it arrives, and nobody reads it.
                for _ in range(1_000):
                    await asyncio.sleep(0)
        assert server.connections == 1


async def test_what_a_server_says_unasked_ends_its_connection() -> None:
    writers: list[asyncio.StreamWriter] = []

    async def answer(writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with serving(answer) as server, client() as at:
        assert await whole(server.url, at) == b"ok"
        writers[0].write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        await server.left.get()
        assert await whole(server.url, at) == b"ok"
        assert server.connections == 2


async def test_leaving_an_answer_before_its_end_closes_the_connection() -> None:
    async with serving(says(CHUNKED + b"5\r\nfirst\r\n", then_closes=False)) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            assert await response.read() == b"first"
        await server.left.get()


async def test_an_answer_closed_twice_does_not_take_the_connection_from_the_next() -> None:
    answer = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", then_closes=False)
    async with serving(answer) as server, client() as at:
        first = await at.send("GET", server.url, {})
        assert await first.whole(10) == b"ok"
        first.close()
        with closing(await at.send("GET", server.url, {})) as second:
            first.close()
            assert await second.whole(10) == b"ok"
        assert server.connections == 1


async def test_giving_up_the_wait_for_headers_closes_the_connection() -> None:
    heard = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        heard.set()

    async with serving(answer) as server, client() as at:
        asked = asyncio.create_task(at.send("GET", server.url, {}))
        await heard.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await server.left.get()


async def test_closing_the_client_ends_what_is_still_read() -> None:
    async with serving(says(CHUNKED + b"5\r\nfirst\r\n", then_closes=False)) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            assert await response.read() == b"first"
            await at.close()
            with pytest.raises(CutOff):
                await response.read()
        await server.left.get()
        # And it can be used anew.
        with closing(await at.send("GET", server.url, {})) as response:
            assert await response.read() == b"first"


async def test_a_server_that_is_faster_than_its_reader_has_to_wait() -> None:
    sent = 0

    async def answer(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(500):
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000

    async with serving(answer) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            before = -1
            while sent > before:
                before = sent
                for _ in range(200):
                    await asyncio.sleep(0)
            # The rest is in the buffers of the kernel.
            assert sent < 20_000_000
            read = 0
            while chunk := await response.read():
                read += len(chunk)
            assert read == 50_000_000


async def test_a_request_is_sent_at_most_twice_however_many_kept_connections_die() -> None:
    kept = 0

    async def answer(writer: asyncio.StreamWriter) -> None:
        nonlocal kept
        if kept < 4:
            kept += 1
            await all_asked.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        else:
            writer.close()

    all_asked = asyncio.Barrier(4)
    async with serving(answer) as server, client() as at:
        assert await asyncio.gather(*(whole(server.url, at) for _ in range(4))) == [b"ok"] * 4
        with pytest.raises(Unreachable):
            await at.send("POST", server.url, {}, b"{}")
        assert len(server.requests) == 4 + 2


async def test_closing_the_client_does_not_send_a_waiting_request_again() -> None:
    waiting = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        if server.requests[1:]:
            waiting.set()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with serving(answer) as server, client() as at:
        assert await whole(server.url, at) == b"ok"
        asked = asyncio.create_task(at.send("POST", server.url, {}, b"{}"))
        await waiting.wait()
        await at.close()
        with pytest.raises(Unreachable):
            await asked
        assert len(server.requests) == 2


async def test_a_connection_whose_request_is_still_being_sent_is_not_used_again() -> None:
    served: list[asyncio.Task[None] | None] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        # Without reading what follows.
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        await ended.wait()
        writer.transport.abort()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening, asyncio.timeout(20):
        async with client() as at:
            for body in (bytes(50_000_000), b""):
                with closing(await at.send("POST", url, {}, body)) as response:
                    assert response.status == 413
        ended.set()
        await asyncio.gather(*filter(None, served))
    assert len(served) == 2


# --- Faults -------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 90_000,
    ],
)
async def test_a_server_that_never_gives_an_answer_is_unreachable(answer: bytes) -> None:
    async with serving(says(answer)) as server, client() as at:
        with pytest.raises(Unreachable):
            await at.send("GET", server.url, {})


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b"5\r\nfirst\r\n",
        CHUNKED + b"5\r\nfirst\r\n9\r\nhal",
        CHUNKED + b"5\r\nfirst\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfirst",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 11\r\n\r\nfirst words",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 9\r\n\r\n"
        + zlib.compress(b"first words")[:9],
        b"HTTP/1.0 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + zlib.compress(b"first words")[:9],
        b"HTTP/1.0 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + zlib.compress(b"first words") + b"more",
    ],
)
async def test_a_body_that_breaks_off_is_cut_and_never_a_short_answer(answer: bytes) -> None:
    async with serving(says(answer)) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            with pytest.raises(CutOff):
                await response.whole(1000)
            with pytest.raises(CutOff):
                await response.read()


async def test_a_body_without_a_length_is_cut_when_the_connection_breaks_instead_of_ending() -> None:
    async def resets(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nhello")
        await seen.wait()
        reset = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.transport.abort()

    seen = asyncio.Event()
    async with serving(resets) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            assert await response.read() == b"hello"
            seen.set()
            with pytest.raises(CutOff):
                await response.read()


async def test_a_body_without_a_length_is_cut_when_we_close_the_client() -> None:
    async with serving(says(b"HTTP/1.0 200 OK\r\n\r\nhello", then_closes=False)) as server, client() as at:
        with closing(await at.send("GET", server.url, {})) as response:
            assert await response.read() == b"hello"
            await at.close()
            with pytest.raises(CutOff):
                await response.read()


async def test_a_body_in_many_chunks_cannot_swell_beyond_measure_either() -> None:
    press = zlib.compressobj()
    pieces = [press.compress(bytes(4_000_000)) + press.flush(zlib.Z_SYNC_FLUSH) for _ in range(10)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    answer = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: deflate\r\n\r\n") + chunks + b"0\r\n\r\n"
    async with serving(says(answer)) as server, client() as at:
        with (
            closing(await at.send("GET", server.url, {})) as response,
            pytest.raises(CutOff, match="measure"),
        ):
            await response.whole(1 << 30)


async def test_a_small_body_that_swells_beyond_measure_is_cut() -> None:
    bomb = zlib.compress(bytes(100_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with serving(says(head + bomb)) as server, client() as at:
        with (
            closing(await at.send("GET", server.url, {})) as response,
            pytest.raises(CutOff, match="measure"),
        ):
            await response.whole(1 << 30)


@pytest.mark.parametrize(
    "url", ["", "ftp://h/", "//h/", "http://", "http://h:x/", "http://h/\r\nX: y", "http://h:99999/"]
)
async def test_a_url_that_leads_nowhere_is_unreachable(url: str) -> None:
    async with client() as at:
        with pytest.raises(Unreachable):
            await at.send("GET", url, {})


async def test_a_header_cannot_smuggle_another_request() -> None:
    async with serving(says(b"")) as server, client() as at:
        with pytest.raises(Unreachable):
            await at.send("GET", server.url, {"Authorization": "Bearer x\r\nGET /other HTTP/1.1"})
        assert server.connections == 0


async def test_errors_do_not_name_the_address() -> None:
    async with client() as at:
        with pytest.raises(Unreachable) as raised:
            await at.send("GET", "http://user:s3cret@nobody.invalid/path", {})
    assert str(raised.value) == "its name is unknown"


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.booleans())
def test_whatever_a_server_sends_there_is_an_answer_or_an_error_of_ours(noise: bytes, begun: bool) -> None:
    async def ask() -> None:
        async with serving(says((CHUNKED if begun else b"") + noise)) as server, client() as at:
            try:
                await whole(server.url, at)
            except (Unreachable, CutOff):
                pass

    asyncio.run(ask())
    gc.collect()


# --- The wire -----------------------------------------------------------------


def test_a_request_says_what_it_must_and_nothing_else() -> None:
    where, path, own = target("https://user:p%40ss@Exa-mple.com:8443/a%2Fb/c?q=1&r=%20#frag")
    assert (where.host, where.port, where.tls) == ("exa-mple.com", 8443, True)
    assert request("POST", path, {**own, "X": "é"}, b"body") == (
        b"POST /a%2Fb/c?q=1&r=%20 HTTP/1.1\r\nhost: exa-mple.com:8443\r\n"
        b"authorization: Basic dXNlcjpwQHNz\r\nX: \xe9\r\ncontent-length: 4\r\n\r\nbody"
    )
    assert request("GET", "/", {"host": "h"}, b"") == b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"


def test_hosts_of_every_kind_are_written_as_servers_want_them() -> None:
    assert target("http://[::1]:8080/")[2] == {"host": "[::1]:8080"}
    assert target("http://[::1]")[0].host == "::1"
    assert target("http://bücher.example/x")[2] == {"host": "xn--bcher-kva.example"}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://h.example:443/x", "h.example"),
        ("http://h.example:80/x", "h.example"),
        ("http://[::1]:80", "[::1]"),
        ("http://h.example:443", "h.example:443"),
        ("https://h.example:80", "h.example:80"),
    ],
)
def test_the_port_that_a_scheme_has_anyway_is_not_part_of_the_host(url: str, host: str) -> None:
    assert target(url)[2] == {"host": host}
