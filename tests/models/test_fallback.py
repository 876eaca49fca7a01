"""Several models as one: who answers when the first does not, and what is told of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from penstock.core.events import Event, Finished, Noted, Reasoning, Status, Text, Usage
from penstock.core.ports import Model
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.errors import (
    ConfigError,
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
)
from penstock.models.fallback import Fallback, most_hopeful
from penstock.testing.models import HOLD, ScriptedModel

PROMPT = Prompt((Message("user", "What is the capital of France?"),))


def first(*script: Event | str | Exception, cut: bool = False) -> ScriptedModel:
    return ScriptedModel(script, name="first", cut=cut)


def second(*script: Event | str | Exception) -> ScriptedModel:
    return ScriptedModel(script or ["Paris"], name="second")


async def heard(model: Model) -> list[Event]:
    async with asyncio.timeout(5):
        return [event async for event in model.stream(PROMPT)]


def noted(error: str) -> Noted:
    return Noted("fallback", {"from": "first", "to": "second", "error": error})


@pytest.mark.parametrize(
    "error",
    [
        ModelBusy("slow down"),
        ModelUnreachable("nobody there"),
        ModelStalled("silent"),
        ModelCut("cut"),
        ModelRefused("too long"),
        ModelMisconfigured("no such key"),
        ModelError("?"),
    ],
    ids=lambda error: error.code,
)
async def test_whatever_the_first_model_fails_of_the_second_answers(error: ModelError) -> None:
    model = Fallback([first(error), second()])

    assert await heard(model) == [noted(error.code), Text("Paris"), Finished()]


async def test_a_first_model_that_answers_is_the_only_one_asked() -> None:
    other = second()

    assert await heard(Fallback([first("Paris"), other])) == [Text("Paris"), Finished()]
    assert other.asked == []


@pytest.mark.parametrize("shown", [Text("Pa"), Reasoning("Hm."), Status("Looking…")])
async def test_once_something_was_shown_the_failure_goes_up(shown: Event) -> None:
    other = second()
    model = Fallback([first(shown, ModelBusy("slow down")), other])

    with pytest.raises(ModelBusy):
        await heard(model)
    assert other.asked == []


@pytest.mark.parametrize("unseen", [Noted("guardrail"), Usage("first", 3)])
async def test_what_only_the_owner_sees_does_not_bind_to_a_model(unseen: Event) -> None:
    model = Fallback([first(unseen, ModelCut("cut")), second()])

    assert await heard(model) == [unseen, noted("model_cut"), Text("Paris"), Finished()]


async def test_a_stream_that_ends_without_a_word_and_without_its_end_mark_is_left() -> None:
    model = Fallback([first(cut=True), second()])

    assert await heard(model) == [noted("model_cut"), Text("Paris"), Finished()]


async def test_an_answer_without_words_is_an_answer() -> None:
    model = Fallback([first(Finished("blocked")), second()])

    assert await heard(model) == [Finished("blocked")]


async def test_a_silent_model_is_left_and_closed_before_the_next_is_asked() -> None:
    silent = ScriptedModel([Noted("on my way"), HOLD, "Lyon"], name="first")
    closed_first: list[int] = []

    class Watching(ScriptedModel):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
            closed_first.append(silent.closed)
            async for event in super().stream(prompt):
                yield event

    model = Fallback([silent, Watching(["Paris"], name="second")], first_token_s=0.0)

    assert (await heard(model))[1:] == [noted("model_stalled"), Text("Paris"), Finished()]
    assert closed_first == [1]


async def test_a_model_that_has_begun_may_take_its_time() -> None:
    slow = ScriptedModel(["Pa", HOLD, "ris"], name="first")
    model = Fallback([slow, second()], first_token_s=0.0)

    async with asyncio.timeout(5), aclosing(model.stream(PROMPT)) as events:
        assert await anext(events) == Text("Pa")
        later = asyncio.ensure_future(anext(events))
        await slow.holding()
        slow.go_on()
        assert await later == Text("ris")


async def test_the_first_words_leave_before_the_last_are_known() -> None:
    held = ScriptedModel(["Pa", HOLD, "ris"], name="second")
    model = Fallback([first(ModelBusy("slow down")), held])

    async with asyncio.timeout(5), aclosing(model.stream(PROMPT)) as events:
        assert [await anext(events), await anext(events)] == [noted("model_busy"), Text("Pa")]


async def test_a_reader_who_leaves_closes_the_model_that_answers() -> None:
    held = ScriptedModel(["Pa", HOLD, "ris"], name="second")
    model = Fallback([first(ModelBusy("slow down")), held])

    async with aclosing(model.stream(PROMPT)) as events:
        async for event in events:
            if event == Text("Pa"):
                break

    assert held.closed == 1


BUSY = ModelBusy("later", retry_after_s=30)
SOON = ModelBusy("soon", retry_after_s=1)
AWAY = ModelUnreachable("nobody there")
SILENT = ModelStalled("silent")
REFUSED = ModelRefused("no")
MISCONFIGURED = ModelMisconfigured("no key")


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ([BUSY, SOON], SOON),
        ([SOON, REFUSED], SOON),
        ([REFUSED, BUSY], BUSY),
        ([BUSY, AWAY], AWAY),
        ([SILENT, BUSY], BUSY),
        ([SILENT, REFUSED], SILENT),
        ([REFUSED, MISCONFIGURED], REFUSED),
    ],
)
async def test_when_all_fail_the_most_hopeful_failure_is_told(
    errors: list[ModelError], told: ModelError
) -> None:
    assert most_hopeful(errors) is told

    with pytest.raises(type(told), match=str(told)):
        await heard(Fallback([ScriptedModel([error]) for error in errors]))


async def test_the_prompt_must_fit_the_smallest() -> None:
    model = Fallback([ScriptedModel([], window_tokens=200_000), ScriptedModel([], window_tokens=4_096)])

    assert model.window_tokens == 4_096


async def test_each_change_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "penstock")

    await heard(Fallback([first(ModelMisconfigured("first answered 401")), second()]))

    [line] = caplog.records
    facts = vars(line)
    assert (facts["from"], facts["to"], facts["error"]) == ("first", "second", "model_misconfigured")
    assert facts["why"] == "first answered 401"


async def test_when_all_fail_a_line_in_the_log_names_them_all(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "penstock")

    with pytest.raises(ModelBusy):
        await heard(Fallback([first(ModelBusy("slow down")), second(ModelCut("cut"))]))

    assert vars(caplog.records[-1])["errors"] == "first model_busy, second model_cut"


async def test_closing_closes_all_even_when_one_cannot_be() -> None:
    class Closing(ScriptedModel):
        over = False

        async def close(self) -> None:
            self.over = True
            raise OSError("already gone")

    models = [Closing([]), Closing([])]

    with pytest.raises(OSError):
        await Fallback([*models, second()]).close()
    assert [model.over for model in models] == [True, True]


def test_no_model_at_all_is_a_question_back() -> None:
    with pytest.raises(ConfigError, match="Name one"):
        Fallback([])
