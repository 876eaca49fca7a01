"""What a person who asks can rely on."""

from __future__ import annotations

import asyncio

import pytest

from penstock.core.events import (
    Cited,
    Finished,
    Noted,
    Passage,
    Restarted,
    Status,
    Text,
    ToolCalled,
    Usage,
    Waiting,
)
from penstock.core.overlap import Limits
from penstock.core.question import File, Question
from penstock.engine import Rules
from penstock.errors import (
    ModelBusy,
    ModelCut,
    ModelRefused,
    NotFound,
    QuestionChanged,
    QuestionInvalid,
    ShuttingDown,
    ThreadBusy,
    TooManyQueued,
)
from penstock.testing.models import HOLD, ScriptedModel
from tests.engine.conftest import ANN, BOB, Stage


async def test_the_first_words_are_read_before_the_last_are_known(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris"])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id

        await story.seen_until(turn, "Pa")
        model.go_on()

        assert (await story.view(turn)).text == "Paris"


async def test_a_question_that_comes_twice_is_answered_once(stage: Stage) -> None:
    model = ScriptedModel(["Paris"])
    async with stage.story(model) as story:
        first = await story.ask(id="web:1")
        await story.view(first.turn.id)
        again = await story.ask(id="web:1")

        assert again.repeat
        assert again.turn.id == first.turn.id
        assert len(model.asked) == 1


async def test_an_id_used_again_for_another_question_is_refused(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris"])) as story:
        await story.ask("Capital of France?", id="web:1")

        with pytest.raises(QuestionChanged):
            await story.ask("Capital of Spain?", id="web:1")


async def test_bad_questions_leave_no_trace(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris"])) as story:
        with pytest.raises(QuestionInvalid):
            await story.ask("   ")

        with pytest.raises(NotFound):
            await story.transcript()


async def test_questions_of_one_thread_are_answered_in_order(stage: Stage) -> None:
    model = ScriptedModel([HOLD, "one"], ["two"], ["three"])
    async with stage.story(model) as story:
        turns = [(await story.ask(f"question {n}")).turn.id for n in range(3)]
        await model.holding()
        model.go_on()

        texts = [(await story.view(turn)).text for turn in turns]

        assert texts == ["one", "two", "three"]
        assert [prompt.question for prompt in model.asked] == ["question 0", "question 1", "question 2"]


async def test_who_waits_is_told_their_place(stage: Stage) -> None:
    model = ScriptedModel([HOLD, "one"])
    async with stage.story(model) as story:
        await story.ask("a")
        second, third = await story.ask("b"), await story.ask("c")

        assert (second.ahead, third.ahead) == (1, 2)
        async for entries in story.engine.follow(ANN, third.turn.id):
            assert entries[0].event == Waiting(2)
            break
        for _ in range(3):
            model.go_on()


async def test_the_thread_so_far_is_part_of_the_question(stage: Stage) -> None:
    model = ScriptedModel(["Paris"], ["Seine"])
    async with stage.story(model) as story:
        await story.view((await story.ask("Capital of France?")).turn.id)
        await story.view((await story.ask("Its river?")).turn.id)

        said = [(m.role, m.text) for m in model.asked[1].messages]
        assert said == [("user", "Capital of France?"), ("assistant", "Paris"), ("user", "Its river?")]


async def test_a_file_too_long_for_the_model_is_cut_and_the_log_says_so(stage: Stage) -> None:
    model = ScriptedModel(["long"], window_tokens=1_000)
    async with stage.story(model) as story:
        data = b"one line of many\n" * 1_000
        file = File(await story.store.blobs.put(data), "log.txt", "text/plain", len(data))
        question = Question("q1", "acme:web:t1", ANN, "What went wrong?", (file,))
        turn = (await story.engine.ask(question)).received.turn.id
        log = await story.log(turn)

        assert [e.event for e in log if isinstance(e.event, Noted)] == [Noted("trimmed", {"files": 1})]
        assert model.asked[0].question == "What went wrong?"
        assert model.asked[0].files[0].text.endswith("longer than the model can read)")


async def test_a_long_thread_is_trimmed_and_the_log_says_so(stage: Stage) -> None:
    model = ScriptedModel(["word " * 600], ["short"], window_tokens=1_000)
    async with stage.story(model) as story:
        await story.view((await story.ask("First?")).turn.id)
        log = await story.log((await story.ask("Second?")).turn.id)

        assert [e.event for e in log if isinstance(e.event, Noted)] == [Noted("trimmed", {"turns": 1})]
        assert len(model.asked[1].messages) == 1


# --- Stopping -------------------------------------------------------------------


async def test_stopping_keeps_what_was_said_and_closes_the_model(stage: Stage) -> None:
    model = ScriptedModel(["The capital", HOLD, " is Paris"])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        await story.seen_until(turn, "The capital")

        await story.engine.stop(ANN, turn)

        view = await story.view(turn)
        assert (view.state, view.text, view.stopped_by) == ("stopped", "The capital", "person")
        assert model.closed == 1
        assert (await story.transcript())[0].view.text == "The capital"


async def test_a_question_that_waits_can_be_stopped_before_it_begins(stage: Stage) -> None:
    model = ScriptedModel([HOLD, "one"], ["two"])
    async with stage.story(model) as story:
        first, second = await story.ask("a"), await story.ask("b")

        await story.engine.stop(ANN, second.turn.id)

        assert (await story.view(second.turn.id)).state == "stopped"
        model.go_on()
        assert (await story.view(first.turn.id)).text == "one"
        assert len(model.asked) == 1


async def test_stopping_what_has_ended_changes_nothing_and_harms_no_newer_turn(stage: Stage) -> None:
    model = ScriptedModel(["one"], ["tw", HOLD, "o"])
    async with stage.story(model) as story:
        first = (await story.ask("a")).turn.id
        await story.view(first)
        second = (await story.ask("b")).turn.id
        await story.seen_until(second, "tw")

        await story.engine.stop(ANN, first)
        model.go_on()

        assert (await story.view(first)).state == "done"
        assert (await story.view(second)).text == "two"


async def test_an_answer_that_nobody_reads_any_more_can_be_let_go(stage: Stage) -> None:
    model = ScriptedModel(["The capital", HOLD, " is Paris"])
    async with stage.story(model, rules=Rules(abandoned_s=0.0)) as story:
        turn = (await story.ask()).turn.id
        await story.seen_until(turn, "The capital")

        story.engine.abandoned(turn)

        view = await story.ended(turn)
        assert (view.state, view.text, view.stopped_by) == ("stopped", "The capital", "closed")


async def test_an_answer_that_somebody_else_follows_goes_on(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris"])
    async with stage.story(model, rules=Rules(abandoned_s=0.0)) as story:
        turn = (await story.ask()).turn.id
        reader = asyncio.create_task(story.view(turn))
        await story.seen_until(turn, "Pa")
        unread = (await story.ask(thread="t2")).turn.id

        story.engine.abandoned(turn)
        story.engine.abandoned(unread)
        # Its turn to be looked at came after the other's.
        assert (await story.ended(unread)).stopped_by == "closed"
        model.go_on()

        assert (await reader).text == "Paris"


# --- Overlap --------------------------------------------------------------------


async def test_an_interruption_stops_what_runs_and_is_answered_next(stage: Stage) -> None:
    model = ScriptedModel(["one and", HOLD, " more"], ["two"])
    async with stage.story(model) as story:
        first = (await story.ask("a")).turn.id
        await story.seen_until(first, "one and")

        second = (await story.ask("b", overlap="interrupt")).turn.id

        assert (await story.view(second)).text == "two"
        assert (await story.view(first)).stopped_by == "interrupted"


async def test_what_arrives_in_a_burst_is_answered_together(stage: Stage) -> None:
    model = ScriptedModel([HOLD, "one"], ["both"])
    async with stage.story(model) as story:
        await story.ask("a", overlap="burst")
        second = await story.ask("b", overlap="burst")
        third = await story.ask("c", overlap="burst")
        model.go_on()

        assert second.turn.id == third.turn.id
        assert (await story.view(second.turn.id)).text == "both"
        assert model.asked[1].question == "b\n\nc"


async def test_a_thread_that_refuses_overlap_says_so(stage: Stage) -> None:
    model = ScriptedModel([HOLD, "one"])
    async with stage.story(model) as story:
        await story.ask("a")

        with pytest.raises(ThreadBusy):
            await story.ask("b", overlap="reject")
        model.go_on()


async def test_too_many_waiting_questions_are_refused_before_they_are_accepted(stage: Stage) -> None:
    model = ScriptedModel([HOLD, "one"])
    rules = Rules(limits=Limits(queued_per_thread=1))
    async with stage.story(model, rules=rules) as story:
        await story.ask("a")
        await story.ask("b")

        with pytest.raises(TooManyQueued):
            await story.ask("c")

        assert len(await story.transcript()) == 2
        model.go_on()
        model.go_on()


async def test_no_more_turns_run_than_are_allowed(stage: Stage) -> None:
    model = ScriptedModel([HOLD, "done"])
    async with stage.story(model, rules=Rules(max_running=2)) as story:
        turns = [(await story.ask(thread=f"t{n}")).turn.id for n in range(4)]
        await model.holding()

        assert story.engine.running == 2
        assert await story.engine.queued() == 2
        for _ in turns:
            model.go_on()
        assert [(await story.view(turn)).text for turn in turns] == ["done"] * 4


# --- Models that fail -----------------------------------------------------------


async def test_a_busy_model_is_asked_again_before_its_first_word(stage: Stage) -> None:
    model = ScriptedModel([ModelBusy("429", retry_after_s=0.0)], ["Paris"])
    async with stage.story(model) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.text, view.epoch) == ("Paris", 0)
        assert len(model.asked) == 2


async def test_a_model_that_asks_for_a_long_wait_fails_with_a_sentence(stage: Stage) -> None:
    model = ScriptedModel([ModelBusy("429", retry_after_s=3_600)])
    async with stage.story(model) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.state, view.error_code, view.error) == ("failed", "model_busy", ModelBusy.for_reader)
        assert len(model.asked) == 1


async def test_an_answer_cut_in_the_middle_starts_over_in_the_same_place(stage: Stage) -> None:
    model = ScriptedModel(["The cap", ModelCut("reset")], ["Paris"])
    async with stage.story(model) as story:
        log = await story.log((await story.ask()).turn.id)

        assert [e.event for e in log] == [
            Text("The cap"),
            Restarted(2, "model_cut"),
            Text("Paris"),
            Finished(),
        ]
        assert [e.attempt for e in log] == [1, 2, 2, 2]
        assert (await story.reports.get()).tries == 2


async def test_an_end_without_the_end_mark_is_no_short_success(stage: Stage) -> None:
    model = ScriptedModel(["Paris"], cut=True)
    async with stage.story(model) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.state, view.error_code, view.text) == ("failed", "model_cut", "Paris")
        assert len(model.asked) == 3


async def test_a_refusal_is_not_tried_again(stage: Stage) -> None:
    model = ScriptedModel([ModelRefused("401")])
    async with stage.story(model) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.state, view.error_code) == ("failed", "model_refused")
        assert len(model.asked) == 1


async def test_a_silent_model_is_given_up(stage: Stage) -> None:
    model = ScriptedModel([HOLD])
    rules = Rules(first_token_s=0.05, max_attempts=1)
    async with stage.story(model, rules=rules) as story:
        view = await story.view((await story.ask()).turn.id)

        assert view.error_code == "model_stalled"
        assert model.closed == 1


async def test_a_model_that_falls_silent_in_the_middle_is_tried_again(stage: Stage) -> None:
    model = ScriptedModel(["The cap", HOLD], ["Paris"])
    async with stage.story(model, rules=Rules(idle_s=0.05)) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.state, view.text, view.epoch) == ("done", "Paris", 1)


async def test_a_turn_that_takes_too_long_is_stopped_with_what_there_is(stage: Stage) -> None:
    model = ScriptedModel(["The capital", HOLD])
    async with stage.story(model, rules=Rules(turn_max_s=0.1)) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.state, view.text, view.stopped_by) == ("stopped", "The capital", "time")


async def test_a_tool_that_nobody_has_ends_the_turn_with_a_clear_sentence(stage: Stage) -> None:
    model = ScriptedModel(["Let me look.", ToolCalled("c1", "search", "{}"), Finished("tool")])
    async with stage.story(model) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.state, view.text) == ("failed", "Let me look.")
        assert "tool" in view.error


async def test_a_fault_of_ours_is_told_without_its_words(stage: Stage) -> None:
    model = ScriptedModel(["Pa", ValueError("secret words")])
    async with stage.story(model) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.state, view.text, view.reference != "") == ("failed", "Pa", True)
        assert "secret" not in view.error


# --- Usage ----------------------------------------------------------------------


async def test_what_answers_used_is_counted_by_day_and_model(stage: Stage) -> None:
    model = ScriptedModel(["Paris", Usage("gpt-x", 10, 4)])
    async with stage.story(model) as story:
        for thread in ("t1", "t2", "t3"):
            turn = (await story.ask(thread=thread)).turn.id
            await story.ended(turn)

        days = await story.engine.usage(ANN)

        assert sum(day.turns for day in days) == 3
        assert days[0].models["gpt-x"] == Usage("gpt-x", 30, 12)
        assert await story.engine.usage(BOB) == []


async def test_a_model_that_asked_its_provider_twice_is_counted_twice(stage: Stage) -> None:
    model = ScriptedModel([Usage("small", 10, 4), "Paris", Usage("large", 100, 7), Usage("large", 1, 1)])
    async with stage.story(model) as story:
        assert (await story.ended((await story.ask()).turn.id)).usage == Usage("large", 111, 12)


# --- Knowledge ------------------------------------------------------------------


class Handbook:
    def __init__(self, *, slow: bool = False) -> None:
        self.passages = [Passage("leave.md", "Thirty days."), Passage("travel.md", "By train.")]
        self.found = asyncio.Event()
        if not slow:
            self.found.set()

    async def search(self, query: str, limit: int) -> list[Passage]:
        await self.found.wait()
        return self.passages


async def test_passages_reach_the_model_and_what_it_cites_is_an_event(stage: Stage) -> None:
    model = ScriptedModel(["Thirty days [1].", Usage("m", 10, 4)])
    async with stage.story(model, knowledge=Handbook()) as story:
        log = await story.log((await story.ask("How much leave?")).turn.id)

        assert model.asked[0].passages == tuple(Handbook().passages)
        assert [e.event for e in log[1:]] == [
            Cited(1, Passage("leave.md", "Thirty days.")),
            Usage("m", 10, 4),
            Finished(),
        ]


async def test_a_slow_search_is_told_to_the_reader(stage: Stage) -> None:
    handbook = Handbook(slow=True)
    async with stage.story(ScriptedModel(["By train."]), knowledge=handbook) as story:
        turn = (await story.ask("How do I travel?")).turn.id
        async for entries in story.engine.follow(ANN, turn):
            if entries:
                assert isinstance(entries[0].event, Status)
                break
        handbook.found.set()

        assert (await story.view(turn)).text == "By train."


# --- Rights and forgetting ------------------------------------------------------


async def test_nobody_else_can_read_stop_or_continue_a_thread(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris"])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        thread = "acme:web:t1"

        with pytest.raises(NotFound):
            await story.seen_until(turn, "Pa", person=BOB)
        with pytest.raises(NotFound):
            await story.engine.stop(BOB, turn)
        with pytest.raises(NotFound):
            await story.engine.transcript(BOB, thread)
        with pytest.raises(NotFound):
            await story.engine.forget(BOB, thread)
        with pytest.raises(NotFound):
            await story.engine.turn(BOB, turn)
        with pytest.raises(NotFound):
            await story.ask("Mine now?", person=BOB)
        with pytest.raises(NotFound):
            await anext(story.engine.follow_thread(BOB, thread))
        model.go_on()
        assert (await story.view(turn)).text == "Paris"


async def test_a_forgotten_thread_leaves_nothing_and_its_answer_ends(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris"])
    async with stage.story(model) as story:
        turn = (await story.ask(id="web:1")).turn.id
        await story.seen_until(turn, "Pa")

        await story.engine.forget(ANN, "acme:web:t1")

        with pytest.raises(NotFound):
            await story.transcript()
        with pytest.raises(NotFound):
            await story.engine.turn(ANN, turn)


# --- Following a thread ---------------------------------------------------------


async def test_who_follows_a_thread_hears_every_answer_in_it(stage: Stage) -> None:
    model = ScriptedModel(["one"], ["two"])
    async with stage.story(model) as story:
        first = (await story.ask("a")).turn.id
        heard: list[tuple[str, str]] = []

        async for turn, entries in story.engine.follow_thread(ANN, "acme:web:t1"):
            heard += [(turn, e.event.text) for e in entries if isinstance(e.event, Text)]
            if len(heard) == 1 and not entries:
                await story.ask("b")
            if len(heard) == 2:
                break

        assert [text for _, text in heard] == ["one", "two"]
        assert heard[0][0] == first


# --- Shutting down --------------------------------------------------------------


async def test_an_engine_that_closes_takes_no_more_questions(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris"])) as story:
        await story.engine.close()

        with pytest.raises(ShuttingDown):
            await story.engine.ask(Question("q", "acme:web:t1", ANN, "?"))


async def test_running_turns_may_finish_within_the_grace_period(stage: Stage) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris"])
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        await story.seen_until(turn, "Pa")

        closing = asyncio.create_task(story.engine.close(grace_s=10))
        model.go_on()
        await closing

        assert (await story.view(turn)).text == "Paris"


async def test_what_is_not_finished_in_time_is_given_back_and_answered_by_the_next(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["The cap", HOLD])) as story:
        turn = (await story.ask()).turn.id
        await story.seen_until(turn, "The cap")
    given_back = story.reports.get_nowait()
    assert (given_back.outcome, given_back.first_visible_s is None) == ("queued", False)

    async with stage.story(ScriptedModel(["Paris"])) as story:
        view = await story.view(turn)

        assert (view.state, view.text, view.epoch) == ("done", "Paris", 1)
        report = await story.reports.get()
        assert report.tries == 1
        assert report.first_visible_s is None, "the other engine showed the first word, and told so"


async def test_what_the_owner_wishes_of_the_model_yields_to_what_a_question_wishes(stage: Stage) -> None:
    model = ScriptedModel(["Paris"])
    rules = Rules(options={"temperature": 0.2, "max_tokens": 100})
    async with stage.story(model, rules=rules) as story:
        question = Question("q1", "acme:web:t1", ANN, "Capital?", options={"temperature": 0.9})
        await story.view((await story.engine.ask(question)).received.turn.id)

    assert model.asked[0].options == {"temperature": 0.9, "max_tokens": 100}
