"""Claims turns while there is room, runs each in a task of its own, and gives back what is left."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

import msgspec

from penstock.core import fault
from penstock.core.ports import Claim, Store, TurnInfo
from penstock.core.turn import ENDED
from penstock.engine import usage
from penstock.engine.bells import Bell, Bells
from penstock.engine.journal import StopOrdered
from penstock.engine.live import Live
from penstock.engine.reading import Reading
from penstock.engine.rules import Rules, TurnReport
from penstock.engine.run import GivenBack, Runs
from penstock.engine.seldom import Seldom
from penstock.errors import LeaseLost, StoreError

log = logging.getLogger("penstock.engine")


class Dispatcher:
    """Keeps `lives`: the turns that this process answers now."""

    def __init__(
        self,
        *,
        runs: Runs,
        store: Store,
        reading: Reading,
        lives: dict[str, Live],
        bells: Bells,
        rules: Rules,
        report: Callable[[TurnReport], None],
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._runs = runs
        self._turns = store.turns
        self._shelf = store.shelf
        self._reading = reading
        self._lives = lives
        self._bells = bells
        self._rules = rules
        self._report = report
        self._report_failures = Seldom(clock)
        self._clock = clock
        self._wall = wall
        self._work = Bell()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._counting = asyncio.Lock()
        self._giving_back = False
        self.closing = False

    # --- Claiming ---------------------------------------------------------------

    @property
    def running(self) -> int:
        return len(self._tasks)

    @property
    def has_room(self) -> bool:
        return not self.closing and self.running < self._rules.max_running

    def look(self) -> None:
        """There may be a turn to claim."""
        self._work.ring()

    async def run(self) -> None:
        while True:
            await self._work.wait()
            try:
                while self.has_room and (claim := await self._turns.claim(self._rules.lease_s)):
                    self.start(claim)
            except StoreError as exc:
                log.warning("no turn could be claimed", extra={"error": exc.code})
            except Exception:
                # The outermost line of what must not end: the next ring or sweep tries again.
                log.exception("claiming broke")

    def start(self, claim: Claim) -> None:
        turn = claim.turn.id
        if (before := self._lives.get(turn)) is not None:
            # Our own lease lapsed, because this process was held up; whoever still runs is late.
            before.interrupt(LeaseLost(f"turn {turn} was claimed anew"))
        if not claim.turn.last:
            self._lives[turn] = Live(claim, (), self._bells, self._clock())
        task = self._tasks[turn] = asyncio.create_task(self._answer(claim))
        task.add_done_callback(lambda done: self._ended(turn, done))

    def _ended(self, turn: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(turn) is task:
            del self._tasks[turn]
        self._bells.ring(turn)
        self.look()

    async def close(self, grace_s: float) -> None:
        """Claim no more, let running turns finish for a while, and give the rest back to the store."""
        self.closing = True
        self.look()
        if self._tasks and grace_s > 0:
            log.info("waiting for running turns", extra={"turns": self.running, "grace_s": grace_s})
            await asyncio.wait(self._tasks.values(), timeout=grace_s)
        self._giving_back = True
        for live in self._lives.values():
            live.interrupt(GivenBack())
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    # --- One turn ---------------------------------------------------------------

    async def _answer(self, claim: Claim) -> None:
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

    async def _count(self, claim: Claim, report: TurnReport) -> None:
        if report.outcome not in ENDED:
            return
        day = time.strftime("%Y-%m-%d", time.gmtime(self._wall()))
        used = msgspec.structs.replace(report.usage, model=report.model)
        try:
            # One at a time: a person's answers that end together would collide.
            async with self._counting:
                await usage.count(self._shelf, claim.questions[0].person, day, used)
        except StoreError as exc:
            log.warning("usage was not counted", extra={"turn": report.turn, "error": exc.code})

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
        asyncio.get_running_loop().call_later(self._rules.lease_s + 0.1, self.look)

    # --- Orders -----------------------------------------------------------------

    async def stop(self, turn: str, by: str) -> TurnInfo:
        """Order a turn stopped, and see to it here; an ended turn stays as it is."""
        info = await self._turns.stop(turn, by)
        if info.state in ENDED:
            return info
        if (live := self._lives.get(turn)) is not None:
            live.interrupt(StopOrdered(by))
        elif turn not in self._tasks and (claim := await self._turns.claim(self._rules.lease_s, turn)):
            # Nobody is at work on it, so whoever stops it writes its end.
            self.start(claim)
        return info

    def let_go(self, turns: Iterable[str]) -> None:
        """These were forgotten: from now on nobody reads them."""
        for turn in turns:
            if (live := self._lives.pop(turn, None)) is not None:
                live.interrupt(LeaseLost(f"turn {turn} was forgotten"))
            self._bells.ring(turn)
