"""Every order in which workers, people and time can act on a store, tried once.

Breadth first with state hashing, so a counter-example is as short as it can be. In every
step the promises of invariants.py must hold, and from every state a sweep alone, with all
workers dead, must bring every question to its end: nothing is stranded.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

import msgspec

from penstock.core.events import Finished
from penstock.core.ports import Orders
from penstock.testing.actions import Action, Claim, Expire, Failure, Finish, Got, Outcome
from penstock.testing.invariants import broken
from penstock.testing.model import RULES, Kept, Rules, Store, step
from penstock.testing.workers import IDLE, Move, Scenario, Worker, World, after, beginning, moves


class Violation(msgspec.Struct, frozen=True):
    """A promise that was broken, and the shortest way to it."""

    promise: str
    schedule: tuple[Action, ...]
    story: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join((self.promise, *self.story))


class Explored(msgspec.Struct):
    """What was found. `edges` are the distinct (state, action) pairs of the store, with what they lead to;
    `seen` counts steps by action and answer, to show that nothing held for want of a try."""

    worlds: int = 0
    steps: int = 0
    edges: dict[tuple[Store, Action], Store] = {}
    seen: Counter[str] = Counter()
    violation: Violation | None = None


def explore(
    scenario: Scenario, rules: Rules = RULES, *, exact: bool = False, most_worlds: int = 5_000_000
) -> Explored:
    """Explore all of it, or until a promise is broken. Raises OverflowError past `most_worlds`.

    Worlds with the same future are one, as long as the rules are what they should be; for
    others, `exact` tells every world from every other.
    """
    return _Exploration(scenario, rules, exact, most_worlds).run()


class _Exploration:
    def __init__(self, scenario: Scenario, rules: Rules, exact: bool, most_worlds: int) -> None:
        self._scenario = scenario
        self._rules = rules
        self._mark: Callable[[World], Footprint | World] = itself if exact else footprint
        self._most_worlds = most_worlds
        self._found = Explored(edges={}, seen=Counter())
        self._came: dict[Footprint | World, tuple[World, Move] | None] = {}
        self._swept: set[Store] = set()
        self._answers: dict[tuple[Store, Action], Outcome] = {}

    def run(self) -> Explored:
        world = beginning(self._scenario)
        self._came[self._mark(world)] = None
        ahead = deque([world])
        while ahead and not self._found.violation:
            world = ahead.popleft()
            for move in moves(world, self._scenario):
                following = self._follow(world, move)
                if self._found.violation:
                    break
                if following is world:
                    continue
                mark = self._mark(following)
                if mark not in self._came:
                    self._came[mark] = (world, move)
                    ahead.append(following)
            if len(self._came) > self._most_worlds:
                raise OverflowError(f"more than {self._most_worlds:,} worlds")
        self._found.worlds = len(self._came)
        return self._found

    def _follow(self, world: World, move: Move) -> World:
        self._found.steps += 1
        if move.action is None:
            workers = (*world.workers[: move.who], IDLE, *world.workers[move.who + 1 :])
            return World(world.store, workers)
        edge = (world.store, move.action)
        store = self._found.edges.get(edge)
        if store is None:
            store = self._first_time(world, move, move.action)
        return after(world, move, store, self._answers[edge])

    def _first_time(self, world: World, move: Move, action: Action) -> Store:
        """A step from one state of the store is checked once, whichever workers stand around it."""
        store, outcome = step(world.store, action, self._rules)
        self._found.seen[_word(action, outcome)] += 1
        promise = broken(world.store, action, outcome, store) or self._stranded(store)
        if promise:
            self._found.violation = self._violation(promise, world, move)
        if store == world.store:
            store = world.store
        edge = (world.store, action)
        self._found.edges[edge] = store
        self._answers[edge] = outcome
        return store

    def _stranded(self, store: Store) -> str | None:
        """Let every worker die and a sweep do the rest: it must find every turn."""
        path: list[Store] = []
        while store not in self._swept:
            path.append(store)
            if all(turn.ended for turn in store.turns):
                break
            for turn in store.turns:
                store, _ = step(store, Expire(turn.id), self._rules)
            store, got = step(store, Claim(), self._rules)
            if not isinstance(got, Got):
                return "a question is stranded: no sweep finds it"
            end = Finish(got.lease, got.last + 1, (Finished(),), "done")
            store, heard = step(store, end, self._rules)
            if not isinstance(heard, Orders) or heard.lost or len(path) > 2 * len(store.turns) + 2:
                return "a question is stranded: it is found and cannot be ended"
        self._swept.update(path)
        return None

    def _violation(self, promise: str, world: World, move: Move) -> Violation:
        steps = [move]
        came = self._came[self._mark(world)]
        while came is not None:
            world, move = came
            steps.append(move)
            came = self._came[self._mark(world)]
        steps.reverse()
        schedule = tuple(step.action for step in steps if step.action is not None)
        return Violation(promise, schedule, tuple(_told(schedule_move) for schedule_move in steps))


# --- What makes two worlds the same -------------------------------------------

Footprint = tuple[object, ...]


def footprint(world: World) -> Footprint:
    """Two worlds with the same footprint have the same future.

    What is in a log does not matter, only who may write to it; nor do the numbers of fences,
    only who has the newest; nor which worker is which. A worker with an old lease is
    like any other with an old lease of that turn.
    """
    store = world.store
    workers = sorted(_place(store, worker) for worker in world.workers if worker.lease)
    held = {worker.lease.turn for worker in world.workers if worker.lease}
    turns = tuple(_shape(turn, turn.id in held) for turn in store.turns)
    return (turns, store.asked, store.gone, *workers)


def itself(world: World) -> World:
    return world


def _shape(turn: Kept, held: bool) -> Footprint:
    if turn.ended and not held:
        return (turn.thread,)
    return (turn.thread, turn.state, turn.lease, turn.attempt, turn.given_back, bool(turn.stop_by))


def _place(store: Store, worker: Worker) -> tuple[str, int, int, bool, str]:
    assert worker.lease, "an idle worker has no place"
    turn = store.turn(worker.lease.turn)
    if turn is None or turn.fence != worker.lease.fence:
        return (worker.lease.turn, 0, 0, False, "")
    unheard = worker.unheard
    repeats = f"{type(unheard).__name__} {unheard.lease.attempt}" if unheard else ""
    return (turn.id, worker.lease.attempt, worker.said, worker.told, repeats)


# --- Words --------------------------------------------------------------------


def _word(action: Action, outcome: Outcome) -> str:
    """The action and its answer, without names and numbers."""
    match outcome:
        case Orders(lost=lost, stop_by=by):
            answer = "lost" if lost else "stop" if by else "held"
        case Failure(error):
            answer = error
        case None:
            answer = "nothing"
        case _:
            answer = type(outcome).__name__.lower()
    return f"{type(action).__name__.lower()}: {answer}"


def _told(move: Move) -> str:
    who = "outside" if move.who < 0 else f"worker {move.who}"
    what = "vanishes" if move.action is None else repr(move.action)
    return f"  {who}: {what}{' (and does not hear the answer)' if move.unheard else ''}"
