"""A reader that was away comes back with its cursor and has, in the end, what one has who never left."""

from __future__ import annotations

from penstock.errors import ModelCut
from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Places


async def test_a_reader_resumes_in_mid_message(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris", HOLD, "."])
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        events = f"/api/turns/{turn}/events"
        async with place.stream(events) as before:
            await before.until_words("Pa")
        model.go_on()
        for resumed in (
            place.stream(events, last_event_id=before.cursor),
            place.stream(f"{events}?cursor={before.cursor}"),
        ):
            async with resumed as after:
                await after.until_words("ris")
            assert after.text == "ris"
            assert [event.type for event in after.seen[:2]] == ["RUN_STARTED", "TEXT_MESSAGE_START"]
        model.go_on()
        async with place.stream(events, last_event_id=after.cursor) as last:
            await last.rest()

    assert before.text + after.text + last.text == "Paris."


async def test_a_thread_is_resumed_where_it_was_left(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."], ["Madrid."])
    async with places.open(model) as place:
        await place.ask()
        async with place.stream("/api/threads/t1/events") as before:
            await before.until_words("Pa")
        model.go_on()
        await place.answered("And of Spain?")
        async with place.stream("/api/threads/t1/events", last_event_id=before.cursor) as after:
            await after.until_words("Madrid.")

    assert after.text == "ris.Madrid."


async def test_what_a_new_attempt_took_back_is_told_to_whoever_saw_it(places: Places) -> None:
    model = ScriptedModel(["Lon", HOLD, ModelCut("cut")], [HOLD, "Paris."])
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        events = f"/api/turns/{turn}/events"
        async with place.stream(events) as there, place.line() as line:
            await there.until_words("Lon")
            await line.say("resume", thread="t1")
            await line.until_words(turn, "Lon")
            gone = there.cursor
            model.go_on()
            snapshot = await there.until("MESSAGES_SNAPSHOT")
            model.go_on()
            await there.until("RUN_FINISHED")
            await line.until("RUN_FINISHED")
        async with place.stream(events, last_event_id=gone) as back:
            await back.until("MESSAGES_SNAPSHOT")
            await back.rest()

    assert [message["content"] for message in snapshot.data["messages"]] == [QUESTION]
    assert there.text == "LonParis."
    assert back.text == "Paris."
    assert any(e["type"] == "MESSAGES_SNAPSHOT" for frame in line.frames(turn) for e in frame["events"])


async def test_the_snapshot_of_a_long_thread_leaves_nothing_out(places: Places) -> None:
    short = [["ok"]] * 210
    async with places.open(ScriptedModel(*short, ["Lon", ModelCut("cut")], ["Paris."])) as place:
        for _ in short:
            await place.answered()
        turn = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as there:
            await there.until_words("Lon")
            snapshot = await there.until("MESSAGES_SNAPSHOT")

    assert len(snapshot.data["messages"]) == 2 * 210 + 1


async def test_a_long_thread_is_replayed_with_every_question(places: Places) -> None:
    async with places.open(ScriptedModel(["ok"])) as place:
        for n in range(60):
            last = await place.answered(f"question {n}")
        async with place.stream("/api/threads/t1/events") as there:
            asked: list[str] = []
            while len(asked) < 60:
                started = await there.until("RUN_STARTED")
                asked += [message["content"] for message in started.data["input"]["messages"]]

    assert asked == [f"question {n}" for n in range(60)]
    assert last["state"] == "done"


async def test_a_reader_resumes_after_the_server_was_started_again(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD])
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as before:
            await before.until_words("Pa")

    async with (
        places.open(ScriptedModel(["Paris."])) as place,
        place.stream(f"/api/turns/{turn}/events", last_event_id=before.cursor) as after,
    ):
        await after.rest()

    snapshot = next(event for event in after.seen if event.type == "MESSAGES_SNAPSHOT")
    assert "Pa" not in [message["content"] for message in snapshot.data["messages"]]
    assert after.text == "Paris."


async def test_an_event_source_that_has_seen_the_end_is_told_not_to_come_back(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as stream:
            await stream.rest()
        again = await place.get(f"/api/turns/{turn}/events", **{"last-event-id": stream.cursor})

    assert (again.status_code, again.content) == (204, b"")


async def test_a_socket_resumes_after_a_cut(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."])
    async with places.open(model) as place:
        async with place.line() as before:
            turn = (await before.answer("ask", thread="t1", text=QUESTION))["turn"]
            cursor = (await before.until_words(turn, "Pa"))["cursor"]
            before.connection.transport.abort()
        model.go_on()
        async with place.line() as after:
            await after.say("resume", cursor=cursor)
            await after.until("RUN_FINISHED")

    assert before.text(turn) + after.text(turn) == "Paris."


async def test_a_thread_forgotten_under_a_reader_ends_its_stream_with_a_sentence(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD])
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        async with (
            place.stream(f"/api/turns/{turn}/events") as stream,
            place.line() as line,
        ):
            await stream.until_words("Pa")
            await line.say("resume", thread="t1", re="7")
            await line.until_words(turn, "Pa")
            forgotten = await place.client.delete("/api/threads/t1")
            error = await stream.until("RUN_ERROR")
            while (told := await line.next())["type"] == "events":
                pass
        again = await place.get(f"/api/turns/{turn}/events", **{"last-event-id": stream.cursor})

    assert forgotten.status_code == 204
    assert error.data["code"] == "not_found"
    assert (told["type"], told["re"], told["code"]) == ("error", "7", "not_found")
    assert again.status_code == 404


async def test_a_question_asked_in_one_tab_shows_in_the_other(places: Places) -> None:
    async with places.open() as place:
        await place.answered()
        async with place.stream("/api/threads/t1/events") as other:
            await other.until("RUN_FINISHED")
            async with place.line() as line:
                await line.answer("ask", thread="t1", text="And of Spain?")
            begun = await other.until("RUN_STARTED")

    assert begun.data["input"]["messages"][0]["content"] == "And of Spain?"
