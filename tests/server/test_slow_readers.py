"""A reader that does not read is dropped, and misses nothing when it comes back; others notice nothing."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.exceptions import ConnectionClosed

from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Place, Places, until

# Far more than the buffers between us hold.
PIECES = [f"{n:03}" + "." * 20_000 for n in range(60)]
LONG = "".join(PIECES)


@asynccontextmanager
async def sleeper(place: Place, request: str) -> AsyncIterator[socket.socket]:
    """A connection that asks, and then reads nothing until the test does."""
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        made.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(made, ("127.0.0.1", place.port))
        await loop.sock_sendall(made, request.encode())
        yield made


async def everything(sleeping: socket.socket) -> bytes:
    said = b""
    while got := await asyncio.get_running_loop().sock_recv(sleeping, 1 << 20):
        said += got
    return said


async def test_a_reader_that_does_not_read_is_dropped_and_resumes(places: Places) -> None:
    model = ScriptedModel([HOLD, *PIECES])
    async with places.open(model, stalled_s=0.5, send_buffer=4_096) as place:
        turn = (await place.ask())["turn"]
        path = f"/api/turns/{turn}/events"
        async with (
            sleeper(place, f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n") as sleeping,
            place.stream(path) as awake,
        ):
            await place.readers(2)
            model.go_on()
            await awake.rest()
            await place.readers(0)
            got = (await everything(sleeping)).decode()
        whole = re.sub(r"\r\n[0-9a-f]+\r\n", "", got)
        cursor, before = seen_of(whole)
        async with place.stream(path, last_event_id=cursor) as back:
            await back.rest()

    assert awake.text == LONG
    assert len(before) < len(LONG), "it was dropped"
    assert before + back.text == LONG


def seen_of(stream: str) -> tuple[str, str]:
    """The last cursor of a stream that was cut, and the words up to it."""
    found = re.findall(r'id: (\S+)\ndata: [^\n]*"delta":"([^"]*)"\}\n\n', stream)
    return found[-1][0], "".join(words for _, words in found)


async def test_a_client_of_a_completion_that_does_not_read_is_dropped_and_its_answer_stopped(
    places: Places,
) -> None:
    body = '{"stream":true,"messages":[{"role":"user","content":"?"}]}'
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    model = ScriptedModel([*PIECES, HOLD])
    async with (
        places.open(model, rules={"abandoned_s": 0.0}, stalled_s=0.5, send_buffer=4_096) as place,
        sleeper(place, f"{head}content-length: {len(body)}\r\n\r\n{body}") as sleeping,
    ):
        report = await place.assistant.reports.get()
        said = await everything(sleeping)

    assert report.outcome == "stopped"
    assert b"[DONE]" not in said, "nobody can take it for the end"


async def test_a_socket_that_does_not_read_is_dropped_and_resumes(places: Places) -> None:
    model = ScriptedModel([HOLD, *PIECES])
    async with places.open(model, stalled_s=0.5, send_buffer=4_096) as place:
        with socket.socket() as small:
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            small.connect(("127.0.0.1", place.port))
            async with place.line(sock=small, max_queue=1) as sleeping, place.line() as awake:
                turn = (await sleeping.answer("ask", thread="t1", text=QUESTION))["turn"]
                await awake.say("resume", thread="t1")
                await place.readers(2)
                model.go_on()
                await awake.until("RUN_FINISHED")
                await place.readers(1)
                try:
                    await sleeping.until("RUN_FINISHED")
                except ConnectionClosed:
                    pass
                before = sleeping.text(turn)
                cursor = sleeping.frames(turn)[-1]["cursor"]
        async with place.line() as back:
            await back.say("resume", cursor=cursor)
            await back.until("RUN_FINISHED")

    assert awake.text(turn) == LONG
    assert len(before) < len(LONG), "it was dropped"
    assert before + back.text(turn) == LONG


async def test_a_reader_that_hangs_up_leaves_no_task_behind(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."])
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        before = len(asyncio.all_tasks())
        for path in (f"/api/turns/{turn}/events", "/api/threads/t1/events"):
            async with place.stream(path) as stream:
                await stream.until_words("Pa")
        await place.readers(0)
        await until(lambda: len(asyncio.all_tasks()) <= before)
        model.go_on()
        report = await place.assistant.reports.get()

    assert report.outcome == "done"
