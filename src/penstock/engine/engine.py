"""The engine: claims turns, runs models, keeps their logs, and feeds whoever reads them.

A door asks (`ask`), reads (`follow`, `transcript`), stops and forgets; every one of
these takes the person who wants it and refuses what is not theirs. Inside, a dispatcher
claims turns while there is room, each turn runs in a task of its own, and one slow
beat renews leases, sweeps for stranded turns and keeps quiet readers alive.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import aclosing
from typing import Any, NamedTuple

import msgspec

from penstock.core import fault
from penstock.core.cursor import Cursor
from penstock.core.events import Entry
from penstock.core.overlap import Overlap
from penstock.core.ports import Claim, Exchange, Knowledge, Model, Received, Store, TurnInfo
from penstock.core.question import Person, Question, checked
from penstock.core.turn import ENDED, View, fold
from penstock.engine import usage
from penstock.engine.attempt import Attempts
from penstock.engine.bells import Bell, Bells
from penstock.engine.follower import Follower, Readers
from penstock.engine.journal import Journal, StopOrdered
from penstock.engine.live import Live
from penstock.engine.readiness import Readiness
from penstock.engine.reading import Reading
from penstock.engine.rules import Rules, TurnReport
from penstock.engine.run import GivenBack, Runs
from penstock.engine.seldom import Seldom
from penstock.engine.usage import DayUsage
from penstock.errors import (
    LeaseLost,
    NotFound,
    ShuttingDown,
    StoreError,
)

log = logging.getLogger("penstock.engine")

_DAY_S = 86_400.0
_RETENTION_EVERY_S = 3_600.0


class Asked(NamedTuple):
    """What became of a question, and the cursor from which to read its answer."""

    received: Received
    cursor: Cursor


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
        self._report = report
        self._report_failures = Seldom(clock)
        self._clock = clock
        self._wall = wall
        self._new_id = new_id
        self._bells = Bells()
        self._lives: dict[str, Live] = {}
        self._work = Bell()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._chores: set[asyncio.Task[Any]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._closing = False
        self._counting = asyncio.Lock()
        self._giving_back = False
        self._readers = Readers()
        self._journal = Journal(self._turns, rules.lease_s, clock)
        self._readiness = Readiness(store, clock)
        self._reading = Reading(self._turns, self._threads, self._lives)
        attempts = Attempts(
            model=model,
            knowledge=knowledge,
            threads=store.threads,
            blobs=store.blobs,
            rules=rules,
            journal=self._journal,
            clock=clock,
            today=today,
        )
        self._runs = Runs(attempts, self._journal, rules, clock, wall)

    # --- What doors call --------------------------------------------------------

    async def ask(self, question: Question, *, overlap: Overlap | None = None) -> Asked:
        """Write the question down, durably and once, and see that it is answered.

        Raises Refused and Busy kinds, and StoreError when it could not be written down.
        """
        if self._closing:
            raise ShuttingDown("the engine is closing")
        # To its end even when the door is cancelled: a claim that nobody knows of would wait for its lapse.
        return await asyncio.shield(asyncio.create_task(self._receive(checked(question), overlap)))

    async def _receive(self, question: Question, overlap: Overlap | None) -> Asked:
        received = await self._turns.receive(
            question,
            self._new_id(),
            overlap=overlap or self.rules.overlap,
            limits=self.rules.limits,
            lease_s=self.rules.lease_s if self._has_room else 0.0,
        )
        for turn in received.stop:
            await self._carry_out_stop(turn, "interrupted")
        if received.claim is not None:
            self._start(received.claim)
        else:
            self._work.ring()
        self._bells.ring(question.thread)
        return Asked(received, Cursor(received.turn.id))

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

    async def follow_thread(
        self, person: Person, thread: str, cursor: Cursor | None = None
    ) -> AsyncGenerator[tuple[str, list[Entry]]]:
        """The same for the cursor's turn and all later ones of its thread (without a cursor: for all
        of them), in order, with each turn's id. It ends only when closed."""
        await self._reading.thread_of(person, thread)
        turn = ""
        with self._readers, self._bells.on(thread) as bell:
            if cursor is not None:
                turn = await self._reading.turn_in(person, thread, cursor)
                await self._reading.check(turn, cursor)
                async with aclosing(self._follower(turn)) as news:
                    async for entries in news:
                        yield turn, entries
            while True:
                for later in await self._threads.turns_after(thread, turn):
                    turn = later
                    async with aclosing(self._follower(turn)) as news:
                        async for entries in news:
                            yield turn, entries
                yield turn, []
                await bell.wait()
                await self._reading.thread_of(person, thread)

    def _follower(self, turn: str) -> Follower:
        return Follower(turn, self._reading, self._bells)

    async def stop(self, person: Person, turn: str, by: str = "person") -> TurnInfo:
        """Order a turn stopped; what was said so far is kept. An ended turn stays as it is."""
        await self._reading.turn_of(person, turn)
        return await self._carry_out_stop(turn, by)

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
        await self._reading.thread_of(person, thread)
        self._let_go(await self._threads.forget(thread))
        self._bells.ring(thread)

    async def forget_person(self, person: Person) -> None:
        self._let_go(await self._threads.forget_person(person))

    async def usage(self, person: Person) -> list[DayUsage]:
        """What this person's answers used, day by day."""
        return await usage.read(self._store.shelf, person)

    def abandoned(self, turn: str) -> None:
        """A reader that was alone hung up: stop the turn in a while unless somebody follows it again."""
        asyncio.get_running_loop().call_later(self.rules.abandoned_s, self._stop_if_unread, turn)

    # --- Running and closing ----------------------------------------------------

    async def start(self) -> None:
        """Begin to claim turns: those left by a process that died, and those to come."""
        self._loops = [asyncio.create_task(self._dispatch()), asyncio.create_task(self._beat())]
        self._work.ring()

    async def close(self, grace_s: float = 0.0) -> None:
        """Claim no more, let running turns finish for a while, and give the rest back to the store."""
        self._closing = True
        self._work.ring()
        if self._running and grace_s > 0:
            log.info("waiting for running turns", extra={"turns": len(self._running), "grace_s": grace_s})
            await asyncio.wait(self._running.values(), timeout=grace_s)
        self._giving_back = True
        for live in self._lives.values():
            live.interrupt(GivenBack())
        if self._running:
            await asyncio.wait(self._running.values())
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, *self._chores, return_exceptions=True)
        await self._journal.close()

    @property
    def running(self) -> int:
        return len(self._running)

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

    # --- Claiming ---------------------------------------------------------------

    @property
    def _has_room(self) -> bool:
        return not self._closing and len(self._running) < self.rules.max_running

    async def _dispatch(self) -> None:
        while True:
            await self._work.wait()
            try:
                while self._has_room and (claim := await self._turns.claim(self.rules.lease_s)):
                    self._start(claim)
            except StoreError as exc:
                log.warning("no turn could be claimed", extra={"error": exc.code})
            except Exception:
                # The outermost line of what must not end: the next ring or sweep tries again.
                log.exception("claiming broke")

    async def _beat(self) -> None:
        """Everything that happens by the clock: renewals, the sweep, quiet readers, retention."""
        every_s = self._journal.renew_every_s / 2
        due_s = {self._work.ring: 0.0, self._bells.ring_all: 0.0, self._retire: 0.0}
        period_s = {
            self._work.ring: self.rules.sweep_s,
            self._bells.ring_all: self.rules.beat_s,
            self._retire: _RETENTION_EVERY_S,
        }
        while True:
            await asyncio.sleep(every_s)
            try:
                await self._journal.renew(list(self._lives.values()))
            except Exception:
                # The outermost line of what must not end: the next beat tries again.
                log.exception("renewing leases broke")
            now_s = self._clock()
            for chore in due_s:
                if now_s >= due_s[chore]:
                    due_s[chore] = now_s + period_s[chore]
                    chore()

    def _retire(self) -> None:
        if self.rules.retention_days > 0:
            self._chore(self._forget_old())

    async def _forget_old(self) -> None:
        days = self.rules.retention_days
        try:
            count = await self._threads.forget_before(self._wall() - days * _DAY_S)
        except StoreError as exc:
            log.warning("old threads were not forgotten", extra={"error": exc.code, "days": days})
            return
        if count:
            log.info("old threads were forgotten", extra={"threads": count, "days": days})

    def _start(self, claim: Claim) -> None:
        turn = claim.turn.id
        if (before := self._lives.get(turn)) is not None:
            # Our own lease lapsed, because this process was held up; whoever still runs is late.
            before.interrupt(LeaseLost(f"turn {turn} was claimed anew"))
        if not claim.turn.last:
            self._lives[turn] = Live(claim, (), self._bells, self._clock())
        task = self._running[turn] = asyncio.create_task(self._run(claim))
        task.add_done_callback(lambda done: self._ended(turn, done))

    def _ended(self, turn: str, task: asyncio.Task[None]) -> None:
        if self._running.get(turn) is task:
            del self._running[turn]
        self._bells.ring(turn)
        self._work.ring()

    # --- One turn ---------------------------------------------------------------

    async def _run(self, claim: Claim) -> None:
        turn = claim.turn.id
        live = self._lives.get(turn)
        try:
            if live is None or live.claim is not claim:
                so_far = await self._reading.log(turn)
                live = self._lives[turn] = Live(claim, so_far, self._bells, self._clock())
            if self._giving_back:
                live.interrupt(GivenBack())
            report = await self._runs.answer(live)
            await self._count(claim, report)
            self._tell(report)
        except LeaseLost as exc:
            log.warning("a turn is not ours any more", extra={"turn": turn, "why": str(exc)})
        except StoreError as exc:
            log.error("the turn was given up", extra={"turn": turn, "error": exc.code})
            self._look_again()
        except Exception:
            # The outermost line of a turn's task.
            log.exception("a turn was given up", extra={"turn": turn})
            self._look_again()
        finally:
            if live is not None and self._lives.get(turn) is live:
                del self._lives[turn]

    def _tell(self, report: TurnReport) -> None:
        try:
            self._report(report)
        except Exception as exc:
            # Somebody else's code; the turn has ended well.
            if times := self._report_failures.times():
                extra = {"turn": report.turn, "why": fault.told(exc), "times": times}
                log.error("what is told of each turn broke", extra=extra)

    def _look_again(self) -> None:
        """When the lease of a turn that was given up has lapsed, somebody shall claim it before the sweep."""
        asyncio.get_running_loop().call_later(self.rules.lease_s + 0.1, self._work.ring)

    async def _count(self, claim: Claim, report: TurnReport) -> None:
        if report.outcome not in ENDED:
            return
        day = time.strftime("%Y-%m-%d", time.gmtime(self._wall()))
        used = msgspec.structs.replace(report.usage, model=report.model)
        try:
            # One at a time: a person's answers that end together would collide.
            async with self._counting:
                await usage.count(self._store.shelf, claim.questions[0].person, day, used)
        except StoreError as exc:
            log.warning("usage was not counted", extra={"turn": report.turn, "error": exc.code})

    async def _carry_out_stop(self, turn: str, by: str) -> TurnInfo:
        info = await self._turns.stop(turn, by)
        if info.state in ENDED:
            return info
        if (live := self._lives.get(turn)) is not None:
            live.interrupt(StopOrdered(by))
        elif turn not in self._running and (claim := await self._turns.claim(self.rules.lease_s, turn)):
            # Nobody is at work on it, so whoever stops it writes its end.
            self._start(claim)
        return info

    def _stop_if_unread(self, turn: str) -> None:
        if not self._bells.count(turn):
            self._chore(self._stop_abandoned(turn))

    async def _stop_abandoned(self, turn: str) -> None:
        """One that still waits, too."""
        try:
            await self._carry_out_stop(turn, "closed")
        except (NotFound, StoreError) as exc:
            log.warning("an abandoned turn was not stopped", extra={"turn": turn, "error": exc.code})

    def _let_go(self, turns: Iterable[str]) -> None:
        for turn in turns:
            if (live := self._lives.get(turn)) is not None:
                live.interrupt(LeaseLost(f"turn {turn} was forgotten"))
            self._bells.ring(turn)

    def _chore(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chore_over)

    def _chore_over(self, task: asyncio.Task[Any]) -> None:
        self._chores.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            log.error("a chore broke", exc_info=exc)
