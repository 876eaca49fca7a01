"""Schedules to be replayed on real stores: all distinct transitions of the model, or some by chance.

A store cannot know which worker calls, so a transition is a state of the store and an
action. Two are the same when they differ in names, in numbers that only grow, or in turns
that have ended and are not acted on.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Mapping

from penstock.core.overlap import Overlap
from penstock.core.ports import Lease
from penstock.testing.actions import (
    Action,
    Append,
    Claim,
    Expire,
    Finish,
    Forget,
    Receive,
    Renew,
    Stop,
    Write,
)
from penstock.testing.model import Kept, Store, step
from penstock.testing.workers import IDLE, Scenario, World, after, beginning, moves

Transition = tuple[object, ...]
Edges = Mapping[tuple[Store, Action], Store]

_MOST_STEPS = 400
_NEAR = 300


# --- All of them --------------------------------------------------------------


def covering(edges: Edges) -> Iterator[tuple[Action, ...]]:
    """Walks from the empty store that, together, make every distinct transition."""
    return _Covering(edges).walks()


class _Covering:
    def __init__(self, edges: Edges) -> None:
        self._out: dict[Store, list[tuple[Action, Store]]] = {}
        self._open: dict[Store, list[tuple[Action, Store, Transition]]] = {}
        self._missing: set[Transition] = set()
        for (store, action), following in edges.items():
            self._out.setdefault(store, []).append((action, following))
            what = transition(store, action)
            if what not in self._missing:
                self._missing.add(what)
                self._open.setdefault(store, []).append((action, following, what))
        self._ways = self._ways_from(Store())

    def walks(self) -> Iterator[tuple[Action, ...]]:
        # A way to any state with an open transition; `_ways` has the nearest first.
        for start in self._ways:
            while self._open.get(start):
                yield tuple(self._walk(start))

    def _walk(self, start: Store) -> Iterator[Action]:
        yield from self._way_to(start)
        store, steps = start, 0
        while steps < _MOST_STEPS:
            while follow := self._open.get(store):
                # What changes nothing comes first: it costs no way.
                at = next((n for n, (_, to, _) in enumerate(follow) if to == store), len(follow) - 1)
                action, store, _ = follow.pop(at)
                steps += 1
                yield action
            near = self._nearest_open(store)
            if near is None:
                return
            steps += len(near)
            store = near[-1][1]
            yield from (action for action, _ in near)

    def _nearest_open(self, start: Store) -> list[tuple[Action, Store]] | None:
        """The steps to a state close by that has an open transition."""
        came: dict[Store, tuple[Store, Action] | None] = {start: None}
        ahead = deque([start])
        while ahead and len(came) < _NEAR:
            store = ahead.popleft()
            for action, following in self._out.get(store, ()):
                if following in came:
                    continue
                came[following] = (store, action)
                if self._open.get(following):
                    return _path(came, following)
                ahead.append(following)
        return None

    def _ways_from(self, start: Store) -> dict[Store, tuple[Store, Action] | None]:
        came: dict[Store, tuple[Store, Action] | None] = {start: None}
        ahead = deque([start])
        while ahead:
            store = ahead.popleft()
            for action, following in self._out.get(store, ()):
                if following not in came:
                    came[following] = (store, action)
                    ahead.append(following)
        return came

    def _way_to(self, store: Store) -> list[Action]:
        return [action for action, _ in _path(self._ways, store)]


def _path(came: Mapping[Store, tuple[Store, Action] | None], end: Store) -> list[tuple[Action, Store]]:
    steps: list[tuple[Action, Store]] = []
    while step_before := came[end]:
        before, action = step_before
        steps.append((action, end))
        end = before
    steps.reverse()
    return steps


# --- What makes two transitions the same --------------------------------------


def transition(store: Store, action: Action) -> Transition:
    match action:
        case Receive(question, thread, _, _, _, overlap, _, lease):
            what: Transition = (question, thread, overlap, lease)
            turns = set(store.unfinished(thread))
        case Claim(turn):
            what, turns = (turn,), set()
        case Renew(lease):
            what, turns = _leased(store, lease), _named(store, lease.turn)
        case Append() | Finish():
            what, turns = _written(store, action), _named(store, action.lease.turn)
        case Stop(turn) | Expire(turn):
            what, turns = (turn,), _named(store, turn)
        case Forget(thread):
            what, turns = (thread,), set(store.turns)
    shapes = tuple(_shape(turn, turn in turns) for turn in store.turns)
    return (type(action).__name__, what, shapes, tuple(asked.turn for asked in store.asked), store.gone)


def _named(store: Store, turn: str) -> set[Kept]:
    return {kept for kept in store.turns if kept.id == turn}


def _leased(store: Store, lease: Lease) -> Transition:
    turn = store.turn(lease.turn)
    return (lease.turn, turn is not None and turn.fence == lease.fence)


def _written(store: Store, write: Write) -> Transition:
    turn = store.turn(write.lease.turn)
    behind = write.first - len(turn.log) if turn else 0
    rises = turn is not None and write.lease.attempt - turn.attempt
    kinds = tuple(type(event).__name__ for event in write.events)
    state = write.state if isinstance(write, Finish) else ""
    return (*_leased(store, write.lease), behind, rises, kinds, state)


def _shape(turn: Kept, acted_on: bool) -> Transition:
    if turn.ended:
        return (turn.state, turn.fence, len(turn.log)) if acted_on else ()
    return (
        turn.thread,
        turn.state,
        turn.lease,
        turn.attempt,
        turn.given_back,
        turn.stop_by,
        tuple(entry.attempt for entry in turn.log),
    )


# --- Some of them -------------------------------------------------------------


def seeded_schedules(n: int, seed: int, steps: int = 60) -> list[tuple[Action, ...]]:
    """`n` schedules by chance, the same ones for the same seed."""
    chance = random.Random(seed)
    return [_by_chance(chance, steps) for _ in range(n)]


def _by_chance(chance: random.Random, steps: int) -> tuple[Action, ...]:
    overlaps: tuple[Overlap, ...] = ("queue", "burst", "interrupt", "reject")
    scenario = Scenario(
        overlap=chance.choice(overlaps),
        threads=tuple(chance.choice("aab") for _ in range(4)),
        workers=3,
        attempts=4,
        texts=3,
        give_backs=2,
        forgets=chance.random() < 0.2,
    )
    world, schedule = beginning(scenario), []
    for _ in range(steps):
        by_kind: dict[type, list[int]] = {}
        possible = list(moves(world, scenario))
        for place, move in enumerate(possible):
            by_kind.setdefault(type(move.action), []).append(place)
        # By kind first, for there are always more ways to repeat something than to go on.
        move = possible[chance.choice(by_kind[chance.choice(list(by_kind))])]
        if move.action is None:
            workers = (*world.workers[: move.who], IDLE, *world.workers[move.who + 1 :])
            world = World(world.store, workers)
            continue
        store, outcome = step(world.store, move.action)
        schedule.append(move.action)
        world = after(world, move, store, outcome)
    return tuple(schedule)
