"""Threads read backwards, page by page: all of one, or as far back as a turn may still be unfinished."""

from __future__ import annotations

from penstock.core.ports import Exchange, Threads, TurnInfo
from penstock.core.turn import ENDED

_PAGE = 20
_WHOLE_PAGE = 200


async def whole(threads: Threads, thread: str, *, until: str = "") -> list[Exchange]:
    """Oldest first; those before the turn `until`, if one is named."""
    found: list[Exchange] = []
    while page := await threads.transcript(thread, before=until, limit=_WHOLE_PAGE):
        found[:0] = page
        until = page[0].turn.id
    return found


async def unfinished(threads: Threads, thread: str, *, since: str = "", until: str = "") -> list[str]:
    """The turns that have not ended, oldest first: from `since` on, and those before `until`."""
    newest = await _newest(threads, thread)
    ids = [info.id for info in newest]
    # What is not among them is older than all of them.
    begin = ids.index(since) if since in ids else 0
    end = ids.index(until) if until in ids else len(ids)
    return [info.id for info in newest[begin:end] if info.state not in ENDED]


async def _newest(threads: Threads, thread: str) -> list[TurnInfo]:
    """Back to one that ran to its end: turns run in order, and only one that was stopped ends out of it."""
    found: list[TurnInfo] = []
    while page := await threads.transcript(thread, before=found[-1].id if found else "", limit=_PAGE):
        for exchange in reversed(page):
            found.append(exchange.turn)
            if exchange.turn.state in ("done", "failed"):
                return found[::-1]
    return found[::-1]
