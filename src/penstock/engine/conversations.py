"""What a person does with their threads beside asking: find, name, delete and undo, share, rate.

A thread that is deleted waits in the bin, where nothing reads it but `restore`; the beat
empties the bin (`Rules.bin_s`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from penstock.core.ports import Exchange, Store, TurnInfo
from penstock.core.question import Person, Thread
from penstock.core.shelves import feedback_key
from penstock.core.standing import standing
from penstock.engine import feedback, sharing
from penstock.engine.bells import Bells
from penstock.engine.feedback import Feedback, Rating
from penstock.engine.reading import Reading
from penstock.engine.transcripts import unfinished, whole
from penstock.errors import NotFound, Refused

MAX_TITLE_CHARS = 120


class TitleInvalid(Refused):
    code = "title_invalid"


class Shared(NamedTuple):
    """What a read-only link shows: the turns that stand."""

    thread: Thread
    exchanges: list[Exchange]


class Conversations:
    """Every method refuses what is not the person's (NotFound). `stop` orders a turn stopped, by whom."""

    def __init__(
        self,
        *,
        store: Store,
        reading: Reading,
        bells: Bells,
        stop: Callable[[str, str], Awaitable[TurnInfo]],
        wall: Callable[[], float],
    ) -> None:
        self._threads = store.threads
        self._shelf = store.shelf
        self._reading = reading
        self._bells = bells
        self._stop = stop
        self._wall = wall

    # --- Finding and naming -------------------------------------------------------

    async def listed(
        self, person: Person, *, prefix: str = "", words: str = "", before: str = "", limit: int = 50
    ) -> list[Thread]:
        """Those whose keys begin with `prefix`, newest question first, after the thread `before`."""
        if before:
            await self._reading.thread_of(person, before, binned=True)
        return await self._threads.listed(person, prefix=prefix, words=words, before=before, limit=limit)

    async def thread(self, person: Person, thread: str, *, binned: bool = False) -> Thread:
        return await self._reading.thread_of(person, thread, binned=binned)

    async def rename(self, person: Person, thread: str, title: str) -> None:
        """Raises TitleInvalid."""
        title = checked_title(title)
        await self._reading.thread_of(person, thread)
        await self._threads.rename(thread, title)

    # --- The bin ------------------------------------------------------------------

    async def bin(self, person: Person, thread: str) -> None:
        """Delete it so that it can be undone for a while. What is being answered in it is stopped."""
        await self._reading.thread_of(person, thread, binned=True)
        await self._threads.bin(thread)
        # After it, so that no question slips in between.
        for turn in await unfinished(self._threads, thread):
            await self._stop(turn, "deleted")
        self._bells.ring(thread)

    async def restore(self, person: Person, thread: str) -> None:
        """Take it out of the bin; one that is not there stays as it is."""
        await self._reading.thread_of(person, thread, binned=True)
        await self._threads.restore(thread)

    # --- Sharing ------------------------------------------------------------------

    async def share(self, person: Person, thread: str) -> str:
        """The token of the thread's read-only link, which shows what comes later, too."""
        await self._reading.thread_of(person, thread)
        token = await sharing.share(self._shelf, thread)
        try:
            await self._reading.thread_of(person, thread, binned=True)
        except NotFound:
            # It was forgotten meanwhile; a later thread of that name must not be shared by this link.
            await sharing.revoke(self._shelf, thread, token)
            raise
        return token

    async def unshare(self, person: Person, thread: str) -> None:
        """Revoke the link; a later one has another token."""
        await self._reading.thread_of(person, thread)
        await sharing.unshare(self._shelf, thread)

    async def token(self, person: Person, thread: str) -> str | None:
        """The link's token; None when the thread is not shared."""
        await self._reading.thread_of(person, thread)
        return await sharing.token_of(self._shelf, thread)

    async def shared(self, token: str) -> Shared:
        """The thread that a link shows, to whoever holds the link. Raises NotFound."""
        key = await sharing.thread_of(self._shelf, token)
        thread = await self._threads.get(key) if key else None
        if thread is None or thread.binned_s:
            raise NotFound("There is nothing at this link. Perhaps it was taken back.")
        return Shared(thread, standing(await whole(self._threads, thread.key)))

    # --- Feedback -----------------------------------------------------------------

    async def rate(self, person: Person, turn: str, rating: Rating, remark: str = "") -> None:
        """In place of what was said of this turn before. Raises RemarkInvalid."""
        remark = feedback.checked(remark)
        await self._reading.turn_of(person, turn)
        await feedback.write(self._shelf, turn, Feedback(rating, remark, self._wall()))
        try:
            await self._reading.turn_of(person, turn)
        except NotFound:
            # It was forgotten meanwhile, and what was said of it goes with it.
            await self._shelf.delete(feedback_key(turn))
            raise

    async def unrate(self, person: Person, turn: str) -> None:
        await self._reading.turn_of(person, turn)
        await self._shelf.delete(feedback_key(turn))

    async def ratings(self, turns: Iterable[str]) -> dict[str, Feedback]:
        """What was said of these turns, which the caller may read."""
        return await feedback.read(self._shelf, turns)


def checked_title(title: str) -> str:
    """The title as it may be written down. Raises TitleInvalid."""
    title = title.strip()
    on_one_line = all(unicodedata.category(char) not in ("Cc", "Zl", "Zp") for char in title)
    if not 0 < len(title) <= MAX_TITLE_CHARS or not on_one_line:
        raise TitleInvalid(
            f"A title has 1 to {MAX_TITLE_CHARS} characters, on one line and without control characters."
        )
    return title
