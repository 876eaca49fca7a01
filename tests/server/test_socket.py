"""The native API on one WebSocket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Place, Places


async def test_several_threads_are_answered_at_once_each_with_its_own_numbers(places: Places) -> None:
    model = ScriptedModel([HOLD, "Paris", "."])
    async with places.open(model) as place, place.line() as line:
        turns = [
            (await line.answer("ask", thread=f"t{n}", text=QUESTION, re=str(n)))["turn"] for n in range(5)
        ]
        for _ in turns:
            model.go_on()
        for turn in turns:
            if not any(e["type"] == "RUN_FINISHED" for f in line.frames(turn) for e in f["events"]):
                await line.until("RUN_FINISHED", turn)

    for n, turn in enumerate(turns):
        assert line.text(turn) == "Paris."
        frames = line.frames(turn)
        assert [frame["n"] for frame in frames] == list(range(1, len(frames) + 1))
        assert {frame["thread"] for frame in frames} == {f"t{n}"}


async def test_an_answer_is_stopped_from_another_connection_and_keeps_its_words(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD])
    async with places.open(model) as place, place.line() as line:
        turn = (await line.answer("ask", thread="t1", text=QUESTION))["turn"]
        await line.until_words(turn, "Pa")
        async with place.line() as other:
            stopping = await other.answer("stop", turn=turn, re="s")
        await line.until("RUN_FINISHED")
        answer = (await place.get(f"/api/turns/{turn}")).json()

    assert stopping == {"type": "stopping", "re": "s", "turn": turn}
    assert (answer["state"], answer["text"], answer["stopped_by"]) == ("stopped", "Pa", "person")


async def test_a_turn_is_stopped_over_http(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD])
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as stream:
            await stream.until_words("Pa")
            stopped = await place.post(f"/api/turns/{turn}/stop")
            end = await stream.until("RUN_FINISHED")
        again = await place.post(f"/api/turns/{turn}/stop")

    assert stopped.status_code == 202
    assert end.data["outcome"] == {"type": "cancelled"}
    assert again.json() == {"turn": turn, "state": "stopped"}


async def test_a_ping_is_answered(places: Places) -> None:
    async with places.open() as place, place.line() as line:
        assert await line.answer("ping", re="p") == {"type": "pong", "re": "p"}
        assert await line.answer("ping") == {"type": "pong"}


BAD: list[tuple[str | bytes, str]] = [
    (b"\x00\x01", "wrong_shape"),
    ("", "not_json"),
    ("garbage", "not_json"),
    ("[]", "wrong_shape"),
    ("{}", "wrong_shape"),
    ('{"type":"dance"}', "wrong_shape"),
    ('{"type":"ping","extra":1}', "wrong_shape"),
    ('{"type":"ask","thread":"t1"}', "wrong_shape"),
    ('{"type":"ask","thread":1,"text":"?"}', "wrong_shape"),
    ('{"type":"ask","thread":"t1","text":"\\ud800"}', "not_json"),
    ('{"type":"ask","thread":"t1","text":"a\\u0000b"}', "question_invalid"),
    ('{"type":"ask","thread":"t1","text":"  "}', "question_invalid"),
    ('{"type":"ask","thread":"","text":"?"}', "question_invalid"),
    ('{"type":"ask","thread":"a/b","text":"?"}', "question_invalid"),
    ('{"type":"ask","thread":"t1","text":"?","id":"a:b"}', "question_invalid"),
    ('{"type":"ask","thread":"t1","text":"?","id":""}', "question_invalid"),
    ('{"type":"resume"}', "wrong_shape"),
    ('{"type":"resume","cursor":"garbage"}', "cursor_invalid"),
    ('{"type":"resume","cursor":"nobody.1.1"}', "not_found"),
    ('{"type":"resume","thread":"unknown"}', "not_found"),
    ('{"type":"stop","turn":"unknown"}', "not_found"),
    ('{"type":"ping","re":' + "[" * 1_900 + "]" * 1_900 + "}", "wrong_shape"),
    ('{"type":"stop","turn":"t","deep":' + "[" * 1_900 + "]" * 1_900 + "}", "wrong_shape"),
    ("x" * 5_000, "body_too_large"),
    (json.dumps({"type": "ask", "thread": "t1", "text": "x" * 4_900}), "body_too_large"),
]


async def test_every_bad_message_is_told_so_and_the_socket_goes_on(places: Places) -> None:
    async with places.open(max_body_bytes=4_000) as place:
        async with place.line() as line:
            for sent, code in BAD:
                await line.connection.send(sent)
                told = await line.next()
                assert (told["type"], told["code"]) == ("error", code), sent
                assert told["message"].endswith("."), "it is a sentence"
            assert (await line.answer("ping"))["type"] == "pong"
        thread = await place.get("/api/threads/t1")

    assert thread.status_code == 404, "nothing was written down"


async def test_an_error_says_which_message_it_answers(places: Places) -> None:
    async with places.open() as place, place.line() as line:
        told = await line.answer("stop", turn="unknown", re="42")

    assert told == {"type": "error", "re": "42", "code": "not_found", "message": "There is no such answer."}


@pytest.mark.parametrize(
    ("sent", "re"),
    [
        ('{"type":"ask","re":"42","thread":"t1"}', "42"),
        ('{"type":"ask","re":"42","thread":1,"text":"?"}', "42"),
        ('{"type":"ping","re":"42","extra":1}', "42"),
        ('{"type":"dance","re":"42"}', "42"),
        ('{"re":"42"}', "42"),
        ('{"type":"ping","re":42}', None),
        ('{"type":"ping","re":"42"', None),
        ('["re"]', None),
    ],
)
async def test_an_error_of_shape_says_which_message_it_answers_if_that_can_be_read(
    places: Places, sent: str, re: str | None
) -> None:
    async with places.open() as place, place.line() as line:
        await line.connection.send(sent)
        told = await line.next()

    assert (told["type"], told.get("re")) == ("error", re)


async def test_a_message_that_no_client_of_ours_would_send_closes_the_socket(places: Places) -> None:
    async with places.open(max_body_bytes=1_000) as place, place.line() as line:
        await line.connection.send("x" * 10_000)
        with pytest.raises(ConnectionClosed) as closed:
            await line.next()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_socket_follows_a_hundred_answers_and_says_when_it_is_enough(places: Places) -> None:
    model = ScriptedModel([HOLD])
    async with places.open(model, max_queued_per_person=1_000) as place, place.line() as line:
        for n in range(100):
            assert (await line.answer("ask", thread=f"t{n}", text=QUESTION))["type"] == "accepted"
        accepted = await line.answer("ask", thread="one-more", text=QUESTION, re="r")
        told = await line.answer("ping")
        assert accepted["type"] == "accepted"
        assert (told["type"], told["code"], told["re"]) == ("error", "too_many_followed", "r")
        assert place.engine.readers == 100


async def test_a_thread_that_is_followed_is_not_told_twice(places: Places) -> None:
    async with places.open() as place:
        await place.answered()
        async with place.line() as line:
            await line.say("resume", thread="t1")
            await line.until("RUN_FINISHED")
            turn = (await line.answer("ask", thread="t1", text="And of Spain?"))["turn"]
            await line.until("RUN_FINISHED", turn)
            await line.answer("ping")

    ends = [e for f in line.frames(turn) for e in f["events"] if e["type"] == "RUN_FINISHED"]
    assert (line.text(turn), len(ends)) == ("Paris.", 1)


async def test_a_repeat_is_told_the_turn_it_has(places: Places) -> None:
    async with places.open() as place, place.line() as line:
        first = await line.answer("ask", thread="t1", text=QUESTION, id="q1")
        await line.until("RUN_FINISHED")
        second = await line.answer("ask", thread="t1", text=QUESTION, id="q1")
        other = await line.answer("ask", thread="t1", text="Another?", id="q1")
        while other["type"] != "error":
            other = await line.next()

    assert (second["turn"], second["repeat"]) == (first["turn"], True)
    assert other["code"] == "question_changed"


async def test_a_reader_that_hangs_up_leaves_nothing_behind(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."])
    async with places.open(model) as place:
        async with place.line() as line:
            turn = (await line.answer("ask", thread="t1", text=QUESTION))["turn"]
            await line.until_words(turn, "Pa")
            tasks = len(asyncio.all_tasks())
            line.connection.transport.abort()
        await place.readers(0)
        model.go_on()
        report = await place.assistant.reports.get()

        assert len(asyncio.all_tasks()) < tasks
        assert (report.turn, report.outcome) == (turn, "done"), "the answer goes on without readers"


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"host": "evil.example"}, {"origin": "null"}]
)
async def test_a_page_of_another_site_gets_no_socket(places: Places, headers: dict[str, str]) -> None:
    async with places.open(identified=False) as place:
        status, body = await refused(place, headers)

    assert status == 403
    assert body["type"] == "urn:penstock:foreign-origin"


async def test_a_stranger_gets_no_socket(places: Places) -> None:
    async with places.open() as place:
        status, body = await refused(place, {"x-person": "nobody"})

    assert (status, body["type"]) == (401, "urn:penstock:not-signed-in")


async def refused(place: Place, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    lines = {
        "host": f"127.0.0.1:{place.port}",
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        **headers,
    }
    head = "GET /api/socket HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    said = await place.raw(head.encode() + b"\r\n")
    status, _, body = said.partition(b"\r\n\r\n")
    return int(status.split()[1]), json.loads(body)


async def test_a_page_of_our_own_gets_a_socket(places: Places) -> None:
    async with places.open(identified=False) as place:
        async with place.line(origin=f"http://127.0.0.1:{place.port}") as line:
            assert (await line.answer("ping"))["type"] == "pong"
        with pytest.raises(InvalidStatus):
            async with place.line(origin="http://127.0.0.1:1"):
                pass
