"""A simulator on a socket: what it keeps of requests, what it does to connections, how it is held back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from penstock.sim import HOLD, Bedrock, OpenAI, Simulation, simulate

HEADERS = {"authorization": "Bearer any"}
ASKED = {"model": "m", "messages": [{"role": "user", "content": "?"}], "stream": True}
BODY = json.dumps(ASKED).encode()
HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer any\r\n"
    b"content-length: %d\r\n" % len(BODY)
)
REQUEST = HEAD + b"\r\n" + BODY


class Wire(NamedTuple):
    """A connection by hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def some(self) -> bytes:
        return await self.reader.read(65536)

    async def until(self, mark: bytes) -> bytes:
        return await self.reader.readuntil(mark)


@asynccontextmanager
async def wire(simulation: Simulation, sent: bytes = REQUEST) -> AsyncIterator[Wire]:
    at = urlsplit(simulation.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(sent)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


async def post(simulation: Simulation, content: str = "?") -> httpx.Response:
    asked = {**ASKED, "messages": [{"role": "user", "content": content}]}
    async with httpx.AsyncClient(headers=HEADERS) as client:
        return await client.post(f"{simulation.url}/v1/chat/completions", json=asked)


async def test_what_was_asked_is_kept() -> None:
    async with simulate(OpenAI(say="Hi")) as simulation:
        await post(simulation, "[simulate: reasoning]")
        seen = await simulation.ended()

    assert seen.json()["messages"][0]["content"] == "[simulate: reasoning]"
    assert seen.headers["authorization"] == "Bearer any"
    assert (seen.path, seen.status, seen.outcome) == ("/v1/chat/completions", 200, "whole")
    assert seen.faults == ("reasoning",)


async def test_a_request_that_has_not_come_yet_can_be_waited_for() -> None:
    async with simulate(OpenAI(say="Hi")) as simulation, asyncio.timeout(10):
        second = asyncio.ensure_future(simulation.ended(1))
        await post(simulation, "one")
        await post(simulation, "two")

        assert (await second).json()["messages"][0]["content"] == "two"


async def test_the_next_requests_get_the_faults_they_were_given() -> None:
    async with simulate(OpenAI(say="Hi")) as simulation:
        simulation.next("throttle", "", "overloaded")
        statuses = [(await post(simulation)).status_code for _ in range(4)]

    assert statuses == [429, 200, 503, 200]


async def test_a_fault_that_does_not_exist_is_told_at_once() -> None:
    async with simulate(OpenAI()) as simulation:
        with pytest.raises(ValueError, match="no fault 'thrtle'"):
            simulation.next("thrtle")


async def test_a_refused_request_uses_up_no_answer_of_the_script() -> None:
    async with simulate(OpenAI(script=["first", "second"])) as simulation:
        simulation.next("throttle")
        said = [(await post(simulation)).text for _ in range(3)]

    assert "first" in said[1]
    assert "second" in said[2]


async def test_a_connection_carries_one_request_after_the_other() -> None:
    async with simulate(OpenAI(say="Hi")) as simulation, wire(simulation) as line, asyncio.timeout(10):
        first = await line.until(b"0\r\n\r\n")
        line.writer.write(REQUEST)
        second = await line.until(b"0\r\n\r\n")

    assert first == second
    assert len(simulation.requests) == 2


async def test_requests_may_be_sent_before_the_answer_to_the_one_before() -> None:
    async with (
        simulate(OpenAI(say="Hi")) as simulation,
        wire(simulation, REQUEST * 2) as line,
        asyncio.timeout(10),
    ):
        assert await line.until(b"0\r\n\r\n") == await line.until(b"0\r\n\r\n")


async def test_an_answer_waits_at_a_hold_until_it_may_go_on() -> None:
    async with (
        simulate(OpenAI(script=[["Pa", HOLD, "ris"]])) as simulation,
        wire(simulation) as line,
        asyncio.timeout(10),
    ):
        await line.until(b'"Pa"')
        await simulation.holding()
        assert simulation.requests[0].outcome == ""

        simulation.go_on()
        assert b'"ris"' in await line.until(b"0\r\n\r\n")


async def test_who_leaves_is_noticed_while_the_answer_is_held() -> None:
    async with simulate(OpenAI(script=[[HOLD, "late"]])) as simulation, asyncio.timeout(10):
        async with wire(simulation):
            await simulation.holding()
        seen = await simulation.ended()

    assert seen.outcome == "left"


async def test_slow_headers_begin_with_the_status_alone() -> None:
    async with (
        simulate(OpenAI(faults=["slow-headers:3600"])) as simulation,
        wire(simulation) as line,
        asyncio.timeout(10),
    ):
        assert await line.some() == b"HTTP/1.1 200 OK\r\n"


async def test_a_stall_lets_everything_before_it_through() -> None:
    async with (
        simulate(OpenAI(say="one two three four", faults=["stall-midway:3600"])) as simulation,
        wire(simulation) as line,
        asyncio.timeout(10),
    ):
        assert b"three" not in await line.until(b'" two"')


async def test_a_cut_leaves_a_chunk_half_sent() -> None:
    async with (
        simulate(OpenAI(say="Hi", faults=["cut:10"])) as simulation,
        wire(simulation) as line,
        asyncio.timeout(10),
    ):
        head, _, rest = (await line.reader.read(-1)).partition(b"\r\n\r\n")
        announced, _, data = rest.partition(b"\r\n")

    assert b"transfer-encoding: chunked" in head.lower()
    assert data == b'data: {"id'
    assert int(announced, 16) > 100


async def test_a_reset_is_one() -> None:
    async with (
        simulate(OpenAI(say="Hi", faults=["reset:10"])) as simulation,
        wire(simulation) as line,
        asyncio.timeout(10),
    ):
        with pytest.raises(ConnectionResetError):
            await line.reader.read(-1)


@pytest.mark.parametrize(
    "sent", [b"what?\r\n\r\n", HEAD + b"content-length: 7\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"]
)
async def test_what_is_no_http_is_refused(sent: bytes) -> None:
    async with simulate(OpenAI()) as simulation, wire(simulation, sent) as line, asyncio.timeout(10):
        assert b"400" in await line.until(b"\r\n")


async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked() -> None:
    async with (
        simulate(OpenAI(say="Hi")) as simulation,
        wire(simulation, HEAD + b"expect: 100-continue\r\n\r\n") as line,
        asyncio.timeout(10),
    ):
        assert b"100" in await line.until(b"\r\n\r\n")
        line.writer.write(BODY)
        assert b"200" in await line.until(b"\r\n")


async def test_it_ends_while_answers_are_held_and_connections_idle() -> None:
    async with asyncio.timeout(10):
        async with simulate(Bedrock(script=[[HOLD, "never"]])) as simulation:
            async with wire(simulation, b""):
                pass
            idle = asyncio.open_connection(*simulation.url.removeprefix("http://").split(":"))
            _, writer = await idle
        writer.close()
