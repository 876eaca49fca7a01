"""The engine: what doors call.

A door asks (`ask`), reads (`follow`, `transcript`), stops and forgets; every one of
these takes the person who wants it and refuses what is not theirs. Inside, a dispatcher
claims turns and runs them, and one slow beat does what happens by the clock.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Callable

import msgspec

from penstock.core.cursor import Cursor
from penstock.core.events import Entry
from penstock.core.overlap import Overlap
from penstock.core.ports import Exchange, Knowledge, Model, Store, TurnInfo
from penstock.core.question import Person, Question, checked
from penstock.core.turn import View, fold
from penstock.engine import usage
from penstock.engine.asking import Asked, Asking
from penstock.engine.attempt import Attempts
from penstock.engine.beat import Beat
from penstock.engine.bells import Bells
from penstock.engine.chores import Chores
from penstock.engine.conversations import Conversations
from penstock.engine.dispatcher import Dispatcher
from penstock.engine.follower import Follower, Readers, follow_thread
from penstock.engine.journal import Journal
from penstock.engine.live import Live
from penstock.engine.owner import Owner
from penstock.engine.prompts import Prompts
from penstock.engine.readiness import Readiness
from penstock.engine.reading import Reading
from penstock.engine.rules import Rules, TurnReport
from penstock.engine.run import Runs
from penstock.engine.statistics import Statistics
from penstock.engine.usage import DayUsage
from penstock.errors import NotFound, ShuttingDown, StoreError

log = logging.getLogger("penstock.engine")


class Engine:
    def __init__(
        self,
        *,
        store: Store,
        model: Model,
        knowledge: Knowledge | None = None,
        rules: Rules = Rules(),
        report: Callable[[TurnReport], None] = lambda report: None,
        today: Callable[[Person], str] = lambda person: "",
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.model = model
        self.rules = rules
        self._store = store
        self._turns = store.turns
        self._threads = store.threads
        self._bells = Bells()
        self._lives: dict[str, Live] = {}
        self._chores = Chores()
        self._loops: list[asyncio.Task[None]] = []
        self._readers = Readers()
        self._readiness = Readiness(store, clock)
        self._reading = Reading(self._turns, self._threads, self._lives)
        self._journal = journal = Journal(self._turns, rules.lease_s, clock)
        self._statistics = Statistics(store.shelf, self._chores, clock=clock, wall=wall)
        prompts = Prompts(
            model=model,
            knowledge=knowledge,
            threads=store.threads,
            blobs=store.blobs,
            rules=rules,
            journal=journal,
            today=today,
        )
        self._dispatcher = Dispatcher(
            runs=Runs(prompts, Attempts(model, journal, rules, clock), journal, rules, clock, wall),
            store=store,
            reading=self._reading,
            lives=self._lives,
            bells=self._bells,
            rules=rules,
            report=self._statistics.before(report),
            clock=clock,
            wall=wall,
        )
        self.owner = Owner(store, self._lives, self._dispatcher, self._statistics)
        self._asking = Asking(
            store=store, dispatcher=self._dispatcher, bells=self._bells, rules=rules, new_id=new_id
        )
        self.conversations = Conversations(
            store=store,
            reading=self._reading,
            bells=self._bells,
            stop=self._dispatcher.stop,
            wall=wall,
        )
        self._beat = Beat(
            journal=journal,
            lives=self._lives,
            threads=store.threads,
            sweep=self._dispatcher.look,
            ring=self._bells.ring_all,
            let_go=self._dispatcher.let_go,
            chores=self._chores,
            rules=rules,
            clock=clock,
            wall=wall,
        )

    # --- What doors call --------------------------------------------------------

    async def ask(self, question: Question, *, overlap: Overlap | None = None) -> Asked:
        """Write the question down, durably and once, and see that it is answered.

        What it replaces is stopped, with all that came after it.
        Raises Refused and Busy kinds, and StoreError when it could not be written down.
        """
        if self._dispatcher.closing:
            raise ShuttingDown("the engine is closing")
        # To its end even when the door is cancelled: a claim that nobody knows of would wait for its lapse.
        return await asyncio.shield(asyncio.create_task(self._asking.receive(checked(question), overlap)))

    def follow(self, person: Person, turn: str, cursor: Cursor | None = None) -> Follower:
        """A turn's log from its first entry, as it comes; each item is what one wake-up brought.

        The cursor is only checked: what a reader has seen it passes over itself, because
        it needs the fold of it. An empty item now and then says that all is well and
        nothing is new. Ends with the turn; whoever leaves it earlier closes it (`aclosing`).
        Raises NotFound and CursorInvalid with the first item.
        """

        async def admitted() -> None:
            await self._reading.turn_of(person, turn)
            if cursor is not None:
                await self._reading.check(turn, cursor)

        return Follower(turn, self._reading, self._bells, admitted, self._readers)

    def follow_thread(
        self, person: Person, thread: str, cursor: Cursor | None = None
    ) -> AsyncGenerator[tuple[str, list[Entry]]]:
        """The same for the cursor's turn and all later ones of its thread (without a cursor: for all
        of them), in order, with each turn's id. It ends only when closed."""
        return follow_thread(person, thread, cursor, self._threads, self._reading, self._bells, self._readers)

    async def stop(self, person: Person, turn: str, by: str = "person") -> TurnInfo:
        """Order a turn stopped; what was said so far is kept. An ended turn stays as it is."""
        await self._reading.turn_of(person, turn)
        return await self._dispatcher.stop(turn, by)

    async def turn(self, person: Person, turn: str) -> tuple[TurnInfo, View]:
        """A turn as it stands, and what there is of its answer."""
        info = await self._reading.turn_of(person, turn)
        if (live := self._lives.get(turn)) is not None:
            view = live.fold.view
            state = view.state if view.done else info.state
            attempt, last = live.lease.attempt, live.last
            return msgspec.structs.replace(info, state=state, attempt=attempt, last=last), view
        return info, fold([entry.event for entry in await self._reading.log(turn)])

    async def transcript(
        self, person: Person, thread: str, *, before: str = "", limit: int = 50
    ) -> list[Exchange]:
        await self._reading.thread_of(person, thread)
        return await self._threads.transcript(thread, before=before, limit=limit)

    async def forget(self, person: Person, thread: str) -> None:
        """Remove a thread and all that belongs to it; answers under way are given up."""
        await self._reading.thread_of(person, thread, binned=True)
        self._dispatcher.let_go(await self._threads.forget(thread))
        self._bells.ring(thread)

    async def forget_person(self, person: Person) -> None:
        self._dispatcher.let_go(await self._threads.forget_person(person))

    async def usage(self, person: Person) -> list[DayUsage]:
        """What this person's answers used, day by day."""
        return await usage.read(self._store.shelf, person)

    def abandoned(self, turn: str) -> None:
        """A reader that was alone hung up: stop the turn in a while unless somebody follows it again."""
        asyncio.get_running_loop().call_later(self.rules.abandoned_s, self._stop_if_unread, turn)

    def _stop_if_unread(self, turn: str) -> None:
        if not self._bells.count(turn):
            self._chores.begin(self._stop_abandoned(turn))

    async def _stop_abandoned(self, turn: str) -> None:
        """One that still waits, too."""
        try:
            await self._dispatcher.stop(turn, "closed")
        except (NotFound, StoreError) as exc:
            log.warning("an abandoned turn was not stopped", extra={"turn": turn, "error": exc.code})

    # --- Running and closing ----------------------------------------------------

    async def start(self) -> None:
        """Begin to claim turns: those left by a process that died, and those to come."""
        self._loops = [asyncio.create_task(self._dispatcher.run()), asyncio.create_task(self._beat.run())]
        self._dispatcher.look()

    async def close(self, grace_s: float = 0.0) -> None:
        """Claim no more, let running turns finish for a while, and give the rest back to the store."""
        await self._dispatcher.close(grace_s)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._chores.ended()
        await self._statistics.close()
        await self._journal.close()

    @property
    def running(self) -> int:
        return self._dispatcher.running

    @property
    def readers(self) -> int:
        return self._readers.now

    @property
    def journal_lag_s(self) -> float:
        return self._journal.lag_s

    async def queued(self) -> int:
        """How many turns wait."""
        return await self._turns.depth()

    async def ready(self) -> None:
        """Raises StoreError when no question could be written down."""
        await self._readiness.check()
