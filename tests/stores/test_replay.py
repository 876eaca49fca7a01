"""A real store does what the model does: on every distinct transition, on schedules by chance, and on
every schedule in `schedules/`, each of which failed once: on a store, or on a model with the rule of its
name broken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import get_args

import pytest

from penstock.core.overlap import Limits, Overlap
from penstock.core.ports import Batch, Claim, Lease, Orders, TurnInfo
from penstock.core.turn import State, View
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.turns import SqliteTurns
from penstock.testing.clock import FakeClock
from penstock.testing.exploration import explore
from penstock.testing.replay import Disagreement, Schedule, decode_schedule, encode_schedule, replay
from penstock.testing.walks import covering, seeded_schedules, transition
from penstock.testing.workers import Scenario

OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)
SCHEDULES = {
    path.stem: decode_schedule(path.read_bytes())
    for path in sorted((Path(__file__).parent / "schedules").glob("*.json"))
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path, clock=clock)
    await store.open()
    yield store
    await store.close()


async def replay_all(store: SqliteStore, clock: FakeClock, schedules: Iterable[Schedule]) -> int:
    steps = 0
    for number, schedule in enumerate(schedules):
        await replay(store, clock, schedule, f"s{number}")
        steps += len(schedule)
    return steps


# --- Every distinct transition ------------------------------------------------


async def replay_every_transition(store: SqliteStore, clock: FakeClock, scenario: Scenario) -> None:
    edges = explore(scenario).edges
    distinct = {transition(before, action) for before, action in edges}

    steps = await replay_all(store, clock, covering(edges))

    assert steps >= len(distinct) > 500


@pytest.mark.parametrize("overlap", OVERLAPS)
async def test_sqlite_makes_every_transition_of_two_questions(
    store: SqliteStore, clock: FakeClock, overlap: Overlap
) -> None:
    await replay_every_transition(store, clock, Scenario(overlap=overlap, threads=("a", "a")))


@pytest.mark.parametrize("overlap", OVERLAPS)
async def test_sqlite_makes_every_transition_of_three_questions_answered_at_the_first_attempt(
    store: SqliteStore, clock: FakeClock, overlap: Overlap
) -> None:
    await replay_every_transition(store, clock, Scenario(overlap=overlap, attempts=1))


async def test_sqlite_makes_every_transition_of_three_questions_that_nobody_gives_back(
    store: SqliteStore, clock: FakeClock
) -> None:
    await replay_every_transition(store, clock, Scenario(give_backs=0, restarts=False))


async def test_sqlite_makes_every_transition_of_a_thread_that_is_forgotten(
    store: SqliteStore, clock: FakeClock
) -> None:
    scenario = Scenario(threads=("a", "a"), restarts=False, forgets=True)
    await replay_every_transition(store, clock, scenario)


async def test_sqlite_makes_every_transition_of_two_threads_of_a_person_with_a_limit(
    store: SqliteStore, clock: FakeClock
) -> None:
    scenario = Scenario(
        threads=("a", "b", "a"), attempts=1, restarts=False, limits=Limits(queued_per_person=1)
    )
    await replay_every_transition(store, clock, scenario)


@pytest.mark.sweep
@pytest.mark.parametrize("overlap", OVERLAPS)
async def test_sqlite_makes_every_transition_of_three_questions(
    store: SqliteStore, clock: FakeClock, overlap: Overlap
) -> None:
    await replay_every_transition(store, clock, Scenario(overlap=overlap))


def test_the_walks_leave_no_transition_out() -> None:
    edges = explore(Scenario(overlap="burst", threads=("a", "a"), restarts=False)).edges
    missing = {transition(before, action) for before, action in edges}

    for walk in covering(edges):
        before = next(iter(edges))[0]
        for action in walk:
            missing.discard(transition(before, action))
            before = edges[before, action]

    assert not missing


# --- By chance, and what failed once ------------------------------------------


async def test_sqlite_follows_the_model_through_schedules_by_chance(
    store: SqliteStore, clock: FakeClock
) -> None:
    await replay_all(store, clock, seeded_schedules(200, seed=1))


@pytest.mark.sweep
async def test_sqlite_follows_the_model_through_many_long_schedules_by_chance(
    store: SqliteStore, clock: FakeClock
) -> None:
    await replay_all(store, clock, seeded_schedules(3_000, seed=2, steps=100))


@pytest.mark.parametrize("name", SCHEDULES)
async def test_what_failed_once_does_not_fail_again(store: SqliteStore, clock: FakeClock, name: str) -> None:
    await replay(store, clock, SCHEDULES[name])


def test_the_same_seed_gives_the_same_schedules() -> None:
    assert seeded_schedules(3, seed=7) == seeded_schedules(3, seed=7)
    assert seeded_schedules(3, seed=7) != seeded_schedules(3, seed=8)


def test_a_schedule_can_be_kept_in_a_file() -> None:
    for schedule in seeded_schedules(20, seed=3):
        assert decode_schedule(encode_schedule(schedule)) == schedule


# --- A store with a fault is found out ----------------------------------------


class Deaf(SqliteTurns):
    """Never tells a late worker that it lost the turn."""

    async def renew(self, leases: Sequence[Lease], lease_s: float) -> list[Orders]:
        return [Orders(until_s=self._clock() + lease_s) for _ in leases]


class Trusting(SqliteTurns):
    """Takes a batch from whoever knows the turn."""

    async def append(self, batches: Sequence[Batch], lease_s: float) -> list[Orders]:
        (batch,) = batches
        for fence in range(1, 9):
            lease = Lease(batch.lease.turn, fence, batch.lease.attempt)
            orders = await super().append([Batch(lease, batch.first, batch.events)], lease_s)
            if not orders[0].lost:
                break
        return orders


class Possessive(SqliteTurns):
    """Never lets go of a turn that is given back."""

    async def finish(self, batch: Batch, state: State, view: View) -> Orders:
        return Orders() if state == "queued" else await super().finish(batch, state, view)


class Relentless(SqliteTurns):
    """Stops nothing."""

    async def stop(self, turn: str, by: str) -> TurnInfo:
        return (await self.read(turn)).turn


class Impatient(SqliteTurns):
    """Gives shorter leases than were asked for, and says otherwise."""

    async def claim(self, lease_s: float, turn: str = "") -> Claim | None:
        claim = await super().claim(0.0, turn)
        return claim and Claim(claim.lease, claim.turn, claim.questions, self._clock() + lease_s, claim.first)


class Overwriting(SqliteTurns):
    """Keeps the view of the last one to finish, late or not."""

    async def finish(self, batch: Batch, state: State, view: View) -> Orders:
        orders = await super().finish(batch, state, view)
        return Orders() if orders.lost else orders


@pytest.mark.parametrize("faulty", [Deaf, Trusting, Possessive, Relentless, Impatient, Overwriting])
async def test_a_store_with_a_fault_is_found_out(
    store: SqliteStore, clock: FakeClock, faulty: Callable[..., SqliteTurns]
) -> None:
    store.turns = faulty(store.database, clock)

    with pytest.raises(Disagreement, match=r"model: .*\n  store: "):
        await replay_all(store, clock, seeded_schedules(200, seed=1))
