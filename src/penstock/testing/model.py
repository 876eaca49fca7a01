"""What `Turns` promises, as a pure function: `step(state, action)` gives the next state and the outcome.

It is the store without storage, clock or tasks, so that every order in which doors,
workers and time can act is explored (exploration.py) and played on real stores
(replay.py). Each rule is one small method of `Rules`; a test breaks them one at a time to
see that the exploration would notice. Time is one action: a lease lapses.
"""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec

from penstock.core.cursor import Begun
from penstock.core.events import Entry, Waiting
from penstock.core.overlap import Backlog, Join, NewTurn, decide
from penstock.core.ports import Lease, Orders
from penstock.core.turn import ENDED, State
from penstock.errors import PenstockError
from penstock.testing.actions import (
    LOST,
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
    Write,
    entries,
)

# --- What is kept -------------------------------------------------------------


class Kept(msgspec.Struct, frozen=True, cache_hash=True):
    """A turn as the store keeps it. `fence` is the newest one handed out."""

    id: str
    thread: str
    state: State = "queued"
    attempt: int = 0
    given_back: int = 0
    fence: int = 0
    lease: Literal["none", "live", "lapsed"] = "none"
    stop_by: str = ""
    log: tuple[Entry, ...] = ()

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def tries(self) -> int:
        return self.attempt - self.given_back

    @property
    def begins(self) -> tuple[Begun, ...]:
        firsts: dict[int, int] = {}
        for entry in self.log:
            firsts.setdefault(entry.attempt, entry.number)
        return tuple(Begun(attempt, number) for attempt, number in firsts.items())


class Asked(msgspec.Struct, frozen=True):
    """A question that was written down, and the turn that answers it."""

    id: str
    text: str
    turn: str


class Store(msgspec.Struct, frozen=True, cache_hash=True):
    """`turns` and `asked` are in the order they came; `owners` are pairs of thread and person;
    `gone` holds the ids of forgotten questions."""

    turns: tuple[Kept, ...] = ()
    asked: tuple[Asked, ...] = ()
    owners: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()

    def turn(self, id: str) -> Kept | None:
        for turn in self.turns:
            if turn.id == id:
                return turn
        return None

    def unfinished(self, thread: str) -> tuple[Kept, ...]:
        return tuple(turn for turn in self.turns if turn.thread == thread and not turn.ended)

    def questions(self, turn: str) -> tuple[str, ...]:
        return tuple(asked.id for asked in self.asked if asked.turn == turn)

    def owner(self, thread: str) -> str | None:
        return next((person for key, person in self.owners if key == thread), None)

    def owned(self, person: str) -> frozenset[str]:
        return frozenset(key for key, owner in self.owners if owner == person)

    def with_turn(self, changed: Kept) -> Store:
        turns = tuple(changed if turn.id == changed.id else turn for turn in self.turns)
        return msgspec.structs.replace(self, turns=turns)


# --- The rules ----------------------------------------------------------------


class Rules:
    """What a store may and must do, one promise a method."""

    # Receiving

    def known(self, store: Store, question: str) -> Asked | None:
        return next((asked for asked in store.asked if asked.id == question), None)

    def backlog(self, store: Store, thread: str, person: str) -> Backlog:
        """A turn that has begun, or will be stopped, can be joined no more: what joined it
        would be answered half or not at all. It counts as running, with all before it."""
        unfinished = store.unfinished(thread)
        fresh = 0
        while fresh < len(unfinished) and self.joinable(unfinished[-1 - fresh]):
            fresh += 1
        begun = len(unfinished) - fresh
        owned = store.owned(person)
        return Backlog(
            running=tuple(turn.id for turn in unfinished[:begun]),
            queued=tuple(turn.id for turn in unfinished[begun:]),
            persons_queued=sum(turn.thread in owned and turn.state == "queued" for turn in store.turns),
        )

    def joinable(self, turn: Kept) -> bool:
        return turn.state == "queued" and turn.attempt == 0 and not turn.stop_by

    # Claiming

    def free(self, turn: Kept) -> bool:
        return turn.state == "queued" or (turn.state == "running" and turn.lease == "lapsed")

    def may_run(self, store: Store, turn: Kept) -> bool:
        return bool(turn.stop_by) or store.unfinished(turn.thread)[0].id == turn.id

    def claimed(self, turn: Kept) -> Kept:
        return msgspec.structs.replace(
            turn, state="running", lease="live", fence=turn.fence + 1, attempt=turn.attempt + 1
        )

    # Writing

    def holds(self, turn: Kept, lease: Lease) -> bool:
        """A lapsed lease that nobody took still holds."""
        return turn.state == "running" and turn.fence == lease.fence

    def written_before(self, turn: Kept, write: Write) -> bool:
        log = turn.log[write.first - 1 :][: len(write.events)]
        return bool(write.events) and log == entries(write)

    def in_place(self, turn: Kept, write: Write) -> bool:
        """Whether the log goes on with this batch; an attempt that is over says no more."""
        return write.first == len(turn.log) + 1 and write.lease.attempt >= turn.attempt

    def written(self, turn: Kept, write: Write) -> Kept:
        return msgspec.structs.replace(turn, attempt=write.lease.attempt, log=turn.log + entries(write))

    def renewed(self, turn: Kept) -> Kept:
        return turn if turn.lease == "live" else msgspec.structs.replace(turn, lease="live")

    def orders(self, turn: Kept) -> Orders:
        return Orders(stop_by=turn.stop_by)

    # Letting go

    def let_go(self, turn: Kept, state: State) -> Kept:
        given_back = turn.given_back + (state == "queued")
        return msgspec.structs.replace(turn, state=state, lease="none", given_back=given_back)

    def finished_before(self, turn: Kept, finish: Finish) -> bool:
        return (
            turn.fence == finish.lease.fence
            and turn.state == finish.state
            and turn.log[finish.first - 1 :] == entries(finish)
        )

    # Stopping, and time

    def ordered_to_stop(self, turn: Kept, by: str) -> Kept:
        """The first order stands."""
        if turn.ended or turn.stop_by:
            return turn
        return msgspec.structs.replace(turn, stop_by=by)

    def lapsed(self, turn: Kept) -> Kept:
        return msgspec.structs.replace(turn, lease="lapsed") if turn.lease == "live" else turn


RULES = Rules()


# --- The steps ----------------------------------------------------------------


def step(store: Store, action: Action, rules: Rules = RULES) -> tuple[Store, Outcome]:
    match action:
        case Receive():
            return _receive(store, action, rules)
        case Claim():
            return _claim(store, action.turn, rules)
        case Renew():
            return _renew(store, action.lease, rules)
        case Append():
            return _append(store, action, rules)
        case Finish():
            return _finish(store, action, rules)
        case Stop():
            return _stop(store, action, rules)
        case Expire():
            turn = store.turn(action.turn)
            return (store.with_turn(rules.lapsed(turn)) if turn else store), None
        case Forget():
            return _forget(store, action.thread)
        case _:
            assert_never(action)


def _receive(store: Store, action: Receive, rules: Rules) -> tuple[Store, Outcome]:
    if action.question in store.gone:
        return store, Failure("Gone")
    if (store.owner(action.thread) or action.person) != action.person:
        return store, Failure("NotFound")
    if asked := rules.known(store, action.question):
        return _repeated(store, asked, action, rules)
    decision = decide(
        action.overlap, rules.backlog(store, action.thread, action.person), limits=action.limits
    )
    match decision:
        case PenstockError():
            return store, Failure(type(decision).__name__)
        case Join(turn, ahead):
            return _placed(store, action, turn, ahead, (), rules)
        case NewTurn(ahead, stop):
            log = (Entry(1, 0, Waiting(ahead)),) if ahead else ()
            new = Kept(action.turn, action.thread, log=log)
            turns = tuple(
                rules.ordered_to_stop(turn, "interrupted") if turn.id in stop else turn
                for turn in store.turns
            )
            store = msgspec.structs.replace(store, turns=(*turns, new))
            return _placed(store, action, new.id, ahead, stop, rules)
        case _:
            assert_never(decision)


def _repeated(store: Store, asked: Asked, action: Receive, rules: Rules) -> tuple[Store, Outcome]:
    """A repeat writes nothing, but wakes a turn that nobody runs: whoever wants to answer may."""
    turn = _kept(store, asked.turn)
    if (asked.text, turn.thread) != (action.text, action.thread):
        return store, Failure("QuestionChanged")
    before = [other.id for other in store.unfinished(turn.thread)]
    ahead = before.index(turn.id) if turn.id in before else 0
    store, got = _claimed_too(store, action, turn.id, rules)
    return store, Took(turn.id, _kept(store, turn.id).state, repeat=True, ahead=ahead, claim=got)


def _placed(
    store: Store, action: Receive, turn: str, ahead: int, stop: tuple[str, ...], rules: Rules
) -> tuple[Store, Outcome]:
    """Write the question down in its turn, and claim that if wanted and nothing stands before it."""
    owners = store.owners
    if store.owner(action.thread) is None:
        owners = (*owners, (action.thread, action.person))
    asked = (*store.asked, Asked(action.question, action.text, turn))
    store = msgspec.structs.replace(store, asked=asked, owners=owners)
    store, got = _claimed_too(store, action, turn, rules)
    return store, Took(turn, _kept(store, turn).state, ahead=ahead, stop=stop, claim=got)


def _claimed_too(store: Store, action: Receive, turn: str, rules: Rules) -> tuple[Store, Got | None]:
    return _claim(store, turn, rules) if action.lease else (store, None)


def _kept(store: Store, turn: str) -> Kept:
    kept = store.turn(turn)
    assert kept, "a question's turn is kept as long as the question"
    return kept


def _claim(store: Store, wanted: str, rules: Rules) -> tuple[Store, Got | None]:
    for turn in store.turns:
        if wanted in ("", turn.id) and not turn.ended and rules.free(turn) and rules.may_run(store, turn):
            claimed = rules.claimed(turn)
            got = Got(
                lease=Lease(turn.id, claimed.fence, claimed.attempt),
                tries=claimed.tries,
                questions=store.questions(turn.id),
                last=len(turn.log),
                first=next(other.id for other in store.turns if other.thread == turn.thread) == turn.id,
                left=turn.lease == "lapsed",
                stop_by=turn.stop_by,
            )
            return store.with_turn(claimed), got
    return store, None


def _renew(store: Store, lease: Lease, rules: Rules) -> tuple[Store, Outcome]:
    turn = store.turn(lease.turn)
    if turn is None or not rules.holds(turn, lease):
        return store, LOST
    renewed = rules.renewed(turn)
    return store.with_turn(renewed), rules.orders(renewed)


def _append(store: Store, append: Append, rules: Rules) -> tuple[Store, Outcome]:
    turn = store.turn(append.lease.turn)
    if turn is None or not rules.holds(turn, append.lease):
        return store, LOST
    if rules.in_place(turn, append):
        turn = rules.written(turn, append)
    elif not rules.written_before(turn, append):
        return store, Failure("StoreError")
    turn = rules.renewed(turn)
    return store.with_turn(turn), rules.orders(turn)


def _finish(store: Store, finish: Finish, rules: Rules) -> tuple[Store, Outcome]:
    turn = store.turn(finish.lease.turn)
    if turn is not None and rules.finished_before(turn, finish):
        return store, rules.orders(turn)
    if turn is None or not rules.holds(turn, finish.lease):
        return store, LOST
    if rules.in_place(turn, finish):
        turn = rules.written(turn, finish)
    elif not rules.written_before(turn, finish):
        return store, Failure("StoreError")
    turn = rules.let_go(turn, finish.state)
    return store.with_turn(turn), rules.orders(turn)


def _stop(store: Store, stop: Stop, rules: Rules) -> tuple[Store, Outcome]:
    turn = store.turn(stop.turn)
    if turn is None:
        return store, Failure("NotFound")
    turn = rules.ordered_to_stop(turn, stop.by)
    return store.with_turn(turn), Stands(turn.state, turn.stop_by)


def _forget(store: Store, thread: str) -> tuple[Store, Outcome]:
    turns = tuple(turn.id for turn in store.turns if turn.thread == thread)
    kept = Store(
        turns=tuple(turn for turn in store.turns if turn.thread != thread),
        asked=tuple(asked for asked in store.asked if asked.turn not in turns),
        owners=tuple((key, owner) for key, owner in store.owners if key != thread),
        gone=(*store.gone, *(asked.id for asked in store.asked if asked.turn in turns)),
    )
    return kept, Forgot(turns)
