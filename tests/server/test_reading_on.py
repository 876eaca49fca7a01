"""A thread is read, and followed from there: together that is the whole thread, and nothing comes twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from penstock.errors import ModelCut
from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import Line, Place, Places, Stream

Transcript = dict[str, Any]


async def read(place: Place, query: str = "", thread: str = "t1") -> Transcript:
    response = await place.get(f"/api/threads/{thread}{query}")
    assert response.status_code == 200, response.text
    found: Transcript = response.json()
    return found


def shown(transcript: Transcript) -> dict[str, tuple[list[str], str, str]]:
    """The turns in order: what was asked, what became of it, what was said."""
    return {
        turn["answer"]["turn"]: (
            [question["text"] for question in turn["questions"]],
            turn["answer"]["state"],
            turn["answer"]["text"],
        )
        for turn in transcript["turns"]
    }


class Screen:
    """What a page shows that read a thread and follows it from there."""

    def __init__(self, transcript: Transcript) -> None:
        self.turns = shown(transcript)
        self.told: list[str] = []
        self.runs: dict[str, dict[str, Any]] = {}

    def take(self, turn: str, event: dict[str, Any]) -> None:
        asked, state, text = self.turns.get(turn, ([], "queued", ""))
        match event:
            case {"type": "RUN_STARTED"}:
                self.told.append(turn)
                self.runs[turn] = event["input"]
                asked, text = [m["content"] for m in event["input"]["messages"]], ""
            case {"type": "TEXT_MESSAGE_CONTENT", "delta": delta}:
                text += delta
            case {"type": "MESSAGES_SNAPSHOT", "messages": messages}:
                said = [m["content"] for m in messages if m["id"].startswith(f"{turn}:")]
                text = "".join(said)
            case {"type": "RUN_FINISHED", "outcome": {"type": outcome}}:
                state = "done" if outcome == "success" else "stopped"
            case {"type": "RUN_ERROR"}:
                state = "failed"
        self.turns[turn] = (asked, state, text)


class BySse:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._turn = ""

    async def next(self) -> list[tuple[str, dict[str, Any]]]:
        event = await self._stream.next()
        assert event is not None
        if event.type == "beat":
            return []
        self._turn = event.data.get("runId", self._turn)
        return [(self._turn, event.data)]


class BySocket:
    def __init__(self, line: Line) -> None:
        self._line = line

    async def next(self) -> list[tuple[str, dict[str, Any]]]:
        frame = await self._line.next()
        return [(frame["turn"], event) for event in frame["events"]]


@asynccontextmanager
async def followed(place: Place, way: str, cursor: str) -> AsyncIterator[BySse | BySocket]:
    if way == "sse":
        async with place.stream(f"/api/threads/t1/events?cursor={cursor}") as stream:
            yield BySse(stream)
    else:
        async with place.line() as line:
            await line.say("resume", thread="t1", cursor=cursor)
            yield BySocket(line)


async def until_ended(screen: Screen, news: BySse | BySocket, turn: str) -> None:
    while screen.turns.get(turn, ([], "", ""))[1] != "done":
        for of, event in await news.next():
            screen.take(of, event)


@pytest.mark.parametrize("way", ["sse", "socket"])
@pytest.mark.parametrize("when", ["while it runs", "after its end", "after all"])
@pytest.mark.parametrize("broken", [False, True], ids=["whole", "broken off"])
async def test_what_is_read_and_what_follows_is_the_whole_thread(
    places: Places, way: str, when: str, broken: bool
) -> None:
    more: list[list[Any]] = [["Madrid"], ["Rome."], ["Oslo."]]
    second: list[Any] = ["Mad", HOLD, ModelCut("cut")] if broken else ["Mad", HOLD, "rid"]
    model = ScriptedModel(["Paris."], second, *(more if broken else more[1:]))
    async with places.open(model) as place:
        first = (await place.answered("France?"))["turn"]
        running = (await place.ask("Spain?"))["turn"]
        waiting = (await place.ask("Italy?"))["turn"]
        async with place.stream(f"/api/turns/{running}/events") as watching:
            await watching.until_words("Mad")
            transcript = await read(place)
            screen = Screen(transcript)
            if when != "while it runs":
                model.go_on()
                await watching.rest()
        if when == "after all":
            async with place.stream(f"/api/turns/{waiting}/events") as last:
                await last.rest()
            later = (await place.answered("Norway?"))["turn"]
        async with followed(place, way, transcript["cursor"]) as news:
            if when == "while it runs":
                model.go_on()
                await until_ended(screen, news, running)
            if when != "after all":
                later = (await place.ask("Norway?"))["turn"]
            await until_ended(screen, news, later)
        now = await read(place)

    assert screen.turns == shown(now)
    assert screen.told == [running, waiting, later], "each once, and nothing of what had ended"
    assert list(screen.turns) == [first, running, waiting, later]
    assert screen.turns[running] == (["Spain?"], "done", "Madrid")
    assert [run["forwardedProps"]["askedS"] for run in screen.runs.values()] == [
        turn["asked_s"] for turn in now["turns"][1:]
    ]


async def test_a_thread_in_which_all_has_ended_is_followed_from_its_end(places: Places) -> None:
    async with places.open() as place:
        await place.answered("France?")
        await place.answered("Spain?")
        transcript = await read(place)
        async with followed(place, "sse", transcript["cursor"]) as news:
            # What it has seen, then a look for nothing.
            assert [await news.next(), await news.next()] == [[], []]
            later = (await place.ask("Norway?"))["turn"]
            screen = Screen(transcript)
            await until_ended(screen, news, later)
        now = await read(place)

    assert screen.told == [later]
    assert screen.turns == shown(now)


async def test_the_first_answer_of_a_thread_is_followed_from_its_beginning(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."])
    async with places.open(model) as place:
        turn = (await place.ask("France?"))["turn"]
        await model.holding()
        transcript = await read(place)
        screen = Screen(transcript)
        async with followed(place, "sse", transcript["cursor"]) as news:
            model.go_on()
            await until_ended(screen, news, turn)

    assert transcript["cursor"] == f"{turn}.0.0"
    assert screen.turns == {turn: (["France?"], "done", "Paris.")}


async def test_questions_that_joined_after_the_thread_was_read_are_told(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."], ["Both."])
    async with places.open(model, overlap="burst") as place:
        await place.ask("France?")
        await model.holding()
        waiting = (await place.ask("Spain?"))["turn"]
        transcript = await read(place)
        joined = (await place.ask("Italy?"))["turn"]
        screen = Screen(transcript)
        async with followed(place, "sse", transcript["cursor"]) as news:
            model.go_on()
            await until_ended(screen, news, waiting)
        now = await read(place)

    assert joined == waiting
    assert screen.turns == shown(now)
    assert screen.turns[waiting][0] == ["Spain?", "Italy?"]


async def test_each_page_of_a_thread_says_from_where_to_go_on(places: Places) -> None:
    async with places.open() as place:
        turns = [(await place.answered())["turn"] for _ in range(3)]
        newest = await read(place, "?limit=2")
        oldest = await read(place, f"?limit=2&before={newest['earlier']}")

    assert list(shown(newest)) == turns[1:]
    assert list(shown(oldest)) == turns[:1]
    assert newest["cursor"].startswith(f"{turns[2]}.1.")
    assert oldest["cursor"].startswith(f"{turns[0]}.1.")
    assert oldest["earlier"] is None


async def test_only_what_was_stopped_while_it_waited_comes_a_second_time(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."])
    async with places.open(model) as place:
        running = (await place.ask("France?"))["turn"]
        await model.holding()
        waiting = (await place.ask("Spain?"))["turn"]
        async with place.stream(f"/api/turns/{waiting}/events") as stream:
            await place.post(f"/api/turns/{waiting}/stop")
            await stream.rest()
        transcript = await read(place)
        screen = Screen(transcript)
        async with followed(place, "sse", transcript["cursor"]) as news:
            model.go_on()
            later = (await place.ask("Italy?"))["turn"]
            model.go_on()
            await until_ended(screen, news, later)
        now = await read(place)

    assert screen.turns == shown(now)
    assert screen.told == [running, waiting, later]
