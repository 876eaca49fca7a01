"""The native API on one WebSocket: ask, resume, stop, ping; any number of threads at once.

docs/websocket.md describes the messages. Every answer that is followed has a task of
its own, which writes one message for whatever a wake-up brought. A reader that takes
nothing for too long is dropped; it comes back with its cursors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any, Literal

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from penstock.channels.web import Socket, error_frame
from penstock.core import cursor as cursors
from penstock.core.cursor import Cursor
from penstock.core.question import Person
from penstock.errors import Busy, PenstockError
from penstock.server.api import accepted
from penstock.server.desk import AtDesk, Desk, thread_name
from penstock.server.driver import Driver, thread_drivers
from penstock.server.problems import BodyTooLarge, ForeignOrigin, NotJson, WrongShape

# Answers and threads that one socket may follow at once.
_MOST_FOLLOWED = 100
# WebSocket close codes: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
_POLICY = 1008


class TooManyFollowed(Busy):
    code = "too_many_followed"
    for_reader = "Too many answers are followed on this connection already."


# --- Messages -----------------------------------------------------------------


class _Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """`re` comes back in every answer to this message."""

    re: str = ""


class Ask(_Message, frozen=True, tag="ask", kw_only=True):
    thread: str
    text: str
    id: str = ""


class Resume(_Message, frozen=True, tag="resume", kw_only=True):
    """Follow a turn from a cursor, or a thread with all that comes (and its cursor, if there is one)."""

    thread: str = ""
    cursor: str = ""


class Stop(_Message, frozen=True, tag="stop", kw_only=True):
    turn: str


class Ping(_Message, frozen=True, tag="ping"):
    pass


Message = Ask | Resume | Stop | Ping


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    type: Literal["pong", "stopping"]
    re: str = ""
    turn: str = ""


_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(text: str) -> Message:
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError as exc:
        raise WrongShape(f"This message is not one of ours: {exc}.") from None
    except (msgspec.DecodeError, UnicodeError) as exc:
        raise NotJson(f"This message is not JSON: {exc}.") from None


# --- I/O ----------------------------------------------------------------------


async def socket(websocket: WebSocket, at_desk: AtDesk) -> None:
    desk = await at_desk()
    try:
        person = await desk.person(websocket)
    except ForeignOrigin:
        await websocket.close(_POLICY)
        return
    await websocket.accept()
    await Connection(desk, person, websocket).serve()


class Connection:
    def __init__(self, desk: Desk, person: Person, websocket: WebSocket) -> None:
        self._desk = desk
        self._person = person
        self._socket = websocket
        self._following: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        try:
            while True:
                await self._heard(await self._socket.receive_text())
        except (WebSocketDisconnect, KeyError, RuntimeError):
            # KeyError: a binary message; RuntimeError: it was closed from our side while we listened.
            pass
        finally:
            for task in self._following.values():
                task.cancel()
            await asyncio.gather(*self._following.values(), return_exceptions=True)

    async def _heard(self, text: str) -> None:
        re = ""
        try:
            if len(text) > self._desk.settings.max_body_bytes:
                raise BodyTooLarge("This message is too large.")
            message = decode(text)
            re = message.re
            await self._act(message)
        except PenstockError as exc:
            await self._send(error_frame(exc, re))

    async def _act(self, message: Message) -> None:
        match message:
            case Ask(re, thread=name, text=text, id=given):
                await self._ask(re, name, text, given)
            case Resume(re, thread=name, cursor=text):
                await self._resume(re, name, cursors.parse(text) if text else None)
            case Stop(re, turn=turn):
                await self._desk.engine.stop(self._person, turn)
                await self._reply(Reply("stopping", re, turn))
            case Ping(re):
                await self._reply(Reply("pong", re))

    async def _ask(self, re: str, name: str, text: str, given: str) -> None:
        desk, person = self._desk, self._person
        thread = desk.thread(person, name)
        received = (await desk.engine.ask(desk.question(person, thread, text, given))).received
        told = msgspec.structs.asdict(accepted(received))
        await self._send(msgspec.json.encode({"type": "accepted", "re": re, **told}))
        self._follow(re, received.turn.id, self._turn(thread, received.turn.id, None))

    async def _resume(self, re: str, name: str, cursor: Cursor | None) -> None:
        if name:
            thread = self._desk.thread(self._person, name)
            self._follow(re, f"thread {name}", self._thread(thread, cursor))
        elif cursor is not None:
            info, _ = await self._desk.engine.turn(self._person, cursor.turn)
            self._follow(re, info.id, self._turn(info.thread, info.id, cursor))
        else:
            raise WrongShape("To resume, name a thread, a cursor, or both.")

    def _follow(self, re: str, what: str, work: Coroutine[Any, Any, None]) -> None:
        """Follow it in a task of its own; whoever follows it already is replaced."""
        if (before := self._following.pop(what, None)) is not None:
            before.cancel()
        if len(self._following) >= _MOST_FOLLOWED:
            work.close()
            raise TooManyFollowed(f"{_MOST_FOLLOWED} answers are followed on this socket already")
        task = self._following[what] = asyncio.create_task(self._told_of_errors(re, work))
        task.add_done_callback(lambda done: self._forget(what, done))

    def _forget(self, what: str, done: asyncio.Task[None]) -> None:
        if self._following.get(what) is done:
            del self._following[what]

    async def _told_of_errors(self, re: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PenstockError as exc:
            await self._send(error_frame(exc, re))
        except (WebSocketDisconnect, RuntimeError):
            # It was closed while this was being written; whoever listens to it ends it.
            pass

    async def _turn(self, thread: str, turn: str, cursor: Cursor | None) -> None:
        desk, person = self._desk, self._person
        reader = Socket(thread_name(thread), turn, seen=cursor, frames=desk.frames(turn))
        driver = Driver(desk, person, thread, turn, reader, cursor)
        async with aclosing(desk.engine.follow(person, turn, cursor)) as news:
            async for entries in news:
                for frame in await driver.encoded(entries):
                    await self._send(frame)

    async def _thread(self, thread: str, cursor: Cursor | None) -> None:
        desk, person = self._desk, self._person
        async with aclosing(thread_drivers(desk, person, thread, cursor, Socket)) as news:
            async for driver, entries in news:
                if driver is not None:
                    for frame in await driver.encoded(entries):
                        await self._send(frame)

    async def _reply(self, reply: Reply) -> None:
        await self._send(msgspec.json.encode(reply))

    async def _send(self, frame: bytes) -> None:
        """Waits while the reader is behind; one that is gone is found out by the server's pings.

        Raises RuntimeError or WebSocketDisconnect when the socket is closed.
        """
        await self._socket.send_text(frame.decode())
