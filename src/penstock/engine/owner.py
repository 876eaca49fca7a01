"""What the owner of an assistant may see and do: everybody's turns, threads and feedback, and the statistics.

No right is checked in here. Only the routes under /api/admin reach it, and they ask who is there first.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from penstock.core.ports import Exchange, Listed, Store, TurnInfo
from penstock.core.question import Thread
from penstock.core.shelves import FEEDBACK
from penstock.core.turn import State
from penstock.engine import feedback
from penstock.engine.dispatcher import Dispatcher
from penstock.engine.feedback import Feedback, decoded
from penstock.engine.live import Live
from penstock.engine.statistics import Hour, Statistics
from penstock.engine.timeline import Timeline, timeline
from penstock.errors import CursorInvalid, NotFound


class Transcript(NamedTuple):
    """A thread with some of its turns, oldest first, and what was thought of them, by turn."""

    thread: Thread
    exchanges: list[Exchange]
    feedback: dict[str, Feedback]


class Rated(NamedTuple):
    """What somebody thought of an answer."""

    turn: str
    thread: Thread
    feedback: Feedback

    @property
    def place(self) -> str:
        """Where it stands in the list of all, whatever is rated or taken back meanwhile."""
        return f"{self.feedback.at_s!r}~{self.turn}"


class Owner:
    def __init__(
        self, store: Store, lives: Mapping[str, Live], dispatcher: Dispatcher, statistics: Statistics
    ) -> None:
        self._turns = store.turns
        self._threads = store.threads
        self._shelf = store.shelf
        self._lives = lives
        self._dispatcher = dispatcher
        self._statistics = statistics

    async def turns(self, states: Sequence[State] = (), *, before: str = "", limit: int = 50) -> list[Listed]:
        """Everybody's, newest first; without `states`, of every state."""
        found = await self._turns.recent(states=states, before=before, limit=limit)
        return [msgspec.structs.replace(one, turn=self._now(one.turn)) for one in found]

    def here(self, turn: str) -> bool:
        """Whether this process answers it now."""
        return turn in self._lives

    async def timeline(self, turn: str) -> Timeline:
        """What happened in it, and when. Raises NotFound."""
        info = (await self._turns.read(turn, limit=1)).turn
        return timeline(self._now(info), await self._turns.written(turn))

    async def stop(self, turn: str) -> TurnInfo:
        """Raises NotFound; an ended turn stays as it is."""
        return await self._dispatcher.stop(turn, "owner")

    async def threads(self, *, words: str = "", before: str = "", limit: int = 50) -> list[Thread]:
        """Everybody's, newest question first."""
        return await self._threads.listed(None, words=words, before=before, limit=limit)

    async def transcript(self, thread: str, *, before: str = "", limit: int = 50) -> Transcript:
        """Also of one in the bin. Raises NotFound."""
        found = await self._threads.get(thread)
        if found is None:
            raise NotFound("There is no such conversation.")
        exchanges = await self._threads.transcript(thread, before=before, limit=limit)
        said = await feedback.read(self._shelf, (exchange.turn.id for exchange in exchanges))
        return Transcript(found, [self._as_said(exchange) for exchange in exchanges], said)

    async def feedback(self, *, before: str = "", limit: int = 50) -> list[Rated]:
        """Everybody's, newest first; `before`: only what stands after that `place`. Raises CursorInvalid."""
        after = _placed(before) if before else (math.inf, "")
        # They are few: people rate one answer in a hundred.
        documents = await self._shelf.list(FEEDBACK)
        given = [(unquote(one.key.removeprefix(FEEDBACK)), decoded(one.value)) for one in documents]
        given.sort(key=lambda one: (one[1].at_s, one[0]), reverse=True)
        rest = (one for one in given if (one[1].at_s, one[0]) < after)
        found: list[Rated] = []
        while len(found) < limit and (page := list(islice(rest, limit - len(found)))):
            found += filter(None, await asyncio.gather(*(self._rated(*one) for one in page)))
        return found

    async def _rated(self, turn: str, given: Feedback) -> Rated | None:
        """None when its thread is forgotten or in the bin."""
        try:
            info = (await self._turns.read(turn, limit=1)).turn
        except NotFound:
            return None
        thread = await self._threads.get(info.thread)
        return None if thread is None or thread.binned_s else Rated(turn, thread, given)

    async def statistics(self, since_s: float) -> list[Hour]:
        """The hours from then on in which anything ended, oldest first."""
        return await self._statistics.read(since_s)

    def _now(self, info: TurnInfo) -> TurnInfo:
        """What runs here is further on than the store knows."""
        if (live := self._lives.get(info.id)) is None:
            return info
        return msgspec.structs.replace(info, attempt=live.lease.attempt, last=live.last)

    def _as_said(self, exchange: Exchange) -> Exchange:
        if (live := self._lives.get(exchange.turn.id)) is None:
            return exchange
        return msgspec.structs.replace(exchange, turn=self._now(exchange.turn), view=live.fold.view)


def _placed(place: str) -> tuple[float, str]:
    at_s, _, turn = place.partition("~")
    try:
        return float(at_s), turn
    except ValueError:
        raise CursorInvalid("`before` is not one of ours; leave it out to read from the newest.") from None
