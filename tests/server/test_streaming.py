"""Words reach the reader while the model is still held back: nothing on the way gathers them."""

from __future__ import annotations

from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Places

CHAT = {"model": "any", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}


def held() -> ScriptedModel:
    return ScriptedModel(["Pa", HOLD, "ris."])


async def test_an_answer_streams_to_whoever_asked_for_events(places: Places) -> None:
    model = held()
    async with (
        places.open(model) as place,
        place.stream(
            "/api/threads/t1/questions", body={"text": QUESTION}, accept="text/event-stream"
        ) as stream,
    ):
        await stream.until_words("Pa")
        model.go_on()
        await stream.rest()

    assert stream.text == "Paris."
    assert [event.type for event in stream.seen] == [
        "RUN_STARTED",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]
    assert stream.response.headers["penstock-turn"] == stream.seen[0].data["runId"]
    assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"


async def test_a_turn_streams_to_whoever_follows_it(places: Places) -> None:
    model = held()
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as stream:
            await stream.until_words("Pa")
            model.go_on()
            await stream.rest()

    assert stream.text == "Paris."


async def test_a_thread_streams_and_stays_open_for_the_next_question(places: Places) -> None:
    model = held()
    async with places.open(model) as place:
        first = await place.ask()
        async with place.stream("/api/threads/t1/events") as stream:
            await stream.until_words("Pa")
            model.go_on()
            await stream.until("RUN_FINISHED")
            second = await place.ask("And of Spain?")
            begun = await stream.until("RUN_STARTED")
            await stream.until_words("Pa")
            model.go_on()
            await stream.until("RUN_FINISHED")

    assert stream.text == "Paris.Paris."
    assert [e.data["runId"] for e in stream.seen if e.type == "RUN_STARTED"] == [
        first["turn"],
        second["turn"],
    ]
    assert [m["content"] for m in begun.data["input"]["messages"]] == ["And of Spain?"]


async def test_a_completion_streams(places: Places) -> None:
    model = held()
    async with places.open(model) as place, place.stream("/v1/chat/completions", body=CHAT) as stream:
        await stream.until_words("Pa")
        model.go_on()
        events = await stream.rest()

    assert stream.text == "Paris."
    assert events[-1].data == {}, "[DONE] comes last"


async def test_an_answer_streams_on_a_socket(places: Places) -> None:
    model = held()
    async with places.open(model) as place, place.line() as line:
        accepted = await line.answer("ask", thread="t1", text=QUESTION, re="1")
        turn = accepted["turn"]
        await line.until_words(turn, "Pa")
        model.go_on()
        await line.until("RUN_FINISHED")

    assert line.text(turn) == "Paris."
    assert (accepted["type"], accepted["re"]) == ("accepted", "1")
    assert [frame["n"] for frame in line.frames(turn)] == list(range(1, len(line.frames(turn)) + 1))


async def test_two_readers_of_one_turn_read_the_same(places: Places) -> None:
    model = held()
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        events = f"/api/turns/{turn}/events"
        async with place.stream(events) as one, place.stream(events) as two, place.line() as third:
            await one.until_words("Pa")
            await two.until_words("Pa")
            await third.say("resume", thread="t1")
            await third.until_words(turn, "Pa")
            model.go_on()
            await one.rest()
            await two.rest()
            await third.until("RUN_FINISHED")

    assert one.seen == two.seen
    assert one.text == third.text(turn) == "Paris."


async def test_a_reader_hears_a_beat_while_nothing_happens(places: Places) -> None:
    model = ScriptedModel([HOLD, "Paris."])
    async with places.open(model, rules={"beat_s": 0.01}, lease_s=0.1) as place:
        async with place.stream("/v1/chat/completions", body=CHAT) as completion:
            await completion.until("beat")
        turn = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as stream:
            await stream.until("beat")
            await stream.until("beat")
