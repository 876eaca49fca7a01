"""Reading turns: who may, and what came after a cursor.

A reader near the end of a running turn is served from memory; one further back, or of a
turn that is over, from the store. Which of the two it is can change with every look, and
the reader never notices.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock.core.cursor import Cursor, resume
from penstock.core.events import Entry
from penstock.core.ports import Threads, TurnInfo, Turns
from penstock.core.question import Person, Thread, may_read
from penstock.core.turn import ENDED
from penstock.engine.live import Live
from penstock.errors import CursorInvalid, NotFound

_NO_TURN = "There is no such answer."
_NO_THREAD = "There is no such conversation."


class Reading:
    def __init__(self, turns: Turns, threads: Threads, lives: Mapping[str, Live]) -> None:
        self._turns = turns
        self._threads = threads
        self.lives = lives

    async def check(self, turn: str, cursor: Cursor) -> None:
        """Raises CursorInvalid when no reader of this turn can have come by this cursor."""
        await self.news(turn, cursor)

    async def news(self, turn: str, cursor: Cursor) -> tuple[list[Entry], bool]:
        """What came after the cursor, and whether nothing more can come. Raises CursorInvalid."""
        if (live := self.lives.get(turn)) is not None:
            after = live.resume(cursor)
            if live.holds(after):
                return live.after(after), False
        page = await self._turns.read(turn, cursor.number)
        info = page.turn
        over = info.state in ENDED
        after = resume(cursor, turn=turn, attempt=info.attempt, begins=info.begins, last=info.last, over=over)
        if after != cursor.number:
            page = await self._turns.read(turn, after)
        return page.entries, over and not page.entries

    async def log(self, turn: str) -> list[Entry]:
        entries: list[Entry] = []
        while page := (await self._turns.read(turn, entries[-1].number if entries else 0)).entries:
            entries += page
        return entries

    # --- Rights -----------------------------------------------------------------

    async def thread_of(self, person: Person, thread: str, *, binned: bool = False) -> Thread:
        """With `binned`, also one that is in the bin: to take it out, or to forget it."""
        found = await self._threads.get(thread)
        if found is None or not may_read(person, found) or (found.binned_s and not binned):
            raise NotFound(_NO_THREAD)
        return found

    async def turn_in(self, person: Person, thread: str, cursor: Cursor) -> str:
        try:
            info = await self.turn_of(person, cursor.turn)
        except NotFound:
            info = None
        if info is None or info.thread != thread:
            raise CursorInvalid("This cursor belongs to another conversation; leave it out.")
        return info.id

    async def turn_of(self, person: Person, turn: str) -> TurnInfo:
        live = self.lives.get(turn)
        # `receive` has seen to it that who asks in a thread owns it.
        if live is not None and any(
            (q.person.tenant, q.person.id) == (person.tenant, person.id) for q in live.claim.questions
        ):
            return live.claim.turn
        info = (await self._turns.read(turn, limit=1)).turn
        thread = await self._threads.get(info.thread)
        if thread is None or not may_read(person, thread) or thread.binned_s:
            raise NotFound(_NO_TURN)
        return info
