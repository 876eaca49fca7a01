"""OpenAI's chat completions, so that every client that exists can talk to the assistant.

Each request is a thread of its own, with the history that the client supplies. Closing
the connection stops the answer in a while, unless somebody else follows it. With an
`Idempotency-Key` a request may be sent again: it is the question's id.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from penstock.channels import http as wire
from penstock.channels.http import ChatRequest, Completion
from penstock.core.question import Person, Question, asker, thread_key
from penstock.core.turn import Turn, View
from penstock.errors import NotFound, PenstockError, QuestionChanged, QuestionInvalid
from penstock.server.desk import AtDesk, Desk
from penstock.server.stream import EventStream, unless_gone

_MAX_KEY_CHARS = 200
_KEY_REUSED = "This Idempotency-Key was sent before with other messages: take a new one for a new question."


class Completions:
    def __init__(self, desk: AtDesk, clock: Callable[[], float] = time.time) -> None:
        self._desk = desk
        self._clock = clock

    async def models(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        await desk.person(request)
        name = request.path_params.get("name")
        if name is None:
            return _json(wire.models([desk.model.name], self._clock()))
        if name != desk.model.name:
            raise NotFound(f"There is no model of that name here; there is {desk.model.name}.")
        return _json(wire.model_card(name, self._clock()))

    async def create(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        sent = wire.decode(await desk.body(request))
        asked = _question(person, sent, request.headers.get("idempotency-key", ""), desk.new_id)
        try:
            turn = (await desk.ask(asked)).received.turn.id
        except QuestionChanged:
            raise QuestionChanged(_KEY_REUSED) from None
        model = sent.model or desk.model.name
        if sent.stream:
            reader = Completion(turn, model, self._clock(), include_usage=sent.include_usage)
            return EventStream(
                desk.engine.follow(person, turn),
                reader,
                _failed,
                first=reader.opening(),
                headers={"Penstock-Turn": turn},
                left=lambda: desk.engine.abandoned(turn),
                stalled_s=desk.stalled_s,
            )
        view = await unless_gone(request.receive, _settled(desk, person, turn))
        if view is None:
            desk.engine.abandoned(turn)
            return Response(status_code=499)
        if view.state == "failed":
            return Response(*_turned(wire.failure(view, turn)))
        return _json(wire.whole(view, turn, model, self._clock()), {"Penstock-Turn": turn})


def _failed(error: PenstockError) -> bytes:
    """No `[DONE]` follows, so nobody takes it for the end of an answer."""
    return b"data: %b\n\n" % wire.refusal(error).body


async def _settled(desk: Desk, person: Person, turn: str) -> View:
    fold = Turn()
    async with aclosing(desk.engine.follow(person, turn)) as news:
        async for entries in news:
            for entry in entries:
                fold.receive(entry.event)
    return fold.view


def _question(person: Person, sent: ChatRequest, key: str, new_id: Callable[[], str]) -> Question:
    if len(key) > _MAX_KEY_CHARS:
        raise QuestionInvalid(f"An Idempotency-Key has at most {_MAX_KEY_CHARS} characters.")
    # The key may hold anything, and two people may choose the same; an id is plain and one's own.
    name = hashlib.sha256(f"{person.id}\n{key}".encode()).hexdigest()[:40] if key else new_id()
    return Question(
        id=f"openai:{asker(person)}:{name}",
        thread=thread_key(person.tenant, "openai", name),
        person=person,
        text=sent.text,
        history=sent.history,
        options=sent.options,
    )


def _turned(refusal: wire.Refusal) -> tuple[bytes, int, dict[str, str]]:
    return refusal.body, refusal.status, refusal.headers


def _json(body: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(body, 200, headers, media_type="application/json")
