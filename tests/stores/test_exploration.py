"""The races of the store, on its pure model: every order of events, and every broken rule found out."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from penstock.core.events import Finished, Text
from penstock.core.overlap import Backlog, Limits, Overlap
from penstock.core.ports import Lease, Orders
from penstock.core.turn import State
from penstock.testing.actions import Append, Claim, Expire, Failure, Finish, Receive, Renew, Write
from penstock.testing.exploration import explore
from penstock.testing.model import Asked, Kept, Rules, Store, step
from penstock.testing.workers import Scenario

replace = msgspec.structs.replace
OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)


# --- The rules hold -----------------------------------------------------------


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_whatever_the_order_no_question_of_three_is_lost_stranded_or_answered_twice(overlap: Overlap) -> None:
    found = explore(Scenario(overlap=overlap))

    assert not found.violation, str(found.violation)
    assert found.worlds > 5_000


def test_it_also_holds_when_threads_share_the_workers() -> None:
    found = explore(Scenario(threads=("a", "b", "a"), attempts=1, restarts=False))

    assert not found.violation, str(found.violation)


@pytest.mark.parametrize("overlap", ["queue", "burst"])
def test_it_also_holds_when_a_thread_is_forgotten_under_a_worker(overlap: Overlap) -> None:
    found = explore(Scenario(overlap=overlap, threads=("a", "a"), restarts=False, forgets=True))

    assert not found.violation, str(found.violation)
    assert found.seen["receive: Gone"]


def test_it_also_holds_when_too_many_wait() -> None:
    found = explore(Scenario(limits=Limits(queued_per_thread=1), attempts=1, restarts=False))

    assert not found.violation, str(found.violation)
    assert found.seen["receive: TooManyQueued"]


def test_the_exploration_has_been_everywhere() -> None:
    found = explore(Scenario(threads=("a", "a")))

    assert set(found.seen) >= {
        "receive: took",
        "claim: got",
        "claim: nothing",
        *(f"{act}: {heard}" for act in ("renew", "append", "finish") for heard in ("held", "stop", "lost")),
        "stop: stands",
        "expire: nothing",
    }


def test_worlds_that_count_as_the_same_have_the_same_future() -> None:
    scenario = Scenario(overlap="burst", threads=("a", "a"), give_backs=0, restarts=False)

    exact, folded = explore(scenario, exact=True), explore(scenario)

    assert not exact.violation, str(exact.violation)
    assert not folded.violation
    assert set(exact.seen) == set(folded.seen)
    assert exact.worlds > folded.worlds


@pytest.mark.sweep
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_it_holds_for_three_attempts(overlap: Overlap) -> None:
    found = explore(Scenario(overlap=overlap, threads=("a", "a"), attempts=3, texts=2))

    assert not found.violation, str(found.violation)


@pytest.mark.sweep
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_it_holds_when_every_world_is_told_from_every_other(overlap: Overlap) -> None:
    found = explore(Scenario(overlap=overlap, threads=("a", "a")), exact=True)

    assert not found.violation, str(found.violation)


# --- The promises of single steps ---------------------------------------------


def test_a_worker_that_wakes_late_is_refused() -> None:
    store, _ = step(Store(), Receive("q", "a", "t", lease=True))
    late = Lease("t", 1, 1)
    for action in (Expire("t"), Claim()):
        store, _ = step(store, action)

    after, answer = step(store, Append(late, 1, (Text("late"),)))

    assert (after, answer) == (store, Orders(lost=True))


def test_an_id_that_is_used_for_another_text_is_refused() -> None:
    store, _ = step(Store(), Receive("q", "a", "t"))

    assert step(store, Receive("q", "a", "t2", text="other")) == (store, Failure("QuestionChanged"))
    assert step(store, Receive("q", "a", "t2", person="bob")) == (store, Failure("NotFound"))


def test_a_batch_that_leaves_a_gap_is_refused() -> None:
    store, _ = step(Store(), Receive("q", "a", "t", lease=True))

    assert step(store, Append(Lease("t", 1, 1), 3, (Text("?"),))) == (store, Failure("StoreError"))


def test_a_finish_that_is_repeated_counts_as_done() -> None:
    store, _ = step(Store(), Receive("q", "a", "t", lease=True))
    end = Finish(Lease("t", 1, 1), 1, (Finished(),), "done")
    store, first = step(store, end)

    assert step(store, end) == (store, first)


# --- Every broken rule is found out -------------------------------------------


class ClaimIgnoresTheOrder(Rules):
    def may_run(self, store: Store, turn: Kept) -> bool:
        return True


class ClaimIgnoresOrdersToStop(Rules):
    def may_run(self, store: Store, turn: Kept) -> bool:
        return store.unfinished(turn.thread)[0].id == turn.id


class ClaimTakesWhatIsHeld(Rules):
    def free(self, turn: Kept) -> bool:
        return True


class ClaimPassesOverWhatLapsed(Rules):
    def free(self, turn: Kept) -> bool:
        return turn.state == "queued"


class ClaimKeepsTheFence(Rules):
    def claimed(self, turn: Kept) -> Kept:
        return replace(super().claimed(turn), fence=max(1, turn.fence))


class ClaimCountsNoAttempt(Rules):
    def claimed(self, turn: Kept) -> Kept:
        return replace(super().claimed(turn), attempt=max(1, turn.attempt))


class AnyFenceHolds(Rules):
    def holds(self, turn: Kept, lease: Lease) -> bool:
        return turn.state == "running"


class AnEndedTurnIsHeldOn(Rules):
    def holds(self, turn: Kept, lease: Lease) -> bool:
        return turn.fence == lease.fence


class ALapsedLeaseIsLostAtOnce(Rules):
    def holds(self, turn: Kept, lease: Lease) -> bool:
        return super().holds(turn, lease) and turn.lease == "live"


class ARepeatedBatchIsAnError(Rules):
    def written_before(self, turn: Kept, write: Write) -> bool:
        return False


class ARepeatedBatchIsWrittenAgain(Rules):
    def in_place(self, turn: Kept, write: Write) -> bool:
        return True

    def written(self, turn: Kept, write: Write) -> Kept:
        return super().written(turn, replace(write, first=len(turn.log) + 1))


class AWriteIsLost(Rules):
    def written(self, turn: Kept, write: Write) -> Kept:
        return turn


class AppendForgetsToRenew(Rules):
    def renewed(self, turn: Kept) -> Kept:
        return turn


class NobodyHearsTheOrders(Rules):
    def orders(self, turn: Kept) -> Orders:
        return Orders()


class FinishForgetsToLetGo(Rules):
    def let_go(self, turn: Kept, state: State) -> Kept:
        return turn if state == "queued" else super().let_go(turn, state)


class FinishForgetsTheState(Rules):
    def let_go(self, turn: Kept, state: State) -> Kept:
        return replace(super().let_go(turn, state), state="running")


class GivingBackCountsAsATry(Rules):
    def let_go(self, turn: Kept, state: State) -> Kept:
        return replace(super().let_go(turn, state), given_back=turn.given_back)


class ARepeatedFinishIsRefused(Rules):
    def finished_before(self, turn: Kept, finish: Finish) -> bool:
        return False


class StopForgetsQueuedTurns(Rules):
    def ordered_to_stop(self, turn: Kept, by: str) -> Kept:
        return turn if turn.state == "queued" else super().ordered_to_stop(turn, by)


class StopChangesWhatHasEnded(Rules):
    def ordered_to_stop(self, turn: Kept, by: str) -> Kept:
        return replace(turn, stop_by=by)


class InterruptStopsNobody(Rules):
    def ordered_to_stop(self, turn: Kept, by: str) -> Kept:
        return turn if by == "interrupted" else super().ordered_to_stop(turn, by)


class ReceiveIgnoresTheId(Rules):
    def known(self, store: Store, question: str) -> Asked | None:
        return None


class ReceiveSeesNobodyBefore(Rules):
    def backlog(self, store: Store, thread: str, person: str) -> Backlog:
        return Backlog()


class BurstJoinsWhatHasBegun(Rules):
    def joinable(self, turn: Kept) -> bool:
        return not turn.stop_by


class BurstJoinsWhatWillBeStopped(Rules):
    def joinable(self, turn: Kept) -> bool:
        return turn.state == "queued" and turn.attempt == 0


class LeasesNeverLapse(Rules):
    def lapsed(self, turn: Kept) -> Kept:
        return turn


BROKEN: list[tuple[type[Rules], Overlap, str]] = [
    (ClaimIgnoresTheOrder, "queue", "out of its order"),
    (ClaimIgnoresOrdersToStop, "queue", "not found: it is stranded"),
    (ClaimTakesWhatIsHeld, "queue", "while somebody held it"),
    (ClaimPassesOverWhatLapsed, "queue", "stranded"),
    (ClaimKeepsTheFence, "queue", "fence is not the newest"),
    (ClaimCountsNoAttempt, "queue", "an attempt was not counted"),
    (AnyFenceHolds, "queue", "a late write was accepted"),
    (AnEndedTurnIsHeldOn, "queue", "a turn that had ended was changed"),
    (ALapsedLeaseIsLostAtOnce, "queue", "a worker that held its turn was refused"),
    (ARepeatedBatchIsAnError, "queue", "a worker that held its turn was refused"),
    (ARepeatedBatchIsWrittenAgain, "queue", "a write was not written once"),
    (AWriteIsLost, "queue", "its log disagree"),
    (AppendForgetsToRenew, "queue", "did not renew the lease|lease was not renewed"),
    (NobodyHearsTheOrders, "queue", "not told to stop"),
    (FinishForgetsToLetGo, "queue", "did not let go"),
    (FinishForgetsTheState, "queue", "stranded|disagree about its end"),
    (GivingBackCountsAsATry, "queue", "counted as a try"),
    (ARepeatedFinishIsRefused, "queue", "a repeated end was not recognised"),
    (StopForgetsQueuedTurns, "queue", "not ordered to stop"),
    (StopChangesWhatHasEnded, "queue", "a turn that had ended was changed"),
    (InterruptStopsNobody, "interrupt", "not interrupted"),
    (ReceiveIgnoresTheId, "queue", "a repeated question"),
    (ReceiveSeesNobodyBefore, "reject", "refuses overlap"),
    (ReceiveSeesNobodyBefore, "queue", "does not say so"),
    (BurstJoinsWhatHasBegun, "burst", "joined a turn that had begun"),
    (BurstJoinsWhatWillBeStopped, "burst", "so it is lost"),
    (LeasesNeverLapse, "queue", "lapse|stranded"),
]


@pytest.mark.parametrize(("rules", "overlap", "promise"), BROKEN)
def test_a_broken_rule_is_found_out(rules: type[Rules], overlap: Overlap, promise: str) -> None:
    scenario = Scenario(overlap=overlap, threads=("a", "a"), restarts=False)

    found = explore(scenario, rules(), exact=True)

    assert found.violation, "the exploration notices nothing"
    with pytest.raises(AssertionError, match=promise):
        raise AssertionError(found.violation.promise)


def test_a_counter_example_is_the_shortest_story_that_shows_the_fault() -> None:
    found = explore(Scenario(threads=("a",)), AnyFenceHolds())

    assert found.violation
    received, given_back, claimed, late = found.violation.schedule
    assert isinstance(received, Receive)
    assert isinstance(given_back, Finish)
    assert isinstance(claimed, Claim)
    assert late == Renew(Lease("t0", 1, 1))
    assert str(found.violation).splitlines()[0] == "a late write was accepted"
