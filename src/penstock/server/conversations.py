"""What a person does with their conversations over HTTP: list, name, delete and undo, share, rate."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from penstock.core.question import Person, thread_key
from penstock.engine.conversations import checked_title
from penstock.server import shapes
from penstock.server.api import json_response
from penstock.server.decoding import decoded, limit_of
from penstock.server.desk import AtDesk, Desk, thread_name
from penstock.server.problems import WrongShape
from penstock.server.shapes import Change, Link, Rate, Threads

_MAX_WORDS_CHARS = 200

_change = msgspec.json.Decoder(Change)
_rate = msgspec.json.Decoder(Rate)


class ConversationRoutes:
    def __init__(self, desk: AtDesk) -> None:
        self._desk = desk

    async def listed(self, request: Request) -> ASGIApp:
        """Without the questions that came over the OpenAI API, each of which is a thread of its own."""
        desk = await self._desk()
        person = await desk.person(request)
        limit = limit_of(request)
        before = request.query_params.get("before", "")
        found = await desk.engine.conversations.listed(
            person,
            prefix=thread_key(person.tenant, "web", ""),
            words=_words(request),
            before=desk.thread(person, before) if before else "",
            # One more than is wanted shows whether there are any after them.
            limit=limit + 1,
        )
        more = thread_name(found[limit - 1].key) if len(found) > limit else None
        return json_response(Threads([shapes.listed(thread) for thread in found[:limit]], more))

    async def change(self, request: Request) -> ASGIApp:
        """Checked whole before anything of it is done."""
        desk, person, thread = await self._of(request)
        change = decoded(_change, await desk.body(request))
        if change == Change():
            raise WrongShape("Say what to change: title, deleted, or both.")
        conversations = desk.engine.conversations
        title = None if change.title is None else checked_title(change.title)
        if change.deleted is False:
            await conversations.restore(person, thread)
        if title is not None:
            await conversations.rename(person, thread, title)
        if change.deleted:
            await conversations.bin(person, thread)
        return json_response(shapes.listed(await conversations.thread(person, thread, binned=True)))

    async def share(self, request: Request) -> ASGIApp:
        desk, person, thread = await self._of(request)
        token = await desk.engine.conversations.share(person, thread)
        return json_response(Link(token, f"{request.scope.get('root_path', '')}/s/{token}"))

    async def unshare(self, request: Request) -> ASGIApp:
        desk, person, thread = await self._of(request)
        await desk.engine.conversations.unshare(person, thread)
        return Response(status_code=204)

    async def shared(self, request: Request) -> ASGIApp:
        """For whoever has the link, signed in or not."""
        desk = await self._desk()
        desk.check(request)
        found = await desk.engine.conversations.shared(request.path_params["token"])
        return json_response(shapes.shared(found.thread, found.exchanges))

    async def rate(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        given = decoded(_rate, await desk.body(request))
        await desk.engine.conversations.rate(person, request.path_params["turn"], given.rating, given.remark)
        return Response(status_code=204)

    async def unrate(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        await desk.engine.conversations.unrate(person, request.path_params["turn"])
        return Response(status_code=204)

    async def _of(self, request: Request) -> tuple[Desk, Person, str]:
        """The thread that the address names, by its key, and who asks for it."""
        desk = await self._desk()
        person = await desk.person(request)
        return desk, person, desk.thread(person, request.path_params["thread"])


def _words(request: Request) -> str:
    words = request.query_params.get("words", "")
    if len(words) > _MAX_WORDS_CHARS:
        raise WrongShape(f"words has at most {_MAX_WORDS_CHARS} characters.")
    return words
