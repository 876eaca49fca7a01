"""A turn whose model is several: what its reader sees, what its log keeps, how often each is asked."""

from __future__ import annotations

from penstock.core.events import Entry, Noted, Text, Usage
from penstock.engine import Rules
from penstock.errors import ModelBusy, ModelMisconfigured, ModelRefused, ModelUnreachable
from penstock.models.fallback import Fallback
from penstock.testing.models import HOLD, ScriptedModel
from tests.engine.conftest import Stage

RULES = Rules(retry_first_s=0.0)


def notes(log: list[Entry]) -> list[Noted]:
    return [entry.event for entry in log if isinstance(entry.event, Noted)]


async def test_the_reader_sees_one_answer_and_the_log_tells_who_was_tried(stage: Stage) -> None:
    busy = ScriptedModel([ModelBusy("slow down")], name="first")
    other = ScriptedModel(["Pa", HOLD, "ris", Usage("second-2026", 3, 2)], name="second")
    async with stage.story(Fallback([busy, other]), rules=RULES) as story:
        turn = (await story.ask()).turn.id
        await story.seen_until(turn, "Pa")
        other.go_on()
        log = await story.log(turn)
        report = await story.reports.get()

    assert [entry.event.text for entry in log if isinstance(entry.event, Text)] == ["Pa", "ris"]
    assert notes(log) == [Noted("fallback", {"from": "first", "to": "second", "error": "model_busy"})]
    assert {entry.attempt for entry in log} == {1}
    assert (report.model, report.tries) == ("second-2026", 1)
    assert len(busy.asked) == len(other.asked) == 1


async def test_when_all_are_busy_they_are_asked_again_in_order_before_anybody_is_told(stage: Stage) -> None:
    one = ScriptedModel([ModelBusy("slow down")], ["Paris"], name="first")
    other = ScriptedModel([ModelUnreachable("nobody there")], name="second")
    async with stage.story(Fallback([one, other]), rules=RULES) as story:
        turn = (await story.ask()).turn.id
        view = await story.view(turn)

    assert (view.state, view.text, view.epoch) == ("done", "Paris", 0)
    assert (len(one.asked), len(other.asked)) == (2, 1)


async def test_a_backup_that_is_not_set_up_does_not_keep_the_first_from_being_asked_again(
    stage: Stage,
) -> None:
    one = ScriptedModel([ModelBusy("slow down")], ["Paris"], name="first")
    other = ScriptedModel([ModelMisconfigured("401")], name="second")
    async with stage.story(Fallback([one, other]), rules=RULES) as story:
        assert (await story.view((await story.ask()).turn.id)).text == "Paris"


async def test_when_all_refuse_each_was_asked_once(stage: Stage) -> None:
    models = [ScriptedModel([ModelRefused("no")]) for _ in range(3)]
    async with stage.story(Fallback(models), rules=RULES) as story:
        view = await story.view((await story.ask()).turn.id)

    assert (view.state, view.error_code) == ("failed", "model_refused")
    assert [len(model.asked) for model in models] == [1, 1, 1]


async def test_a_silent_first_model_is_left_within_the_time_before_the_first_word(stage: Stage) -> None:
    silent = ScriptedModel([HOLD], name="first")
    model = Fallback([silent, ScriptedModel(["Paris"], name="second")], first_token_s=0.0)
    async with stage.story(model, rules=Rules(max_attempts=1)) as story:
        log = await story.log((await story.ask()).turn.id)

    assert [note.detail["error"] for note in notes(log)] == ["model_stalled"]
    assert silent.closed == 1


async def test_when_all_are_silent_the_turn_is_given_up_in_the_time_of_one(stage: Stage) -> None:
    silent = [ScriptedModel([HOLD], name=name) for name in ("first", "second")]
    async with stage.story(Fallback(silent, first_token_s=0.2), rules=Rules(first_token_s=0.2)) as story:
        view = await story.view((await story.ask()).turn.id)

    assert view.error_code == "model_stalled"
    assert [(len(model.asked), model.closed) for model in silent] == [(1, 1), (1, 1)]


async def test_an_answer_that_broke_off_starts_over_with_the_first_model(stage: Stage) -> None:
    one = ScriptedModel([ModelBusy("slow down")], ["Paris"], name="first")
    other = ScriptedModel(["Ly", ModelUnreachable("gone")], name="second")
    async with stage.story(Fallback([one, other]), rules=RULES) as story:
        view = await story.view((await story.ask()).turn.id)

    assert (view.state, view.text, view.epoch) == ("done", "Paris", 1)
    assert (len(one.asked), len(other.asked)) == (2, 1)


async def test_a_note_for_the_owner_is_not_the_beginning_of_an_answer(stage: Stage) -> None:
    model = ScriptedModel([Noted("guardrail"), ModelBusy("slow down")], ["Paris"])
    async with stage.story(model, rules=RULES) as story:
        view = await story.view((await story.ask()).turn.id)

    assert (view.text, view.epoch) == ("Paris", 0)
    assert len(model.asked) == 2


async def test_a_model_that_only_takes_notes_is_silent(stage: Stage) -> None:
    model = ScriptedModel([Noted("guardrail"), HOLD])
    async with stage.story(model, rules=Rules(first_token_s=0.1, idle_s=30.0)) as story:
        view = await story.view((await story.ask()).turn.id)

    assert view.error_code == "model_stalled"
