"""A question asked instead of another: what it replaces is stopped, and the model does not read it."""

from __future__ import annotations

import asyncio
import time

import pytest

from penstock.core.overlap import Overlap
from penstock.core.question import Message, Question
from penstock.engine import Rules
from penstock.errors import NotFound, QuestionInvalid, StoreLocked
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.threads import SqliteThreads
from penstock.testing.models import HOLD, ScriptedModel
from tests.engine.conftest import ANN, BOB, Stage, Story


async def answered(story: Story, text: str, replaces: str = "") -> str:
    turn = (await story.ask(text, replaces=replaces)).turn.id
    await story.view(turn)
    return turn


def said(model: ScriptedModel) -> list[str]:
    """What the model was asked last, without the question itself."""
    return [message.text for message in model.asked[-1].messages[:-1]]


async def test_the_model_reads_the_turns_that_stand_and_no_other(stage: Stage) -> None:
    model = ScriptedModel(["a"], ["b"], ["c"], ["b2"], ["d"], ["b3"], ["e"])
    async with stage.story(model) as story:
        await answered(story, "A?")
        second = await answered(story, "B?")
        await answered(story, "C?")

        again = await answered(story, "B2?", replaces=second)
        assert said(model) == ["A?", "a"]
        await answered(story, "D?")
        assert said(model) == ["A?", "a", "B2?", "b2"]
        await answered(story, "B3?", replaces=again)
        assert said(model) == ["A?", "a"]
        await answered(story, "E?")
        assert said(model) == ["A?", "a", "B3?", "b3"]

    assert model.asked[-1].messages[-1] == Message("user", "E?")


async def test_as_many_turns_are_read_as_the_owner_wants_however_many_were_replaced(stage: Stage) -> None:
    model = ScriptedModel(["x"])
    async with stage.story(model, rules=Rules(transcript_turns=2)) as story:
        for text in ("A?", "B?", "C?"):
            last = await answered(story, text)
        for n in range(7):
            last = await answered(story, f"C{n}?", replaces=last)
        await answered(story, "D?")

    assert said(model) == ["B?", "x", "C6?", "x"]


@pytest.mark.parametrize("replaced", range(6))
async def test_however_many_were_replaced_those_before_are_read(stage: Stage, replaced: int) -> None:
    model = ScriptedModel(["x"])
    async with stage.story(model, rules=Rules(transcript_turns=3)) as story:
        await answered(story, "A?")
        last = await answered(story, "B?")
        for n in range(replaced):
            last = await answered(story, f"B{n}?", replaces=last)
        await answered(story, "C?", replaces=last)

    assert said(model) == ["A?", "x"]


async def test_what_is_replaced_while_it_runs_is_stopped_with_all_that_waits_after_it(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD], ["Madrid."])
    async with stage.story(model) as story:
        running = (await story.ask("Paris?")).turn.id
        await story.seen_until(running, "Pa")
        waiting = (await story.ask("And then?")).turn.id

        received = await story.ask("Madrid?", replaces=running)
        views = [await story.view(turn) for turn in (running, waiting, received.turn.id)]

    assert [(view.state, view.stopped_by, view.text) for view in views] == [
        ("stopped", "replaced", "Pa"),
        ("stopped", "replaced", ""),
        ("done", "", "Madrid."),
    ]
    assert received.ahead == 2
    assert said(model) == []


async def test_what_came_before_it_goes_on(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."], ["Madrid."])
    async with stage.story(model) as story:
        running = (await story.ask("Paris?")).turn.id
        await story.seen_until(running, "Pa")
        waiting = (await story.ask("And then?")).turn.id
        instead = (await story.ask("Madrid?", replaces=waiting)).turn.id
        assert (await story.view(waiting)).stopped_by == "replaced"
        # Once more, now that it has ended: still, only what came after it goes.
        last = (await story.ask("Madrid, please?", replaces=waiting)).turn.id
        model.go_on()
        views = [await story.view(turn) for turn in (running, instead, last)]

    assert [(view.state, view.text) for view in views] == [
        ("done", "Paris."),
        ("stopped", ""),
        ("done", "Madrid."),
    ]
    assert said(model) == ["Paris?", "Paris."]


async def test_of_two_that_replace_the_same_turn_the_later_stands(stage: Stage) -> None:
    model = ScriptedModel(["Paris."], ["Rom", HOLD], ["Madrid."])
    async with stage.story(model) as story:
        first = await answered(story, "Paris?")
        one = (await story.ask("Rome?", replaces=first)).turn.id
        await story.seen_until(one, "Rom")
        other = (await story.ask("Madrid?", replaces=first)).turn.id
        views = [await story.view(turn) for turn in (one, other)]

    assert [(view.state, view.text) for view in views] == [("stopped", "Rom"), ("done", "Madrid.")]


async def test_the_same_question_from_two_tabs_at_once_is_one_turn(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD], ["Madrid."])
    async with stage.story(model) as story:
        running = (await story.ask("Paris?")).turn.id
        await story.seen_until(running, "Pa")
        both = await asyncio.gather(
            *(story.ask("Madrid?", id="web:twice", replaces=running) for _ in range(2))
        )
        await story.view(both[0].turn.id)

    assert both[0].turn.id == both[1].turn.id
    assert len(model.asked) == 2


async def test_a_repeat_stops_what_the_first_one_died_before_stopping(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD], ["Madrid."])
    async with stage.story(model) as story:
        running = (await story.ask("Paris?")).turn.id
        await story.seen_until(running, "Pa")
        # Written down by a door that then was gone.
        lost = Question("web:lost", "acme:web:t1", ANN, "Madrid?", replaces=running)
        turn = (await story.store.turns.receive(lost, "lost")).turn.id

        await story.ask("Madrid?", id="web:lost", replaces=running)
        views = [await story.view(turn) for turn in (running, turn)]

    assert [view.state for view in views] == ["stopped", "done"]


async def test_a_thread_is_called_by_what_was_asked_instead_of_its_first_question(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["x"])) as story:

        async def title() -> str:
            thread = await story.store.threads.get("acme:web:t1")
            assert thread is not None
            return thread.title

        first = await answered(story, "My salary is 1?")
        second = await answered(story, "My salary is 1?")
        await answered(story, "Next?", replaces=second)
        assert await title() == "My salary is 1?"
        again = await answered(story, "What is a salary?", replaces=first)
        assert await title() == "What is a salary?"
        named = await answered(story, "And a wage?", replaces=again)
        assert await title() == "And a wage?"
        await story.engine.conversations.rename(ANN, "acme:web:t1", "Money")
        await answered(story, "And a fee?", replaces=named)
        assert await title() == "Money"


async def test_a_question_counts_though_its_thread_could_not_be_named_anew(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    class Held(SqliteThreads):
        async def rename(self, thread: str, title: str) -> None:
            raise StoreLocked("held by a test")

    store = SqliteStore(stage.folder)
    store.threads = Held(store.database, store.blobs, time.time)
    async with stage.story(ScriptedModel(["x"]), store=store) as story:
        first = await answered(story, "A?")
        again = await answered(story, "B?", replaces=first)
        assert (await story.view(again)).state == "done"

    assert "a thread was not named anew" in [record.msg for record in caplog.records]


@pytest.mark.parametrize("overlap", ["queue", "burst", "interrupt", "reject"])
async def test_it_makes_room_for_itself_whatever_is_said_about_overlap(
    stage: Stage, overlap: Overlap
) -> None:
    model = ScriptedModel(["Pa", HOLD], ["Madrid."])
    async with stage.story(model, rules=Rules(overlap=overlap)) as story:
        running = (await story.ask("Paris?")).turn.id
        await story.seen_until(running, "Pa")
        received = await story.ask("Madrid?", replaces=running)
        view = await story.view(received.turn.id)

    assert (view.state, view.text) == ("done", "Madrid.")
    assert received.turn.replaces == running


async def test_it_does_not_join_what_waits(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."], ["Madrid."])
    async with stage.story(model, rules=Rules(overlap="burst")) as story:
        running = (await story.ask("Paris?")).turn.id
        await story.seen_until(running, "Pa")
        waiting = (await story.ask("And then?")).turn.id
        instead = (await story.ask("Madrid?", replaces=waiting)).turn.id
        joined = (await story.ask("And Rome?")).turn.id
        model.go_on()
        await story.view(instead)
        exchanges = await story.transcript()

    assert joined == instead, "others may join it"
    assert waiting != instead
    assert [q.text for q in exchanges[-1].questions] == ["Madrid?", "And Rome?"]


async def test_only_a_turn_of_the_same_thread_is_replaced(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        turn = await answered(story, "Paris?")

        for replaces in ("unknown", turn):
            with pytest.raises(QuestionInvalid, match="no such answer to replace"):
                await story.ask("Rome?", thread="t2", replaces=replaces)
        with pytest.raises(NotFound):
            await story.ask("Rome?", person=BOB, replaces=turn)
        with pytest.raises(QuestionInvalid, match="no such answer to replace"):
            await story.ask("Rome?", thread="t3", person=BOB, replaces=turn)
        threads = await story.store.threads.listed(BOB)

    assert threads == [], "nothing was written down"
