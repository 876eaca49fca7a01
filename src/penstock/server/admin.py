"""The owner's view over HTTP: turns, threads, feedback, statistics, knowledge, settings.

Every route asks `Desk.admin` first, and `Engine.owner` is reached from nowhere else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import get_args

from starlette.requests import Request
from starlette.types import ASGIApp

from penstock.core import fault
from penstock.core.events import Passage
from penstock.core.ports import Knowledge
from penstock.core.turn import State
from penstock.engine.prompts import SearchFailed
from penstock.engine.statistics import KEPT_DAYS
from penstock.errors import PenstockError
from penstock.knowledge.contents import Listing
from penstock.server import admin_shapes as shapes
from penstock.server import charts
from penstock.server.api import json_response
from penstock.server.decoding import limit_of
from penstock.server.desk import AtDesk, Desk
from penstock.server.problems import WrongShape
from penstock.server.shapes import StopNoted
from penstock.settings import in_force

_STATES: tuple[State, ...] = get_args(State)
_MAX_WORDS_CHARS = 200
_MAX_QUERY_CHARS = 4_000
_PASSAGES = 5
_MOST_PASSAGES = 50
_HOURS = 24
_MOST_HOURS = KEPT_DAYS * 24


class AdminRoutes:
    def __init__(self, desk: AtDesk, wall: Callable[[], float] = time.time) -> None:
        self._desk = desk
        self._wall = wall

    async def turns(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        engine, owner, limit = desk.engine, desk.engine.owner, limit_of(request)
        # One more than is wanted shows whether there are any after them.
        found = await owner.turns(_states(request), before=_before(request), limit=limit + 1)
        rows = [shapes.turn_row(one, here=owner.here(one.turn.id)) for one in found[:limit]]
        more = rows[-1].turn if len(found) > limit else None
        queued = await engine.queued()
        return json_response(shapes.TurnRows(rows, more, engine.running, queued, engine.readers))

    async def stop(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        info = await desk.engine.owner.stop(request.path_params["turn"])
        return json_response(StopNoted(info.id, info.state), 202)

    async def timeline(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        turn = request.path_params["turn"]
        told = await desk.engine.owner.timeline(turn)
        return json_response(shapes.timeline(told, here=desk.engine.owner.here(turn)))

    async def threads(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        limit, words = limit_of(request), _text(request, "words", _MAX_WORDS_CHARS)
        found = await desk.engine.owner.threads(words=words, before=_before(request), limit=limit + 1)
        rows = [shapes.thread_row(thread) for thread in found[:limit]]
        return json_response(shapes.ThreadRows(rows, rows[-1].key if len(found) > limit else None))

    async def transcript(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        limit, key = limit_of(request), request.query_params.get("key", "")
        found = await desk.engine.owner.transcript(key, before=_before(request), limit=limit + 1)
        return json_response(shapes.transcript(found, limit=limit))

    async def feedback(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        limit = limit_of(request)
        found = await desk.engine.owner.feedback(before=_before(request), limit=limit + 1)
        more = found[limit - 1].place if len(found) > limit else None
        rows = [shapes.feedback_row(rated) for rated in found[:limit]]
        return json_response(shapes.FeedbackRows(rows, more))

    async def statistics(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        hours, now_s = _number(request, "hours", _HOURS, _MOST_HOURS), self._wall()
        found = await desk.engine.owner.statistics(charts.since(now_s, hours))
        # A year takes a good part of a second, and answers flow meanwhile.
        return json_response(await asyncio.to_thread(charts.charts, found, now_s, hours))

    async def knowledge(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        held = desk.knowledge
        contents = await held.contents() if isinstance(held, Listing) else None
        return json_response(shapes.knowledge(contents))

    async def search(self, request: Request) -> ASGIApp:
        """The same search that a question leads to."""
        desk = await self._for_owner(request)
        query = _text(request, "q", _MAX_QUERY_CHARS)
        limit = _number(request, "limit", _PASSAGES, _MOST_PASSAGES)
        began_s = time.monotonic()
        passages = await _searched(desk.knowledge, query, limit) if query.strip() else []
        return json_response(shapes.FoundPassages(passages, round(time.monotonic() - began_s, 4)))

    async def settings(self, request: Request) -> ASGIApp:
        desk = await self._for_owner(request)
        model = shapes.ModelChosen(desk.model.name, desk.model.why)
        shown = in_force(desk.settings, desk.origins)
        return json_response(shapes.SettingsInForce(shown, version("penstock"), model))

    async def _for_owner(self, request: Request) -> Desk:
        """Raises NotAdmin, and what `Desk.visitor` raises."""
        desk = await self._desk()
        await desk.admin(request)
        return desk

    def routes(self) -> dict[str, dict[str, Callable[[Request], Awaitable[ASGIApp]]]]:
        """By path and method."""
        return {
            "/api/admin/turns": {"GET": self.turns},
            "/api/admin/turns/{turn}/stop": {"POST": self.stop},
            "/api/admin/turns/{turn}/timeline": {"GET": self.timeline},
            "/api/admin/threads": {"GET": self.threads},
            "/api/admin/thread": {"GET": self.transcript},
            "/api/admin/feedback": {"GET": self.feedback},
            "/api/admin/statistics": {"GET": self.statistics},
            "/api/admin/knowledge": {"GET": self.knowledge},
            "/api/admin/knowledge/search": {"GET": self.search},
            "/api/admin/settings": {"GET": self.settings},
        }


async def _searched(knowledge: Knowledge, query: str, limit: int) -> list[Passage]:
    try:
        return await knowledge.search(query, limit)
    except PenstockError:
        raise
    except Exception as exc:
        # It may be somebody else's code.
        raise SearchFailed(fault.told(exc)) from exc


# --- What is asked for --------------------------------------------------------


def _states(request: Request) -> list[State]:
    """`state=running,queued`, or several times."""
    wanted = [name for text in request.query_params.getlist("state") for name in text.split(",") if name]
    if unknown := [name for name in wanted if name not in _STATES]:
        raise WrongShape(f"There is no state {unknown[0][:40]!r}. There are: {', '.join(_STATES)}.")
    return [state for state in _STATES if state in wanted]


def _before(request: Request) -> str:
    return request.query_params.get("before", "")


def _text(request: Request, name: str, most_chars: int) -> str:
    text = request.query_params.get(name, "")
    if len(text) > most_chars:
        raise WrongShape(f"{name} has at most {most_chars} characters.")
    return text


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or len(text) > 6 or not 1 <= int(text) <= most:
        raise WrongShape(f"{name} is a number from 1 to {most}.")
    return int(text)
