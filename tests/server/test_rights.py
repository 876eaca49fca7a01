"""Nobody reads, follows, stops or forgets what is another person's, and nobody learns that it is there."""

from __future__ import annotations

import pytest

from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Places


@pytest.mark.parametrize("stranger", ["bob", "other/ann"])
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "running"])
async def test_another_persons_thread_and_turn_are_as_good_as_unknown(
    places: Places, stranger: str, ended: bool
) -> None:
    async with places.open(ScriptedModel(["Paris."] if ended else ["Pa", HOLD])) as place:
        turn = (await place.answered() if ended else await place.ask())["turn"]
        sent = [
            await place.get("/api/threads/t1", stranger),
            await place.get("/api/threads/t1/events", stranger),
            await place.client.delete("/api/threads/t1", headers={"x-person": stranger}),
            await place.get(f"/api/turns/{turn}", stranger),
            await place.get(f"/api/turns/{turn}/events", stranger),
            await place.get(f"/api/turns/{turn}/events?cursor={turn}.1.1", stranger),
            await place.post(f"/api/turns/{turn}/stop", person=stranger),
        ]
        async with place.line(stranger) as line:
            told = [
                await line.answer("resume", thread="t1"),
                await line.answer("resume", cursor=f"{turn}.1.1"),
                await line.answer("stop", turn=turn),
            ]
        state = (await place.get(f"/api/turns/{turn}")).json()["state"]

    assert [response.status_code for response in sent] == [404] * len(sent)
    assert [message["code"] for message in told] == ["not_found"] * len(told)
    assert state == ("done" if ended else "running"), "and it goes on undisturbed"


async def test_nobody_asks_in_another_persons_thread(places: Places) -> None:
    async with places.open() as place:
        await place.answered()
        refused = await place.post("/api/threads/t1/questions", {"text": "?"}, "bob")
        elsewhere = await place.ask(person="other/ann")
        transcript = (await place.get("/api/threads/t1")).json()

    assert refused.status_code == 404
    assert elsewhere["repeat"] is False, "another tenant's thread of that name is another thread"
    assert len(transcript["turns"]) == 1


async def test_one_persons_cursor_is_no_use_in_anothers_thread(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        await place.answered(thread="t2", person="bob")
        sent = await place.get(f"/api/threads/t2/events?cursor={turn}.1.1", "bob")

    assert sent.status_code == 400


async def test_ids_and_keys_are_ones_own(places: Places) -> None:
    async with places.open() as place:
        mine = await place.ask(id="q1")
        theirs = await place.ask("Another?", thread="t2", id="q1", person="bob")
        chat = {"messages": [{"role": "user", "content": QUESTION}]}
        answers = [
            (await place.post("/v1/chat/completions", chat, person, **{"idempotency-key": "k"})).json()
            for person in ("ann", "bob", "ann")
        ]

    assert mine["turn"] != theirs["turn"]
    assert answers[0]["id"] != answers[1]["id"]
    assert answers[0]["id"] == answers[2]["id"]


async def test_who_is_not_signed_in_gets_nothing(places: Places) -> None:
    async with places.open() as place:
        native = await place.get("/api/threads/t1", "nobody")
        openai = await place.get("/v1/models", "nobody")

    assert (native.status_code, native.json()["type"]) == (401, "urn:penstock:not-signed-in")
    assert (openai.status_code, openai.json()["error"]["code"]) == (401, "not_signed_in")


async def test_what_was_forgotten_is_gone_and_stays_so(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.ask(id="q1"))["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as stream:
            await stream.rest()
        forgotten = await place.client.delete("/api/threads/t1")
        sent = [
            await place.get("/api/threads/t1"),
            await place.get(f"/api/turns/{turn}"),
            await place.get(f"/api/turns/{turn}/events"),
            await place.get(f"/api/turns/{turn}/events?cursor={stream.cursor}"),
            await place.post(f"/api/turns/{turn}/stop"),
            await place.client.delete("/api/threads/t1"),
        ]
        again = await place.post("/api/threads/t1/questions", {"text": QUESTION, "id": "q1"})
        anew = await place.answered()

    assert forgotten.status_code == 204
    assert [response.status_code for response in sent] == [404] * len(sent)
    assert (again.status_code, again.json()["type"]) == (410, "urn:penstock:gone")
    assert anew["text"] == "Paris."


async def test_forgetting_a_thread_ends_its_answer(places: Places) -> None:
    async with places.open(ScriptedModel(["Pa", HOLD])) as place:
        turn = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as stream:
            await stream.until_words("Pa")
            assert (await place.client.delete("/api/threads/t1")).status_code == 204
            await stream.rest()

    assert stream.seen[-1].type == "RUN_ERROR"


async def test_a_person_with_a_very_long_name_asks_and_comes_back(places: Places) -> None:
    person = "acme/" + "a" * 1_000
    async with places.open() as place:
        first = await place.ask(id="q1", person=person)
        again = await place.ask(id="q1", person=person)
        too_long = await place.post("/api/threads/t1/questions", {"text": "?", "id": "q" * 121}, person)
        completion = await place.post(
            "/v1/chat/completions", {"messages": [{"role": "user", "content": "?"}]}, person
        )

    assert (again["turn"], again["repeat"]) == (first["turn"], True)
    assert (too_long.status_code, "at most 120 characters" in too_long.text) == (400, True)
    assert completion.status_code == 200
