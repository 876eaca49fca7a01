"""What must hold of every step of a store, whatever its rules say.

Nothing here asks the rules of model.py; the promises look only at what was kept before,
what was done and answered, and what is kept after. Each gives the sentence that was
broken, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from penstock.core.events import ENDS, Waiting
from penstock.core.ports import Lease, Orders
from penstock.testing.actions import (
    Action,
    Append,
    Claim,
    Expire,
    Failure,
    Finish,
    Forget,
    Got,
    Outcome,
    Receive,
    Renew,
    Stop,
    Took,
    Write,
    entries,
)
from penstock.testing.model import Asked, Kept, Store


def broken(before: Store, action: Action, outcome: Outcome, after: Store) -> str | None:
    """The first promise that this step broke, or None."""
    return next(_broken(before, action, outcome, after), None)


def _broken(before: Store, action: Action, outcome: Outcome, after: Store) -> Iterator[str]:
    if not isinstance(action, Forget):
        yield from _kept(before, after)
    if after is not before:
        for turn in after.turns:
            yield from _sound(turn)
    match action:
        case Receive():
            yield from _received(before, action, outcome, after)
        case Claim():
            yield from _claimed(before, action.turn, outcome, after)
        case Renew():
            yield from _renewed(before, action.lease, outcome, after)
        case Append() | Finish():
            yield from _wrote(before, action, outcome, after)
        case Stop():
            yield from _stopped(before, action, after)
        case Expire():
            yield from _expired(before, action.turn, after)
        case Forget():
            yield from _forgot(before, action.thread, after)
        case _:
            assert_never(action)


# --- Of every step ------------------------------------------------------------


def _kept(before: Store, after: Store) -> Iterator[str]:
    if after.asked[: len(before.asked)] != before.asked:
        yield "a question was lost, or moved to another turn"
    if [turn.id for turn in after.turns][: len(before.turns)] != [turn.id for turn in before.turns]:
        yield "a turn was lost, or moved"
    for old, new in zip(before.turns, after.turns, strict=False):
        if old is new:
            continue
        if old.ended and new != old:
            yield "a turn that had ended was changed"
        if new.log[: len(old.log)] != old.log:
            yield "what was written was changed"
        if new.attempt < old.attempt or new.fence < old.fence:
            yield "an attempt or a fence was taken back"


def _sound(turn: Kept) -> Iterator[str]:
    if any(entry.number != place for place, entry in enumerate(turn.log, start=1)):
        yield "the log has a gap"
    if any(old.attempt > new.attempt for old, new in zip(turn.log, turn.log[1:], strict=False)):
        yield "an older attempt wrote after a newer one"
    ends = [place for place, entry in enumerate(turn.log, start=1) if isinstance(entry.event, ENDS)]
    if ends and ends != [len(turn.log)]:
        yield "a turn was answered twice"
    if bool(ends) != turn.ended:
        yield "a turn's state and its log disagree about its end"
    if (turn.lease != "none") != (turn.state == "running"):
        yield "a turn is held though nobody runs it, or runs though nobody holds it"


def _only(before: Store, after: Store, turn: str) -> Iterator[str]:
    """Nothing but this turn may have changed."""
    if (after.asked, after.owners, after.gone) != (before.asked, before.owners, before.gone):
        yield "a question was changed by the way"
    for old, new in zip(before.turns, after.turns, strict=True):
        if new is not old and new != old and new.id != turn:
            yield "another turn was changed by the way"


# --- Receiving ----------------------------------------------------------------


def _received(before: Store, action: Receive, outcome: Outcome, after: Store) -> Iterator[str]:
    unfinished = before.unfinished(action.thread)
    earlier = [asked for asked in before.asked if asked.id == action.question]
    if earlier or action.question in before.gone:
        yield from _heard_before(before, earlier, outcome, after)
        return
    if action.overlap == "reject" and unfinished:
        if outcome != Failure("ThreadBusy") or after != before:
            yield "a question was taken though its thread refuses overlap"
        return
    if isinstance(outcome, Failure):
        if after != before:
            yield "a question was refused, and yet something changed"
        queued = sum(turn.state == "queued" for turn in before.turns)
        if queued < min(action.limits.queued_per_thread, action.limits.queued_per_person):
            yield "a question was refused though there was room"
        return
    if not isinstance(outcome, Took):
        yield "a question got no answer"
        return
    yield from _took(before, action, outcome, after)


def _heard_before(before: Store, earlier: list[Asked], outcome: Outcome, after: Store) -> Iterator[str]:
    if not earlier:
        if outcome != Failure("Gone") or after != before:
            yield "a forgotten question came back"
        return
    if not isinstance(outcome, Took) or not outcome.repeat or outcome.turn != earlier[0].turn:
        yield "a repeated question was not recognised"
    elif outcome.claim is not None:
        yield from _claimed(before, outcome.turn, outcome.claim, after)
    elif after != before:
        yield "a repeated question was written down twice"


def _took(before: Store, action: Receive, took: Took, after: Store) -> Iterator[str]:
    unfinished = before.unfinished(action.thread)
    if after.asked != (*before.asked, Asked(action.question, action.text, took.turn)):
        yield "a question was not written down once"
    turn = after.turn(took.turn)
    if turn is None:
        yield "a question has no turn"
        return
    old = before.turn(took.turn)
    if old is not None:
        yield from _joined(old, action, unfinished)
    elif after.turns[-1].id != turn.id or len(after.turns) != len(before.turns) + 1:
        yield "a new turn is not the last one"
    elif bool(unfinished) != (turn.log[:1] != () and isinstance(turn.log[0].event, Waiting)):
        yield "a turn that waits does not say so"
    alone = all(other.id == turn.id for other in unfinished)
    if (took.claim is not None) != (action.lease and alone):
        yield "a question was answered at once out of its order, or was not though it could"
    for other in unfinished:
        now = after.turn(other.id)
        if action.overlap == "interrupt" and not (now and now.stop_by and other.id in took.stop):
            yield "a turn was not interrupted"
        if action.overlap != "interrupt" and other.id != turn.id and now != other:
            yield "another turn was changed by the way"


def _joined(old: Kept, action: Receive, unfinished: tuple[Kept, ...]) -> Iterator[str]:
    if action.overlap != "burst":
        yield "a question joined another's turn though its overlap is not burst"
    if old.state != "queued" or old.attempt:
        yield "a question joined a turn that had begun, which will not answer it"
    if old.stop_by:
        yield "a question joined a turn that was ordered to stop, so it is lost"
    if old.id != unfinished[-1].id:
        yield "a question overtook one that came before it"


# --- Claiming -----------------------------------------------------------------


def _claimed(before: Store, wanted: str, outcome: Outcome, after: Store) -> Iterator[str]:
    able = [turn.id for turn in before.turns if wanted in ("", turn.id) and _may_be_claimed(before, turn)]
    if outcome is None:
        if able:
            yield "a turn that nobody runs was not found: it is stranded"
        if after != before:
            yield "a claim was refused, and yet something changed"
        return
    assert isinstance(outcome, Got), "a claim gives a lease or nothing"
    turn = before.turn(outcome.lease.turn)
    if turn is None or turn.id not in able:
        yield "a turn was claimed out of its order, or while somebody held it"
        return
    if turn.id != able[0]:
        yield "an older turn was passed over"
    if outcome.lease.fence <= turn.fence:
        yield "a claim's fence is not the newest"
    if outcome.lease.attempt <= turn.attempt or outcome.tries != outcome.lease.attempt - turn.given_back:
        yield "an attempt was not counted"
    if outcome.questions != before.questions(turn.id):
        yield "a claim does not carry the turn's questions"
    if outcome.stop_by != turn.stop_by:
        yield "a claim does not say that the turn is to be stopped"
    yield from _only(before, after, turn.id)
    now = after.turn(turn.id)
    if now is None or (now.state, now.lease) != ("running", "live") or now.log != turn.log:
        yield "a claimed turn is not held"
    elif (now.fence, now.attempt, now.given_back) != (
        outcome.lease.fence,
        outcome.lease.attempt,
        turn.given_back,
    ):
        yield "a claim was not kept as it was answered"


def _may_be_claimed(store: Store, turn: Kept) -> bool:
    if turn.ended or turn.lease == "live":
        return False
    return bool(turn.stop_by) or store.unfinished(turn.thread)[0].id == turn.id


# --- Writing ------------------------------------------------------------------


def _renewed(before: Store, lease: Lease, outcome: Outcome, after: Store) -> Iterator[str]:
    turn, now = before.turn(lease.turn), after.turn(lease.turn)
    yield from _answered(before, lease, outcome)
    yield from _only(before, after, lease.turn)
    if turn is not None and now is not None and now.log != turn.log:
        yield "a renewal wrote something"
    if _accepted(outcome) and (now is None or now.lease != "live"):
        yield "a lease was not renewed"
    if not _accepted(outcome) and after != before:
        yield "a renewal was refused, and yet something changed"


def _wrote(before: Store, write: Write, outcome: Outcome, after: Store) -> Iterator[str]:
    turn, now = before.turn(write.lease.turn), after.turn(write.lease.turn)
    yield from _only(before, after, write.lease.turn)
    if not _accepted(outcome):
        if after != before:
            yield "a write was refused, and yet something changed"
        if _done_before(turn, write):
            yield "a repeated end was not recognised"
            return
        yield from _answered(before, write.lease, outcome)
        return
    if turn is None or now is None:
        yield "a late write was accepted: the turn is gone"
    elif _done_before(turn, write):
        if after != before:
            yield "a repeated end did something"
    else:
        yield from _answered(before, write.lease, outcome)
        yield from _written(turn, write, now)


def _written(turn: Kept, write: Write, now: Kept) -> Iterator[str]:
    new = () if write.first <= len(turn.log) else entries(write)
    if now.log != turn.log + new:
        yield "a write was not written once"
    if now.attempt != max(turn.attempt, write.lease.attempt) or now.fence != turn.fence:
        yield "an attempt was not counted"
    if isinstance(write, Append):
        if (now.state, now.lease, now.given_back) != ("running", "live", turn.given_back):
            yield "an append did not renew the lease"
    else:
        if (now.state, now.lease) != (write.state, "none"):
            yield "a finish did not let go of the turn"
        if now.given_back != turn.given_back + (write.state == "queued"):
            yield "an attempt given back was counted as a try, or another was not"


def _answered(before: Store, lease: Lease, outcome: Outcome) -> Iterator[str]:
    """Whoever has the newest fence of a running turn is heard, and nobody else."""
    turn = before.turn(lease.turn)
    held = turn is not None and turn.state == "running" and turn.fence == lease.fence
    if _accepted(outcome) and not held:
        yield "a late write was accepted"
    if held and not _accepted(outcome):
        yield "a worker that held its turn was refused"
    if held and turn is not None and isinstance(outcome, Orders) and outcome.stop_by != turn.stop_by:
        yield "a worker was not told to stop"


def _accepted(outcome: Outcome) -> bool:
    return isinstance(outcome, Orders) and not outcome.lost


def _done_before(turn: Kept | None, write: Write) -> bool:
    """Whether this very finish is what the turn last went through."""
    return (
        isinstance(write, Finish)
        and turn is not None
        and (turn.fence, turn.state, turn.lease) == (write.lease.fence, write.state, "none")
        and turn.log[write.first - 1 :] == entries(write)
    )


# --- Stopping, time, forgetting -----------------------------------------------


def _stopped(before: Store, stop: Stop, after: Store) -> Iterator[str]:
    yield from _only(before, after, stop.turn)
    now = after.turn(stop.turn)
    if now is not None and not now.ended and not now.stop_by:
        yield "a turn was not ordered to stop"
    if before.turn(stop.turn) is not None and now is None:
        yield "a turn was lost"


def _expired(before: Store, id: str, after: Store) -> Iterator[str]:
    yield from _only(before, after, id)
    turn, now = before.turn(id), after.turn(id)
    if turn and now and turn.lease == "live" and now.lease != "lapsed":
        yield "a lease did not lapse"


def _forgot(before: Store, thread: str, after: Store) -> Iterator[str]:
    if any(turn.thread == thread for turn in after.turns) or after.owner(thread) is not None:
        yield "a thread was not forgotten"
    rest = tuple(turn for turn in before.turns if turn.thread != thread)
    if after.turns != rest:
        yield "another thread was changed by the way"
    ids = {asked.id for asked in before.asked} | set(before.gone)
    if ids != {asked.id for asked in after.asked} | set(after.gone):
        yield "a question left no tombstone"
