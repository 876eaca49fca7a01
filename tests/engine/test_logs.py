"""What readers can rely on: the log, its journal, and coming back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from penstock.core.cursor import Cursor
from penstock.core.events import Cited, Entry, Finished, Passage, Text
from penstock.core.ports import Batch, Lease, Orders
from penstock.core.turn import State, View, fold
from penstock.engine import Rules
from penstock.engine.seldom import Seldom
from penstock.errors import CursorInvalid, StoreLocked
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.turns import SqliteTurns
from penstock.testing.clock import FakeClock
from penstock.testing.models import HOLD, ScriptedModel
from tests.engine.conftest import ANN, Stage


class GatedTurns(SqliteTurns):
    """Writes of the journal wait at a gate, or fail as often as they are told to."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store.database, time.time)
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures = 0
        self.asked = asyncio.Event()
        self.renewed = asyncio.Event()

    async def append(self, batches: Sequence[Batch], lease_s: float) -> list[Orders]:
        await self._pass()
        return await super().append(batches, lease_s)

    async def finish(self, batch: Batch, state: State, view: View) -> Orders:
        await self._pass()
        return await super().finish(batch, state, view)

    async def renew(self, leases: Sequence[Lease], lease_s: float) -> list[Orders]:
        self.renewed.set()
        return await super().renew(leases, lease_s)

    async def _pass(self) -> None:
        self.asked.set()
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise StoreLocked("held by a test")


def gated(folder: Path) -> tuple[SqliteStore, GatedTurns]:
    store = SqliteStore(folder)
    turns = GatedTurns(store)
    store.turns = turns
    return store, turns


async def test_text_is_shown_before_it_is_journaled(stage: Stage) -> None:
    store, turns = gated(stage.folder)
    async with stage.story(ScriptedModel(["Paris"]), store=store) as story:
        turns.gate.clear()
        turn = (await story.ask()).turn.id

        await story.seen_until(turn, "Paris")

        assert (await turns.read(turn)).entries == []
        turns.gate.set()


async def test_everything_else_is_shown_only_once_it_is_written_down(stage: Stage) -> None:
    store, turns = gated(stage.folder)
    cited = Cited(1, Passage("a.md", "…"))
    async with stage.story(ScriptedModel(["Paris", cited]), store=store) as story:
        turns.gate.clear()
        turn = (await story.ask()).turn.id
        seen = await story.seen_until(turn, "Paris")

        assert cited not in [e.event for e in seen]
        turns.gate.set()

        assert [e.event for e in await story.log(turn)] == [Text("Paris"), cited, Finished()]


async def test_the_end_is_shown_only_once_it_is_written_down(stage: Stage) -> None:
    store, turns = gated(stage.folder)
    async with stage.story(ScriptedModel(["Paris"]), store=store) as story:
        turns.gate.clear()
        turn = (await story.ask()).turn.id
        reader = asyncio.create_task(story.view(turn))
        await story.seen_until(turn, "Paris")

        assert not reader.done()
        turns.gate.set()

        assert (await reader).state == "done"


async def test_reading_the_model_pauses_while_too_much_is_unjournaled(stage: Stage) -> None:
    store, turns = gated(stage.folder)
    words = ["x" * 1_000] * 200
    async with stage.story(ScriptedModel([*words, HOLD, "end"]), store=store) as story:
        turns.gate.clear()
        turn = (await story.ask()).turn.id
        shown = len(await story.seen_until(turn, "x" * 64_000))

        for _ in range(50):
            await asyncio.sleep(0)

        assert shown < 80
        assert len((await story.engine.turn(ANN, turn))[1].text) < 80_000
        turns.gate.set()
        await story.seen_until(turn, "x" * 200_000)


async def test_a_store_that_fails_for_a_while_loses_nothing_and_is_told_of_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    store, turns = gated(stage.folder)
    async with stage.story(ScriptedModel(["Pa", HOLD, "ris"]), store=store) as story:
        turn = (await story.ask()).turn.id
        await story.seen_until(turn, "Pa")
        turns.failures = 2
        story_model_goes_on(story.engine.model)

        assert (await story.view(turn)).text == "Paris"
        assert fold(e.event for e in (await turns.read(turn)).entries).text == "Paris"
    assert [r.msg for r in caplog.records].count("the store could not write; trying again") == 1


def test_what_happens_again_and_again_is_said_at_once_and_then_now_and_then_with_a_count() -> None:
    clock = FakeClock()
    seldom = Seldom(clock)
    said = []

    for _ in range(60):
        said.append(seldom.times())
        clock.advance(0.25)

    assert (said[0], said[40], sum(said)) == (1, 40, 41)


async def test_a_turn_that_cannot_be_written_down_is_given_up_and_tried_again(stage: Stage) -> None:
    store, turns = gated(stage.folder)
    rules = Rules(lease_s=0.4, sweep_s=0.1)
    async with stage.story(ScriptedModel(["Paris"]), store=store, rules=rules) as story:
        turn = (await story.ask()).turn.id
        turns.failures = 3

        assert (await story.view(turn)).text == "Paris"


async def test_a_silent_worker_renews_its_lease(stage: Stage) -> None:
    store, turns = gated(stage.folder)
    rules = Rules(lease_s=1.0, sweep_s=0.05)
    model = ScriptedModel([HOLD, "Paris"])
    async with stage.story(model, store=store, rules=rules) as story:
        turn = (await story.ask()).turn.id
        for _ in range(4):
            await turns.renewed.wait()
            turns.renewed.clear()
        model.go_on()

        view = await story.view(turn)
        assert (view.text, view.epoch) == ("Paris", 0)
        assert len(model.asked) == 1


async def test_a_worker_whose_lease_was_taken_stops_at_once_and_its_late_words_are_refused(
    stage: Stage,
) -> None:
    store, turns = gated(stage.folder)
    model = ScriptedModel(["wrong", HOLD, " words", HOLD])
    async with stage.story(model, store=store) as story:
        turn = (await story.ask()).turn.id
        await story.seen_until(turn, "wrong")
        # Another worker, by whose clock the lease has lapsed.
        taken = await SqliteTurns(store.database, lambda: time.time() + 3_600).claim(60.0, turn)
        assert taken is not None
        model.go_on()
        await model.holding()

        late = await story.store.turns.append(
            [Batch(Lease(turn, taken.lease.fence - 1, 1), taken.turn.last + 1, [Text(" words")])], 10.0
        )

        assert late[0].lost
        assert Text(" words") not in [e.event for e in (await turns.read(turn)).entries]


# --- Coming back ----------------------------------------------------------------


async def test_many_readers_see_the_same_whenever_they_come(stage: Stage) -> None:
    model = ScriptedModel([*"abcdef", HOLD, *"ghijkl"])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        early = [asyncio.create_task(story.log(turn)) for _ in range(5)]
        await story.seen_until(turn, "f")
        middle = [asyncio.create_task(story.log(turn)) for _ in range(5)]
        model.go_on()

        logs = await asyncio.gather(*early, *middle)
        logs.append(await story.log(turn))

        assert all(log == logs[0] for log in logs)
        assert fold(e.event for e in logs[0]).text == "abcdefghijkl"


async def test_memory_of_a_long_answer_stays_flat_and_late_readers_are_served_from_the_log(
    stage: Stage,
) -> None:
    model = ScriptedModel([*[f"{n} " for n in range(20_000)], HOLD, "end"])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        await model.holding()
        live = story.engine._lives[turn]
        await story.engine._journal.catch_up(live)

        assert len(live.after(0 if live.holds(0) else live.last - 600)) <= 600
        assert not live.holds(0)
        seen = await story.seen_until(turn, "19999 ")
        assert [e.number for e in seen] == list(range(1, 20_001))
        model.go_on()
        assert (await story.view(turn)).text.endswith("19999 end")


async def test_a_reader_that_does_not_read_costs_the_others_nothing(stage: Stage) -> None:
    model = ScriptedModel([*[f"{n} " for n in range(2_000)]])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        sleepy = story.engine.follow(ANN, turn)
        first = await anext(sleepy)

        assert (await story.view(turn)).state == "done"

        entries: list[Entry] = [*first]
        async for more in sleepy:
            entries += more
        assert fold(e.event for e in entries) == await story.view(turn)


@pytest.mark.parametrize("cursor", [Cursor("other", 1, 1), Cursor("", 9, 1), Cursor("", 1, 99)])
async def test_a_cursor_that_cannot_be_is_refused(stage: Stage, cursor: Cursor) -> None:
    async with stage.story(ScriptedModel(["Paris"])) as story:
        turn = (await story.ask()).turn.id
        await story.view(turn)

        with pytest.raises(CursorInvalid):
            await anext(story.engine.follow(ANN, turn, cursor._replace(turn=cursor.turn or turn)))


async def test_quiet_readers_hear_now_and_then_that_all_is_well(stage: Stage) -> None:
    model = ScriptedModel([HOLD, "Paris"])
    async with stage.story(model, rules=Rules(beat_s=0.01, lease_s=0.2)) as story:
        turn = (await story.ask()).turn.id
        news = story.engine.follow(ANN, turn)

        assert [await anext(news) for _ in range(3)] == [[], [], []]
        model.go_on()
        await news.aclose()


def story_model_goes_on(model: object) -> None:
    assert isinstance(model, ScriptedModel)
    model.go_on()
