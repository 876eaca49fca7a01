"""What people do with their threads beside asking: the bin, links, feedback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Self

import pytest

from penstock.core.events import Entry
from penstock.core.shelves import feedback_key, share_key, shared_key
from penstock.core.turn import View, fold
from penstock.engine import Rules
from penstock.engine.conversations import Conversations, checked_title
from penstock.engine.feedback import MAX_REMARK_CHARS, RemarkInvalid, decoded
from penstock.errors import NotFound, StoreLocked
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.threads import SqliteThreads
from penstock.testing.models import HOLD, ScriptedModel
from tests.engine.conftest import ANN, BOB, Stage, Story

T1 = "acme:web:t1"


async def answered(story: Story, text: str = "?", thread: str = "t1", replaces: str = "") -> str:
    turn = (await story.ask(text, thread=thread, replaces=replaces)).turn.id
    await story.view(turn)
    return turn


class Reading:
    """A reader that follows a turn from now on."""

    def __init__(self, story: Story, turn: str) -> None:
        self._news = story.engine.follow(ANN, turn)
        self._entries: list[Entry] = []

    async def begin(self) -> Self:
        self._entries += await anext(self._news)
        return self

    async def view(self) -> View:
        """What it sees in the end."""
        async for entries in self._news:
            self._entries += entries
        return fold(entry.event for entry in self._entries)


# --- The bin --------------------------------------------------------------------


async def test_what_runs_and_waits_in_a_deleted_thread_is_stopped(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Pa", HOLD])) as story:
        running = (await story.ask()).turn.id
        await story.seen_until(running, "Pa")
        waiting = (await story.ask()).turn.id
        readers = [await Reading(story, turn).begin() for turn in (running, waiting)]

        await story.engine.conversations.bin(ANN, T1)
        views = [await reader.view() for reader in readers]

    assert [(view.state, view.stopped_by) for view in views] == [("stopped", "deleted")] * 2


async def test_what_runs_is_stopped_however_many_were_stopped_while_they_waited_behind_it(
    stage: Stage,
) -> None:
    async with stage.story(ScriptedModel(["Pa", HOLD])) as story:
        running = (await story.ask()).turn.id
        await story.seen_until(running, "Pa")
        for _ in range(45):
            waiting = (await story.ask()).turn.id
            await story.engine.stop(ANN, waiting)
            await story.view(waiting)
        reader = await Reading(story, running).begin()

        await story.engine.conversations.bin(ANN, T1)

        assert (await reader.view()).stopped_by == "deleted"


async def test_whoever_follows_a_deleted_thread_is_told_that_it_is_gone(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Pa", HOLD])) as story:
        turn = (await story.ask()).turn.id
        news = story.engine.follow_thread(ANN, T1)
        async for _, entries in news:
            if entries:
                break

        await story.engine.conversations.bin(ANN, T1)

        told: set[str] = set()
        with pytest.raises(NotFound):
            await all_turns(news, told)

    assert told == {turn}


async def all_turns(news: AsyncIterator[tuple[str, object]], told: set[str]) -> None:
    async for turn, _ in news:
        told.add(turn)


READS: list[Callable[[Story, str], object]] = [
    lambda story, turn: story.engine.turn(ANN, turn),
    lambda story, turn: story.engine.stop(ANN, turn),
    lambda story, turn: story.engine.transcript(ANN, T1),
    lambda story, turn: anext(story.engine.follow(ANN, turn)),
    lambda story, turn: anext(story.engine.follow_thread(ANN, T1)),
    lambda story, turn: story.ask(),
    lambda story, turn: story.engine.conversations.thread(ANN, T1),
    lambda story, turn: story.engine.conversations.rename(ANN, T1, "x"),
    lambda story, turn: story.engine.conversations.share(ANN, T1),
    lambda story, turn: story.engine.conversations.unshare(ANN, T1),
    lambda story, turn: story.engine.conversations.token(ANN, T1),
    lambda story, turn: story.engine.conversations.rate(ANN, turn, "up"),
    lambda story, turn: story.engine.conversations.unrate(ANN, turn),
]


async def test_a_deleted_thread_is_gone_for_everything_but_being_restored(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        turn = await answered(story)
        conversations = story.engine.conversations
        token = await conversations.share(ANN, T1)
        await conversations.bin(ANN, T1)
        await conversations.bin(ANN, T1)

        for read in READS:
            with pytest.raises(NotFound):
                await read(story, turn)  # type: ignore[misc]
        with pytest.raises(NotFound):
            await conversations.shared(token)
        assert await conversations.listed(ANN) == []
        with pytest.raises(NotFound):
            await conversations.restore(BOB, T1)

        await conversations.restore(ANN, T1)
        await conversations.restore(ANN, T1)

        assert [thread.key for thread in await conversations.listed(ANN)] == [T1]
        assert len(await story.transcript()) == 1
        assert (await conversations.shared(token)).thread.key == T1


async def test_a_deleted_thread_can_be_forgotten_at_once(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        await answered(story)
        await story.engine.conversations.bin(ANN, T1)

        await story.engine.forget(ANN, T1)

        with pytest.raises(NotFound):
            await story.engine.conversations.restore(ANN, T1)


class Watched(SqliteThreads):
    """Tells how often the bin was emptied, and may fail."""

    def __init__(self, store: SqliteStore, clock: Callable[[], float]) -> None:
        super().__init__(store.database, store.blobs, clock)
        self.emptied: asyncio.Queue[list[str]] = asyncio.Queue()
        self.fails = False

    async def forget_binned(self, before_s: float) -> list[str]:
        if self.fails:
            self.emptied.put_nowait([])
            raise StoreLocked("held by a test")
        turns = await super().forget_binned(before_s)
        self.emptied.put_nowait(turns)
        return turns


def watched(stage: Stage, clock: Callable[[], float]) -> tuple[SqliteStore, Watched]:
    store = SqliteStore(stage.folder)
    store.threads = threads = Watched(store, clock)
    return store, threads


async def test_the_bin_is_emptied_after_a_while_and_then_nothing_is_restored(stage: Stage) -> None:
    # One was deleted long ago, by the store's clock; the other one just now, by the engine's.
    times = iter((1.0, 4e9))
    store, threads = watched(stage, lambda: next(times))
    rules = Rules(bin_s=0.05, lease_s=0.1)
    async with stage.story(ScriptedModel(["Paris."]), store=store, rules=rules) as story:
        turn = await answered(story)
        await answered(story, thread="t2")
        await answered(story, thread="t3")
        conversations = story.engine.conversations
        await conversations.bin(ANN, T1)
        await conversations.bin(ANN, "acme:web:t2")
        while not (emptied := await threads.emptied.get()):
            pass

        assert emptied == [turn]
        with pytest.raises(NotFound):
            await conversations.restore(ANN, T1)
        await conversations.restore(ANN, "acme:web:t2")
        assert len(await conversations.listed(ANN)) == 2


async def test_a_bin_that_cannot_be_emptied_is_told_and_tried_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    store, threads = watched(stage, lambda: 1.0)
    threads.fails = True
    rules = Rules(bin_s=0.05, lease_s=0.1)
    async with stage.story(ScriptedModel(["Paris."]), store=store, rules=rules) as story:
        await answered(story)
        await story.engine.conversations.bin(ANN, T1)
        await threads.emptied.get()
        await threads.emptied.get()
        threads.fails = False
        while not await threads.emptied.get():
            pass

    told = [record for record in caplog.records if record.msg == "binned threads were not forgotten"]
    assert told
    assert vars(told[0])["error"] == "store_locked"


# --- Sharing --------------------------------------------------------------------


async def test_a_link_shows_what_stands_and_what_comes_later_until_it_is_taken_back(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        conversations = story.engine.conversations
        first = await answered(story, "A?")
        await answered(story, "B?", replaces=first)
        token = await conversations.share(ANN, T1)
        await answered(story, "C?")

        shared = await conversations.shared(token)
        assert [e.questions[0].text for e in shared.exchanges] == ["B?", "C?"]
        assert shared.thread.title == "B?"
        assert await conversations.token(ANN, T1) == token

        await conversations.unshare(ANN, T1)
        await conversations.unshare(ANN, T1)
        with pytest.raises(NotFound):
            await conversations.shared(token)
        assert await conversations.token(ANN, T1) is None
        another = await conversations.share(ANN, T1)
        assert another != token
        with pytest.raises(NotFound):
            await conversations.shared(token)


async def test_a_thread_has_one_link_however_often_and_at_once_it_is_shared(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        await answered(story)
        await answered(story, thread="t2")
        share = story.engine.conversations.share
        tokens = await asyncio.gather(*(share(ANN, T1) for _ in range(5)))
        other = await share(ANN, "acme:web:t2")

    assert len({*tokens}) == 1
    assert other not in tokens
    # Six bits a character.
    assert len(other) * 6 >= 128


async def test_half_a_link_shows_nothing(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        await answered(story)
        conversations, shelf = story.engine.conversations, story.store.shelf
        token = await conversations.share(ANN, T1)

        # As if the process had died between the two writes of taking it back, in either order.
        await shelf.delete(shared_key(T1))
        with pytest.raises(NotFound):
            await conversations.shared(token)
        await shelf.put(shared_key(T1), b"x" * 32)
        with pytest.raises(NotFound):
            await conversations.shared(token)
        await shelf.put(shared_key(T1), token.encode())
        await shelf.delete(share_key(token))
        with pytest.raises(NotFound):
            await conversations.shared(token)
        assert await conversations.share(ANN, T1) == token
        assert (await conversations.shared(token)).thread.key == T1


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 21, "x" * 32, "x" * 100_000, "../" * 11, "\x00" * 32, "é" * 32]
)
async def test_what_is_no_token_shows_nothing(stage: Stage, token: str) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        await answered(story)
        await story.engine.conversations.share(ANN, T1)
        with pytest.raises(NotFound):
            await story.engine.conversations.shared(token)


async def test_a_forgotten_thread_is_not_shared_again_with_whoever_takes_its_name(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        await answered(story)
        token = await story.engine.conversations.share(ANN, T1)
        await story.engine.forget(ANN, T1)
        await answered(story, "A secret?")

        with pytest.raises(NotFound):
            await story.engine.conversations.shared(token)
        assert await story.engine.conversations.token(ANN, T1) is None


# --- Feedback -------------------------------------------------------------------


async def test_feedback_is_kept_changed_and_taken_back(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        turn, other = await answered(story), await answered(story)
        conversations = story.engine.conversations

        await conversations.rate(ANN, turn, "up")
        await conversations.rate(ANN, turn, "down", "  Wrong.\nIt is Paris.  ")
        rated = await conversations.ratings([turn, other])
        kept = await story.store.shelf.get(feedback_key(turn))
        await conversations.unrate(ANN, turn)
        await conversations.unrate(ANN, turn)

        assert {id: (given.rating, given.remark) for id, given in rated.items()} == {
            turn: ("down", "Wrong.\nIt is Paris.")
        }
        assert kept is not None
        assert decoded(kept.value) == rated[turn]
        assert await conversations.ratings([turn, other]) == {}


async def test_feedback_goes_with_its_thread(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        turn = await answered(story)
        await story.engine.conversations.rate(ANN, turn, "down", "Wrong.")
        await story.engine.forget(ANN, T1)

        assert await story.store.shelf.get(feedback_key(turn)) is None


class ForgetfulShelf:
    """Hands on what it is asked, and forgets a thread while something is written."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def __getattr__(self, name: str) -> object:
        return getattr(self._story.store.shelf, name)

    async def put(self, key: str, value: bytes, *, if_version: int | None = None) -> int | None:
        await self._story.store.threads.forget(T1)
        return await self._story.store.shelf.put(key, value, if_version=if_version)


def meanwhile_forgotten(story: Story) -> Conversations:
    """As the engine has it, but the thread is forgotten while something is written."""
    conversations = story.engine.conversations
    conversations._shelf = ForgetfulShelf(story)  # type: ignore[assignment]
    return conversations


async def test_nothing_stays_of_what_was_written_while_its_thread_was_forgotten(stage: Stage) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        turn = await answered(story)
        await story.reported(1)
        with pytest.raises(NotFound):
            await meanwhile_forgotten(story).rate(ANN, turn, "down", "Wrong.")
        await answered(story)
        with pytest.raises(NotFound):
            await meanwhile_forgotten(story).share(ANN, T1)
        left = [d.key for prefix in ("feedback/", "share") for d in await story.store.shelf.list(prefix)]

    assert left == []


@pytest.mark.parametrize("remark", ["x" * (MAX_REMARK_CHARS + 1), "a\x00b"])
async def test_a_remark_has_bounds(stage: Stage, remark: str) -> None:
    async with stage.story(ScriptedModel(["Paris."])) as story:
        turn = await answered(story)
        with pytest.raises(RemarkInvalid):
            await story.engine.conversations.rate(ANN, turn, "up", remark)
        await story.engine.conversations.rate(ANN, turn, "up", "x" * MAX_REMARK_CHARS)


@pytest.mark.parametrize("title", ["Paris", "🧑‍🚀 in Paris", "パリ　旅行", "  Paris ", "x" * 120])
def test_a_title_may_be_in_any_script(title: str) -> None:
    assert checked_title(title) == title.strip()
