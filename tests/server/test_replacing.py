"""A question that is asked again, or edited: what its readers are told."""

from __future__ import annotations

import pytest

from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Places


async def test_what_is_replaced_while_it_runs_is_stopped_and_stays_to_be_read(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD], ["Madrid."])
    async with places.open(model) as place:
        first = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{first}/events") as stream:
            await stream.until_words("Pa")
            again = await place.answered("And of Spain?", replaces=first)
            await stream.rest()
        turns = (await place.get("/api/threads/t1")).json()["turns"]

    assert again["text"] == "Madrid."
    assert [(t["answer"]["state"], t["answer"]["stopped_by"], t["replaces"]) for t in turns] == [
        ("stopped", "replaced", ""),
        ("done", "", first),
    ]
    assert all(t["asked_s"] < t["ended_s"] for t in turns)


async def test_every_reader_of_the_thread_learns_what_a_question_was_asked_instead_of(places: Places) -> None:
    async with places.open() as place, place.line() as asking, place.line() as other:
        first = (await place.answered())["turn"]
        await other.say("resume", thread="t1")
        await other.until("RUN_FINISHED", first)
        accepted = await asking.answer("ask", thread="t1", text=QUESTION, replaces=first)
        frame = await other.until("RUN_STARTED", accepted["turn"])
        asked_s = (await place.get("/api/threads/t1")).json()["turns"][1]["asked_s"]

    run = frame["events"][0]["input"]
    assert run["forwardedProps"] == {"replaces": first, "askedS": asked_s}
    assert run["messages"][0]["content"] == QUESTION


@pytest.mark.parametrize("replaces", ["unknown", "x" * 10_000, "of another thread", "of another person"])
async def test_only_an_answer_of_the_same_thread_is_replaced(places: Places, replaces: str) -> None:
    async with places.open() as place, place.line() as line:
        others = {
            "of another thread": (await place.answered(thread="t2"))["turn"],
            "of another person": (await place.answered(thread="t3", person="bob"))["turn"],
        }
        await place.answered()
        turn = others.get(replaces, replaces)
        refused = await place.post("/api/threads/t1/questions", {"text": "?", "replaces": turn})
        told = await line.answer("ask", thread="t1", text="?", replaces=turn)
        turns = (await place.get("/api/threads/t1")).json()["turns"]

    assert (refused.status_code, refused.json()["type"]) == (400, "urn:penstock:question-invalid")
    assert refused.json()["detail"] == told["message"] == "There is no such answer to replace."
    assert len(turns) == 1


async def test_the_same_words_in_place_of_another_answer_are_another_question(places: Places) -> None:
    async with places.open() as place:
        first = (await place.answered())["turn"]
        one = await place.ask(id="q1", replaces=first)
        again = await place.ask(id="q1", replaces=first)
        changed = await place.post("/api/threads/t1/questions", {"text": QUESTION, "id": "q1"})

    assert (again["turn"], again["repeat"]) == (one["turn"], True)
    assert changed.status_code == 422
