"""The native API on one WebSocket: ask, resume, stop, ping; any number of threads at once.

docs/websocket.md describes the messages. Every answer that is followed has a task of
its own, which writes one message for whatever a wake-up brought. A reader that takes
nothing for too long is dropped; it comes back with its cursors.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import NamedTuple

import msgspec
from starlette.types import Message as StarletteMessage
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from penstock.channels.web import Socket, error_frame
from penstock.core import cursor as cursors
from penstock.core.cursor import Cursor
from penstock.core.question import Person
from penstock.errors import Busy, PenstockError
from penstock.server.decoding import decoded
from penstock.server.desk import AtDesk, Desk, thread_name
from penstock.server.driver import Driver, thread_drivers
from penstock.server.patience import Patience
from penstock.server.problems import BodyTooLarge, WrongShape, problem
from penstock.server.shapes import accepted
from penstock.server.socket_messages import MESSAGE, Ask, Message, Ping, Reply, Resume, Stop, re_of

log = logging.getLogger("penstock.server")

# Answers and threads that one socket may follow at once.
_MOST_FOLLOWED = 100


class TooManyFollowed(Busy):
    code = "too_many_followed"
    for_reader = "Too many answers are followed on this connection already."


class SocketDoor:
    """An ASGI program. Starlette would wrap `send` twice for a function, which each token would pay for."""

    def __init__(self, at_desk: AtDesk) -> None:
        self._at_desk = at_desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        try:
            desk = await self._at_desk()
            person = await _person(desk, websocket)
        except PenstockError as exc:
            if "websocket.http.response" in scope.get("extensions", {}):
                await websocket.send_denial_response(problem(exc))
            else:
                await websocket.close()
            return
        await websocket.accept()
        await Connection(desk, person, websocket, send).serve()


async def _person(desk: Desk, websocket: WebSocket) -> Person:
    """Who opens it: by a ticket, or as with any request."""
    if ticket := websocket.query_params.get("ticket"):
        desk.check(websocket)
        return (await desk.auth.tickets.taken(ticket)).person
    return await desk.person(websocket)


class Followed(NamedTuple):
    """A turn, or (without one) a thread with all that comes."""

    thread: str
    turn: str = ""


class Connection:
    def __init__(self, desk: Desk, person: Person, websocket: WebSocket, send: Send) -> None:
        self._desk = desk
        self._person = person
        self._receive = websocket.receive
        self._raw_send = send
        self._root: str = websocket.scope.get("root_path", "")
        self._following: dict[Followed, asyncio.Task[None]] = {}
        self._patience = Patience(desk.stalled_s)

    async def serve(self) -> None:
        try:
            async with self._patience:
                while True:
                    await self._heard(await self._receive())
        except WebSocketDisconnect:
            pass
        finally:
            following = list(self._following.values())
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)

    async def _heard(self, received: StarletteMessage) -> None:
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received["code"])
        re = ""
        try:
            sent = self._text(received)
            re = re_of(sent)
            await self._act(decoded(MESSAGE, sent))
        except PenstockError as exc:
            await self._send(error_frame(exc, re))

    def _text(self, received: StarletteMessage) -> str:
        text: str | None = received.get("text")
        if text is None:
            raise WrongShape("Messages are text, not binary.")
        if len(text) > self._desk.settings.max_body_bytes:
            raise BodyTooLarge("This message is too large.")
        return text

    async def _act(self, message: Message) -> None:
        match message:
            case Ask():
                await self._ask(message)
            case Resume(re, thread=name, cursor=text):
                await self._resume(re, name, cursors.parse(text) if text else None)
            case Stop(re, turn=turn):
                await self._desk.engine.stop(self._person, turn)
                await self._reply(Reply("stopping", re, turn))
            case Ping(re):
                await self._reply(Reply("pong", re))

    async def _ask(self, sent: Ask) -> None:
        desk, person, re, name = self._desk, self._person, sent.re, sent.thread
        thread = desk.thread(person, name)
        question = desk.question(person, thread, sent.text, sent.id, sent.replaces)
        received = (await desk.ask(question)).received
        told = msgspec.structs.asdict(accepted(received, self._root))
        await self._send(msgspec.json.encode({"type": "accepted", "re": re, **told}))
        if Followed(name) not in self._following:
            turn = received.turn.id
            self._follow(re, Followed(name, turn), partial(self._turn, thread, turn, None))

    async def _resume(self, re: str, name: str, cursor: Cursor | None) -> None:
        if name:
            thread = self._desk.thread(self._person, name)
            # What is told of the thread is not told a second time of its turns.
            for what in [what for what in self._following if what.thread == name]:
                self._leave(what)
            self._follow(re, Followed(name), partial(self._thread, thread, cursor))
        elif cursor is not None:
            info, _ = await self._desk.engine.turn(self._person, cursor.turn)
            what = Followed(thread_name(info.thread), info.id)
            self._follow(re, what, partial(self._turn, info.thread, info.id, cursor))
        else:
            raise WrongShape("To resume, name a thread, a cursor, or both.")

    def _follow(self, re: str, what: Followed, work: Callable[[], Awaitable[None]]) -> None:
        """Follow it in a task of its own; whoever follows it already is replaced."""
        self._leave(what)
        if len(self._following) >= _MOST_FOLLOWED:
            raise TooManyFollowed(f"{_MOST_FOLLOWED} answers are followed on this socket already")
        task = self._following[what] = asyncio.create_task(self._told_of_errors(re, work))
        task.add_done_callback(lambda done: self._forget(what, done))

    def _leave(self, what: Followed) -> None:
        if (task := self._following.pop(what, None)) is not None:
            task.cancel()

    def _forget(self, what: Followed, done: asyncio.Task[None]) -> None:
        if self._following.get(what) is done:
            del self._following[what]
        if not done.cancelled() and (exc := done.exception()) is not None:
            log.error("a reader failed", exc_info=exc)

    async def _told_of_errors(self, re: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            try:
                await work()
            except PenstockError as exc:
                await self._send(error_frame(exc, re))
        except WebSocketDisconnect:
            # Whoever listens to the socket ends it.
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
        """Waits while the reader is behind. Raises WebSocketDisconnect when there is none any more."""
        self._patience.begun += 1
        try:
            # Not by Starlette's WebSocket, which would look at its state once more for each token.
            await self._raw_send({"type": "websocket.send", "text": frame.decode()})
        except (RuntimeError, OSError) as exc:
            # The words of servers for a socket that is closed.
            raise WebSocketDisconnect(1006) from exc
        finally:
            self._patience.taken += 1
