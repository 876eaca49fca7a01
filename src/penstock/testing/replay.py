"""Schedules of the model, performed on a real store through its ports, answer by answer.

A lease that the schedule lets lapse is given just the time until then, so that each turn's
lease lapses alone although all turns share one clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import assert_never

import msgspec

from penstock.core import ports
from penstock.core.ports import Batch, Lease, Orders, Received, TurnInfo
from penstock.core.ports import Claim as Claimed
from penstock.core.question import Person, Question, thread_key
from penstock.core.turn import View, fold
from penstock.errors import PenstockError
from penstock.testing.actions import (
    Action,
    Append,
    Claim,
    Expire,
    Failure,
    Finish,
    Forget,
    Forgot,
    Got,
    Outcome,
    Receive,
    Renew,
    Stands,
    Stop,
    Took,
)
from penstock.testing.clock import FakeClock
from penstock.testing.model import Kept, Store, step

Schedule = Sequence[Action]

_LONG_S = 1_000.0
_decode = msgspec.json.Decoder(tuple[Action, ...]).decode


def decode_schedule(text: bytes) -> Schedule:
    return _decode(text)


def encode_schedule(schedule: Schedule) -> bytes:
    """One action a line, to be kept beside the test that replays it."""
    lines = b",\n  ".join(msgspec.json.encode(action) for action in schedule)
    return b"[\n  " + lines + b"\n]\n"


class Disagreement(AssertionError):
    """The store did something else than the model."""

    def __init__(self, what: str, wanted: object, got: object, schedule: Schedule, place: int) -> None:
        story = "\n".join(
            f"{'->' if n == place else '  '} {n + 1}. {action}" for n, action in enumerate(schedule)
        )
        super().__init__(f"{what}\n  model: {wanted}\n  store: {got}\n{story}")
        self.schedule = tuple(schedule)


async def replay(store: ports.Store, clock: FakeClock, schedule: Schedule, name: str = "") -> None:
    """Perform the schedule on the store and compare every answer and everything that can be read.

    Raises Disagreement. The store must have no unfinished turns; in the end the threads
    of the schedule are forgotten, so that many schedules can be replayed on one store.
    """
    await _Replay(store, clock, schedule, name or uuid.uuid4().hex[:12]).run()


class _Replay:
    def __init__(self, store: ports.Store, clock: FakeClock, schedule: Schedule, name: str) -> None:
        self._store = store
        self._clock = clock
        self._schedule = schedule
        self._names = _Names(name)
        self._model = Store()
        self._place = 0
        self._fences: dict[tuple[str, int], int] = {}
        self._until_s: dict[str, float] = {}
        self._looked_at = self._model

    async def run(self) -> None:
        self._compare("the store has unfinished turns", 0, await self._store.turns.depth())
        try:
            for place, action in enumerate(self._schedule):
                self._place = place
                await self._step(action)
            await self._look(self._model)
        finally:
            for thread in {action.thread for action in self._schedule if isinstance(action, Receive)}:
                await self._store.threads.forget(self._names.thread(thread))

    async def _step(self, action: Action) -> None:
        before = self._model
        after, wanted = step(before, action)
        if after != before:
            # What was to change nothing is looked at once, before something changes.
            await self._look(before)
        self._model = after
        try:
            got = await self._perform(action, wanted)
        except PenstockError as error:
            got = Failure(type(error).__name__)
        self._compare("another answer", wanted, got)
        if after != before:
            await self._look(after)
        else:
            self._looked_at = Store()

    def _compare(self, what: str, wanted: object, got: object) -> None:
        if got != wanted:
            raise Disagreement(what, wanted, got, self._schedule, self._place)

    # --- Doing --------------------------------------------------------------

    async def _perform(self, action: Action, wanted: Outcome) -> Outcome:
        turns = self._store.turns
        match action:
            case Receive():
                lease_s = self._lease_s(wanted.turn if isinstance(wanted, Took) else "")
                received = await turns.receive(
                    self._names.question(action),
                    self._names.turn(action.turn),
                    overlap=action.overlap,
                    limits=action.limits,
                    lease_s=lease_s if action.lease else 0.0,
                )
                return self._took(received, lease_s)
            case Claim(turn):
                lease_s = self._lease_s(wanted.lease.turn if isinstance(wanted, Got) else "")
                claim = await turns.claim(lease_s, self._names.turn(turn) if turn else "")
                return self._got(claim, lease_s) if claim else None
            case Renew(lease):
                lease_s = self._lease_s(lease.turn)
                (orders,) = await turns.renew([self._lease(lease)], lease_s)
                return self._heard(orders, lease.turn, lease_s)
            case Append(lease, first, events):
                lease_s = self._lease_s(lease.turn)
                (orders,) = await turns.append([Batch(self._lease(lease), first, events)], lease_s)
                return self._heard(orders, lease.turn, lease_s)
            case Finish(lease, first, events, state):
                batch = Batch(self._lease(lease), first, events)
                orders = await turns.finish(batch, state, self._view(action, wanted))
                return msgspec.structs.replace(orders, until_s=0.0)
            case Stop(turn, by):
                info = await turns.stop(self._names.turn(turn), by)
                return Stands(info.state, info.stop_by)
            case Expire(_):
                self._clock.advance(1.0)
                return None
            case Forget(thread):
                forgotten = await self._store.threads.forget(self._names.thread(thread))
                return Forgot(tuple(self._names.back(turn) for turn in forgotten))
            case _:
                assert_never(action)

    def _lease_s(self, turn: str) -> float:
        """Half a second short of the next time that this turn's lease is to lapse."""
        expiries = (action for action in self._schedule[self._place + 1 :] if isinstance(action, Expire))
        for seconds, expire in enumerate(expiries, start=1):
            if expire.turn == turn:
                return seconds - 0.5
        return _LONG_S

    def _view(self, finish: Finish, wanted: Outcome) -> View:
        """The settled answer; of a refused finish one that would be noticed."""
        turn = self._model.turn(finish.lease.turn)
        if turn is None or not isinstance(wanted, Orders) or wanted.lost:
            return View(text="must not be kept")
        return _folded(turn)

    # --- Hearing ------------------------------------------------------------

    def _took(self, received: Received, lease_s: float) -> Took:
        return Took(
            turn=self._names.back(received.turn.id),
            state=received.turn.state,
            repeat=received.repeat,
            ahead=received.ahead,
            stop=tuple(map(self._names.back, received.stop)),
            claim=self._got(received.claim, lease_s) if received.claim else None,
        )

    def _got(self, claim: Claimed, lease_s: float) -> Got:
        turn = self._names.back(claim.turn.id)
        kept = self._model.turn(turn)
        fence = kept.fence if kept else 0
        older = [real for (id, _), real in self._fences.items() if id == turn]
        if any(real >= claim.lease.fence for real in older):
            self._compare("a fence that is not newer", older, claim.lease.fence)
        self._fences[turn, fence] = claim.lease.fence
        if claim.left_until_s:
            self._compare("another end of the lost lease", self._until_s.get(turn), claim.left_until_s)
        self._compare("another lease", self._clock() + lease_s, claim.until_s)
        self._compare("another turn", claim.turn.id, claim.lease.turn)
        self._compare("another attempt", claim.turn.attempt, claim.lease.attempt)
        self._until_s[turn] = claim.until_s
        return Got(
            lease=Lease(turn, fence, claim.lease.attempt),
            tries=claim.turn.tries,
            questions=tuple(self._names.back(question.id) for question in claim.questions),
            last=claim.turn.last,
            first=claim.first,
            left=bool(claim.left_until_s),
            stop_by=claim.turn.stop_by,
        )

    def _heard(self, orders: Orders, turn: str, lease_s: float) -> Orders:
        if not orders.lost:
            self._compare("another lease", self._clock() + lease_s, orders.until_s)
            self._until_s[turn] = orders.until_s
        return msgspec.structs.replace(orders, until_s=0.0)

    def _lease(self, lease: Lease) -> Lease:
        """The real one, whose fence has another number."""
        fence = self._fences.get((lease.turn, lease.fence), 0)
        return Lease(self._names.turn(lease.turn), fence, lease.attempt)

    # --- Looking ------------------------------------------------------------

    async def _look(self, model: Store) -> None:
        """Compare everything that can be read, unless it was looked at and nothing was done since."""
        if model == self._looked_at:
            return
        queued = sum(turn.state == "queued" for turn in model.turns)
        self._compare("another depth", queued, await self._store.turns.depth())
        for thread, person in model.owners:
            await self._look_at_thread(model, thread, person)
        seen = set(self._looked_at.turns)
        for turn in model.turns:
            if turn not in seen:
                page = await self._store.turns.read(self._names.turn(turn.id))
                self._compare("another log", list(turn.log), page.entries)
        self._looked_at = model

    async def _look_at_thread(self, model: Store, thread: str, person: str) -> None:
        key = self._names.thread(thread)
        transcript = await self._store.threads.transcript(key)
        wanted = [
            (self._names.info(turn), model.questions(turn.id), _seen(turn))
            for turn in model.turns
            if turn.thread == thread
        ]
        got = [
            (
                msgspec.structs.replace(each.turn, asked_s=0.0, ended_s=0.0),
                tuple(self._names.back(question.id) for question in each.questions),
                each.view,
            )
            for each in transcript
        ]
        self._compare("another transcript", wanted, got)


def _folded(turn: Kept) -> View:
    return fold(entry.event for entry in turn.log)


def _seen(turn: Kept) -> View:
    return _folded(turn) if turn.ended else View(state=turn.state)


class _Names:
    """The model's short names, as names that no other replay on the same store uses."""

    def __init__(self, name: str) -> None:
        self._name = name

    def turn(self, turn: str) -> str:
        return f"{self._name}-{turn}"

    def back(self, name: str) -> str:
        return name.removeprefix(f"{self._name}-")

    def thread(self, thread: str) -> str:
        return thread_key(self._name, "web", thread)

    def question(self, asked: Receive) -> Question:
        return Question(
            id=f"{self._name}-{asked.question}",
            thread=self.thread(asked.thread),
            person=Person(self._name, asked.person),
            text=asked.text,
        )

    def info(self, turn: Kept) -> TurnInfo:
        return TurnInfo(
            id=self.turn(turn.id),
            thread=self.thread(turn.thread),
            state=turn.state,
            attempt=turn.attempt,
            last=len(turn.log),
            begins=turn.begins,
            asked_s=0.0,
            given_back=turn.given_back,
            stop_by=turn.stop_by,
        )
