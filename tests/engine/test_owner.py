"""What the owner sees of everybody's turns and threads, and does about them."""

from __future__ import annotations

import pytest

from penstock.core.events import Status, Text, Usage
from penstock.errors import CursorInvalid, ModelCut, ModelMisconfigured, NotFound
from penstock.testing.models import HOLD, ScriptedModel
from tests.engine.conftest import ANN, BOB, Stage


async def test_everybodys_turns_newest_first_and_a_page_at_a_time(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris", Usage("m-1", 3, 1)])) as story:
        turns = [(await story.ask(thread=f"t{n}", person=ANN if n % 2 else BOB)).turn.id for n in range(5)]
        await story.reported(5)
        first = await story.engine.owner.turns(limit=3)
        rest = await story.engine.owner.turns(before=first[-1].turn.id, limit=3)

    assert [one.turn.id for one in (*first, *rest)] == turns[::-1]
    assert [one.person.name for one in first] == ["Bob", "Ann", "Bob"]
    assert {one.model for one in first} == {"m-1"}
    assert all(one.turn.ended_s >= one.turn.asked_s for one in first)


async def test_what_runs_and_what_waits_is_seen_and_only_that(stage: Stage) -> None:
    model = ScriptedModel(["Paris"], ["Pa", HOLD, "ris"])
    async with stage.story(model) as story:
        await story.view((await story.ask(thread="done")).turn.id)
        running = (await story.ask(person=BOB)).turn.id
        await story.seen_until(running, "Pa", person=BOB)
        waiting = (await story.ask(person=BOB)).turn.id
        owner = story.engine.owner
        live = await owner.turns(["running", "queued"])

        assert [(one.turn.id, one.turn.state) for one in live] == [(waiting, "queued"), (running, "running")]
        assert (owner.here(running), owner.here(waiting)) == (True, False)
        for _ in range(2):
            model.go_on()
        await story.reported(3)
        assert await owner.turns(["running", "queued"]) == []


async def test_the_owner_stops_anybodys_answer_and_its_words_are_kept(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Pa", HOLD, "ris"])) as story:
        turn = (await story.ask(person=BOB)).turn.id
        await story.seen_until(turn, "Pa", person=BOB)
        await story.engine.owner.stop(turn)
        await story.reported(1)
        _, view = await story.engine.turn(BOB, turn)

        assert (view.state, view.stopped_by, view.text) == ("stopped", "owner", "Pa")
        with pytest.raises(NotFound):
            await story.engine.owner.stop("unknown")


async def test_a_timeline_tells_the_reason_of_a_failure_as_the_log_does_and_no_reader_is_told(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    model = ScriptedModel([ModelMisconfigured("m-1 at localhost answered 401 invalid_api_key")])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        view = await story.view(turn)
        *_, noted, failed = (await story.engine.owner.timeline(turn)).moments

    (record,) = [record for record in caplog.records if record.msg == "the model failed"]
    assert (noted.kind, noted.what, noted.detail) == ("noted", "failed", {"reason": vars(record)["why"]})
    assert (failed.kind, failed.what) == ("failed", "model_misconfigured")
    assert "401" not in view.error


async def test_a_timeline_tells_why_an_attempt_was_begun_anew(stage: Stage) -> None:
    model = ScriptedModel([Status("Thinking"), "Par", ModelCut("the line broke")], ["Paris"])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        await story.reported(1)
        told = await story.engine.owner.timeline(turn)

        assert [(m.kind, m.what) for m in told.moments] == [
            ("received", ""),
            ("began", ""),
            ("status", "Thinking"),
            ("first_word", ""),
            ("began", "model_cut"),
            ("first_word", ""),
            ("done", "complete"),
        ]
        assert [(one.attempt, one.chars) for one in told.attempts] == [(1, 3), (2, 5)]
        times = [m.since_s for m in told.moments if m.since_s is not None]
        assert len(times) == len(told.moments)
        assert times == sorted(times)
        with pytest.raises(NotFound):
            await story.engine.owner.timeline("unknown")


async def test_anybodys_thread_is_read_with_what_was_thought_of_its_answers(stage: Stage) -> None:
    model = ScriptedModel(["Paris"], ["Se", HOLD, "ine"])
    async with stage.story(model) as story:
        first = (await story.ask("Capital of France?", person=BOB)).turn.id
        await story.reported(1)
        await story.engine.conversations.rate(BOB, first, "down", "Too short")
        second = (await story.ask("Its river?", person=BOB)).turn.id
        await story.seen_until(second, "Se", person=BOB)
        found = await story.engine.owner.transcript("acme:web:t1")

        assert found.thread.owner == "bob"
        assert [exchange.view.text for exchange in found.exchanges] == ["Paris", "Se"]
        assert found.feedback[first].remark == "Too short"
        with pytest.raises(NotFound):
            await story.engine.owner.transcript("acme:web:unknown")
        model.go_on()


async def test_everybodys_threads_and_those_with_a_word(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris"])) as story:
        await story.ask("Capital of France?", thread="a", person=ANN)
        await story.ask("Capital of Spain?", thread="b", person=BOB)
        await story.reported(2)
        owner = story.engine.owner

        assert [(thread.key, thread.owner) for thread in await owner.threads()] == [
            ("acme:web:b", "bob"),
            ("acme:web:a", "ann"),
        ]
        assert [thread.key for thread in await owner.threads(words="FRANCE")] == ["acme:web:a"]
        assert [thread.key for thread in await owner.threads(before="acme:web:b")] == ["acme:web:a"]


async def test_feedback_comes_newest_first_and_reading_on_survives_what_is_taken_back(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris"])) as story:
        turns = [(await story.ask(thread=f"t{n}", person=BOB)).turn.id for n in range(4)]
        await story.reported(4)
        for turn in turns:
            await story.engine.conversations.rate(BOB, turn, "up", f"remark on {turn}")
        owner = story.engine.owner
        first = await owner.feedback(limit=2)
        await story.engine.conversations.unrate(BOB, first[-1].turn)
        await story.engine.conversations.bin(BOB, "acme:web:t0")
        rest = await owner.feedback(before=first[-1].place)

        assert [(one.turn, one.thread.owner) for one in first] == [(turns[3], "bob"), (turns[2], "bob")]
        assert first[0].feedback.remark == f"remark on {turns[3]}"
        assert [one.turn for one in rest] == [turns[1]], "a deleted thread's is not shown"
        with pytest.raises(CursorInvalid):
            await owner.feedback(before="nonsense")


async def test_forgetting_a_person_takes_their_words_from_the_owner_and_leaves_the_counts(
    stage: Stage,
) -> None:
    async with stage.story(ScriptedModel([Text("Paris")])) as story:
        turn = (await story.ask(person=BOB)).turn.id
        await story.reported(1)
        await story.engine.conversations.rate(BOB, turn, "up")
        await story.engine.forget_person(BOB)
        owner = story.engine.owner

        assert (await owner.turns(), await owner.threads(), await owner.feedback()) == ([], [], [])
        [hour] = await owner.statistics(0.0)
        assert hour.tallies[0].turns == {"done": 1}
