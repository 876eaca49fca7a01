"""Who acts on the store while it is explored: two workers, people who ask and stop, and time.

A worker is a small program: claim, say something, finish. Between any two of its steps
anything else may happen for any length of time, so each worker is one that is paused and
wakes late; it may also vanish, or not hear the answer to a write and have to repeat it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from penstock.core.events import Event, Failed, Finished, Restarted, Stopped, Text
from penstock.core.overlap import Limits, Overlap
from penstock.core.ports import Lease, Orders
from penstock.core.turn import State
from penstock.testing.actions import (
    ENOUGH,
    Action,
    Append,
    Claim,
    Expire,
    Finish,
    Forget,
    Got,
    Outcome,
    Receive,
    Renew,
    Stop,
    Took,
    Write,
)
from penstock.testing.model import Store


class Scenario(msgspec.Struct, frozen=True):
    """What may happen, and how often; without these bounds a turn could be tried for ever.

    `threads` names the thread of each question. `attempts` bounds the attempts of a turn,
    `texts` the pieces a worker says under one lease.
    """

    overlap: Overlap = "queue"
    threads: tuple[str, ...] = ("a", "a", "a")
    workers: int = 2
    attempts: int = 2
    texts: int = 1
    give_backs: int = 1
    restarts: bool = True
    stops: bool = True
    forgets: bool = False
    unheard: bool = True
    limits: Limits = ENOUGH


class Worker(msgspec.Struct, frozen=True, cache_hash=True):
    """`next` is the number its next event gets, `unheard` a write whose answer never came."""

    lease: Lease | None = None
    next: int = 0
    said: int = 0
    told: bool = False
    unheard: Write | None = None


IDLE = Worker()


class World(msgspec.Struct, frozen=True, cache_hash=True):
    store: Store
    workers: tuple[Worker, ...]


class Move(msgspec.Struct, frozen=True):
    """`who` is a worker's place, or -1 for people and time. Without an action the worker vanishes."""

    who: int
    action: Action | None
    unheard: bool = False


def beginning(scenario: Scenario) -> World:
    return World(Store(), (IDLE,) * scenario.workers)


def moves(world: World, scenario: Scenario) -> Iterator[Move]:
    """Everything that may happen next."""
    for place, worker in enumerate(world.workers):
        if worker.lease is None:
            yield from (Move(place, action) for action in _idle(world.store, scenario))
        elif worker.unheard is not None:
            yield from (Move(place, action) for action in _unsure(worker.lease, worker.unheard))
            yield Move(place, None)
        else:
            for action in _at_work(worker, worker.lease, world.store, scenario):
                yield Move(place, action)
                if scenario.unheard and isinstance(action, Append | Finish):
                    yield Move(place, action, unheard=True)
            yield Move(place, None)
    yield from (Move(-1, action) for action in _outside(world.store, scenario))


def after(world: World, move: Move, store: Store, outcome: Outcome) -> World:
    """The world when the store has answered."""
    if move.who < 0:
        return world if store is world.store else World(store, world.workers)
    before = world.workers[move.who]
    worker = _taught(before, move, outcome)
    if store is world.store and worker == before:
        return world
    workers = (*world.workers[: move.who], worker, *world.workers[move.who + 1 :])
    return World(store, workers)


# --- What each may do ---------------------------------------------------------


def _idle(store: Store, scenario: Scenario) -> Iterator[Action]:
    yield Claim()
    for turn in store.turns:
        if not turn.ended:
            yield Claim(turn.id)
    if question := _next_question(store, scenario):
        yield msgspec.structs.replace(question, lease=True)
    for asked in store.asked:
        yield msgspec.structs.replace(_question(int(asked.id[1:]), scenario), lease=True)


def _at_work(worker: Worker, lease: Lease, store: Store, scenario: Scenario) -> Iterator[Action]:
    def end(event: Event, state: State) -> Finish:
        return Finish(lease, worker.next, (event,), state)

    turn = store.turn(lease.turn)
    yield Renew(lease)
    if worker.told:
        yield end(Stopped(), "stopped")
        return
    yield end(Finished(), "done")
    if worker.said < scenario.texts:
        yield Append(lease, worker.next, (Text(f"{lease.fence}.{lease.attempt}"),))
    if lease.attempt < scenario.attempts:
        if scenario.restarts:
            risen = Lease(lease.turn, lease.fence, lease.attempt + 1)
            yield Append(risen, worker.next, (Restarted(risen.attempt),))
        if turn is None or turn.given_back < scenario.give_backs:
            yield Finish(lease, worker.next, (), "queued")
    else:
        yield end(Failed("model", "It could not be answered."), "failed")


def _unsure(lease: Lease, unheard: Write) -> Iterator[Action]:
    """It repeats the write; its renewals, and words still on their way, may come first."""
    yield unheard
    yield Renew(lease)
    if isinstance(unheard, Finish):
        yield Append(lease, unheard.first + len(unheard.events), (Text("too late"),))


def _outside(store: Store, scenario: Scenario) -> Iterator[Action]:
    if question := _next_question(store, scenario):
        yield question
    for asked in store.asked:
        yield _question(int(asked.id[1:]), scenario)
    for id in store.gone:
        yield _question(int(id[1:]), scenario)
    for turn in store.turns:
        if turn.lease == "live" and turn.attempt < scenario.attempts:
            yield Expire(turn.id)
        if scenario.stops:
            yield Stop(turn.id)
    if scenario.forgets:
        for thread, _ in store.owners:
            yield Forget(thread)


def _next_question(store: Store, scenario: Scenario) -> Receive | None:
    number = len(store.asked) + len(store.gone)
    return _question(number, scenario) if number < len(scenario.threads) else None


def _question(number: int, scenario: Scenario) -> Receive:
    return Receive(
        question=f"q{number}",
        thread=scenario.threads[number],
        turn=f"t{number}",
        text=f"{number}?",
        overlap=scenario.overlap,
        limits=scenario.limits,
    )


# --- What a worker learns -----------------------------------------------------


def _taught(worker: Worker, move: Move, outcome: Outcome) -> Worker:
    action = move.action
    if move.unheard and isinstance(action, Append | Finish):
        return msgspec.structs.replace(worker, unheard=action)
    match action, outcome:
        case Claim(), Got() as got:
            return _begun(got)
        case Receive(), Took(claim=Got() as got):
            return _begun(got)
        case Claim() | Receive(), _:
            return worker
        case Renew(), Orders(lost=False, stop_by=by):
            if worker.told == bool(by):
                return worker
            return msgspec.structs.replace(worker, told=bool(by))
        case Append(lease, first, events), Orders(lost=False, stop_by=by):
            risen = worker.lease is None or lease.attempt > worker.lease.attempt
            return Worker(
                lease,
                next=first + len(events),
                said=0 if risen else worker.said + 1,
                told=bool(by),
            )
        case _:
            return IDLE


def _begun(got: Got) -> Worker:
    return Worker(got.lease, next=got.last + 1, told=bool(got.stop_by))
