"""What models, searches, and the moment do wrong, and what a turn does about it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable

import msgspec
import pytest

from penstock.core.events import Cited, Event, Finished, Noted, Passage, Restarted, Text, Usage
from penstock.core.prompt import Prompt
from penstock.core.question import Person, Question
from penstock.core.shelves import persons_shelf
from penstock.engine import Rules, TurnReport
from penstock.errors import NotFound, QuestionInvalid, StoreLocked
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.threads import SqliteThreads
from penstock.testing.models import HOLD, ScriptedModel
from tests.engine.conftest import ANN, Stage
from tests.engine.test_logs import gated

Stream = Callable[[asyncio.Event], AsyncGenerator[Event]]


class Unruly:
    """A model made of a generator that does what no model should; `reached` is set when it waits."""

    name = "unruly"
    window_tokens = 8_000

    def __init__(self, stream: Stream) -> None:
        self.reached = asyncio.Event()
        self._stream = stream

    def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        return self._stream(self.reached)


async def complains_when_closed(reached: asyncio.Event) -> AsyncGenerator[Event]:
    try:
        yield Text("one")
        reached.set()
        await asyncio.Event().wait()
    finally:
        raise RuntimeError("not so fast")


async def hangs_when_closed(reached: asyncio.Event) -> AsyncGenerator[Event]:
    try:
        yield Text("one")
        reached.set()
        await asyncio.Event().wait()
    finally:
        await asyncio.Event().wait()


async def does_not_listen(reached: asyncio.Event) -> AsyncGenerator[Event]:
    yield Text("one")
    while True:
        try:
            reached.set()
            await asyncio.Event().wait()
        except BaseException:
            yield Text(" more")


async def gives_another_error(reached: asyncio.Event) -> AsyncGenerator[Event]:
    yield Text("one")
    try:
        reached.set()
        await asyncio.Event().wait()
    except BaseException:
        raise ValueError("something else") from None


@pytest.mark.parametrize(
    "stream", [complains_when_closed, hangs_when_closed, does_not_listen, gives_another_error]
)
async def test_a_stop_is_carried_out_whatever_the_model_says_to_it(stage: Stage, stream: Stream) -> None:
    model = Unruly(stream)
    async with stage.story(model) as story:
        turn = (await story.ask()).turn.id
        await model.reached.wait()

        await story.engine.stop(ANN, turn)

        log = await story.log(turn)
        assert not any(isinstance(entry.event, Restarted) for entry in log)
        view = await story.view(turn)
        assert (view.state, view.stopped_by, view.text) == ("stopped", "person", "one")


@pytest.mark.parametrize(
    "wrong",
    [
        msgspec.structs.replace(Finished(), reason="stop"),
        Cited(1, msgspec.structs.replace(Passage("a.md", "…"), heading=None)),
        Text("\ud800"),
    ],
    ids=["a reason of its own", "a passage without a heading", "half a character"],
)
async def test_a_models_wrong_value_ends_its_turn_and_nothing_else(stage: Stage, wrong: Event) -> None:
    model = ScriptedModel(["Pa", wrong], ["fine"])
    async with stage.story(model, rules=Rules(max_attempts=1)) as story:
        broken = await story.view((await story.ask("a")).turn.id)
        after = await story.view((await story.ask("b")).turn.id)

        assert (broken.state, broken.text) == ("failed", "Pa")
        assert (after.state, after.text) == ("done", "fine")


async def test_a_model_that_cancels_itself_fails_with_a_sentence(stage: Stage) -> None:
    async def cancels(reached: asyncio.Event) -> AsyncGenerator[Event]:
        yield Text("Pa")
        raise asyncio.CancelledError

    async with stage.story(Unruly(cancels)) as story:
        view = await story.view((await story.ask()).turn.id)

        assert (view.state, view.text) == ("failed", "Pa")


async def test_of_what_a_model_raises_the_log_has_kind_and_place_and_not_the_words(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(reached: asyncio.Event) -> AsyncGenerator[Event]:
        yield Text("Pa")
        raise ValueError("no entry for my secret question")

    async with stage.story(Unruly(breaks)) as story:
        view = await story.view((await story.ask("my secret question")).turn.id)

    assert (view.state, view.text) == ("failed", "Pa")
    (record,) = [record for record in caplog.records if record.msg == "a turn broke"]
    line = breaks.__code__.co_firstlineno + 2
    assert vars(record)["why"] == f"ValueError at {__file__}:{line} in breaks"
    assert "secret" not in caplog.text


@pytest.mark.parametrize("said", [Text("x"), Usage("m", 1, 1), Noted("x")], ids=lambda e: type(e).__name__)
async def test_a_model_that_never_waits_does_not_keep_everybody_else_waiting(
    stage: Stage, said: Event
) -> None:
    others = asyncio.Event()

    async def hurried(reached: asyncio.Event) -> AsyncGenerator[Event]:
        reached.set()
        for _ in range(1_000):
            if others.is_set():
                yield Text(" enough")
                return
            yield said

    async def somebody_else(reached: asyncio.Event) -> None:
        await reached.wait()
        others.set()

    model = Unruly(hurried)
    async with stage.story(model, rules=Rules(max_attempts=1)) as story, asyncio.TaskGroup() as tasks:
        tasks.create_task(somebody_else(model.reached))
        view = await story.view((await story.ask()).turn.id)

    assert view.text.endswith(" enough")


async def test_whoever_is_told_of_turns_and_breaks_harms_no_turn_and_is_logged_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    ended: asyncio.Queue[str] = asyncio.Queue()

    def report(told: TurnReport) -> None:
        ended.put_nowait(told.turn)
        raise ValueError("secret")

    async with stage.story(ScriptedModel(["Paris"]), report=report) as story:
        turns = {(await story.ask(thread=f"t{n}")).turn.id for n in range(5)}
        assert {await ended.get() for _ in turns} == turns
        assert {(await story.view(turn)).state for turn in turns} == {"done"}

    (record,) = [record for record in caplog.records if "broke" in record.msg]
    assert "ValueError at" in vars(record)["why"]
    assert "secret" not in caplog.text


async def test_old_threads_that_cannot_be_forgotten_are_told_and_looked_at_again_later(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    asked = asyncio.Event()

    class Held(SqliteThreads):
        async def forget_before(self, when_s: float) -> list[str]:
            asked.set()
            raise StoreLocked("held by a test")

    store = SqliteStore(stage.folder)
    store.threads = Held(store.database, store.blobs, time.time)
    rules = Rules(retention_days=1.0, lease_s=0.1)
    async with stage.story(ScriptedModel(["Paris"]), store=store, rules=rules) as story:
        await asked.wait()
        assert (await story.view((await story.ask()).turn.id)).text == "Paris"

    (record,) = [record for record in caplog.records if record.msg == "old threads were not forgotten"]
    assert vars(record)["error"] == "store_locked"


async def test_a_search_that_fails_is_told_without_its_words(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        async def search(self, query: str, limit: int) -> list[Passage]:
            raise StoreLocked(f"locked while looking for {query!r}")

    async with stage.story(ScriptedModel(["?"]), knowledge=Broken()) as story:
        view = await story.view((await story.ask("my secret question")).turn.id)

        assert (view.state, view.error_code) == ("failed", "search_failed")
        assert "secret" not in caplog.text
        (record,) = [record for record in caplog.records if record.msg == "the model failed"]
        assert re.fullmatch(rf"StoreLocked at {__file__}:\d+ in search", vars(record)["why"])


async def test_a_question_of_the_wrong_shape_stands_in_nobodys_way(stage: Stage) -> None:
    person = msgspec.structs.replace(Person("acme", "u7"), name=None)
    async with stage.story(ScriptedModel(["Paris"])) as story:
        with pytest.raises(QuestionInvalid):
            await story.engine.ask(Question("q1", "acme:web:t9", person, "Where?"))

        assert (await story.view((await story.ask()).turn.id)).text == "Paris"


async def test_the_answers_of_one_person_that_end_together_are_all_counted(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["ok"])) as story:
        for n in range(40):
            await story.ask(thread=f"t{n}")
        await story.reported(40)

        assert sum(day.turns for day in await story.engine.usage(ANN)) == 40


def test_ids_with_slashes_do_not_meet_on_the_shelf() -> None:
    assert persons_shelf(Person("a", "b/c")) != persons_shelf(Person("a/b", "c"))


async def test_a_forgotten_running_turn_is_let_go_of_by_the_journal(stage: Stage) -> None:
    store, turns = gated(stage.folder)
    turns.gate.clear()
    model = ScriptedModel(["Pa", HOLD])
    async with stage.story(model, store=store) as story:
        await story.ask()
        await turns.asked.wait()

        await story.engine.forget(ANN, "acme:web:t1")

        await asyncio.wait(story.engine._dispatcher._tasks.values())
        journal = story.engine._journal
        turns.gate.set()
        await asyncio.gather(*journal._tasks)
        assert not journal._due


async def test_who_follows_a_thread_that_is_forgotten_is_told(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris"])) as story:
        await story.view((await story.ask()).turn.id)
        news = story.engine.follow_thread(ANN, "acme:web:t1")
        while (await anext(news))[1]:
            pass

        await story.engine.forget(ANN, "acme:web:t1")

        with pytest.raises(NotFound):
            await anext(news)
