"""Conversations over HTTP: listed, named, deleted and restored, shared, rated; and whose they are."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Place, Places


async def names(place: Place, query: str = "", person: str = "ann") -> list[str]:
    found = await place.get(f"/api/threads{query}", person)
    assert found.status_code == 200, found.text
    return [thread["thread"] for thread in found.json()["threads"]]


async def change(place: Place, thread: str = "t1", person: str = "ann", **what: object) -> httpx.Response:
    return await place.send("PATCH", f"/api/threads/{thread}", what, person)


def kind(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["type"].removeprefix("urn:penstock:")


# --- Lists ------------------------------------------------------------------------


async def test_ones_threads_are_listed_newest_question_first(places: Places) -> None:
    async with places.open() as place:
        for thread in ("t1", "t2", "t3", "t1"):
            await place.answered(f"In {thread}?", thread=thread)
        await place.answered(thread="bobs", person="bob")
        whole = (await place.get("/api/threads")).json()

    assert [thread["thread"] for thread in whole["threads"]] == ["t1", "t3", "t2"]
    assert whole["more"] is None
    first = whole["threads"][0]
    assert first["title"] == "In t1?"
    assert first["created_s"] < first["asked_s"]


async def test_a_list_is_read_on_from_where_it_ended(places: Places) -> None:
    async with places.open() as place:
        for n in range(5):
            await place.ask(thread=f"t{n}")
        pages: list[list[str]] = []
        before: str | None = ""
        while before is not None:
            page = (await place.get(f"/api/threads?limit=2&before={before}")).json()
            pages.append([thread["thread"] for thread in page["threads"]])
            before = page["more"]

    assert pages == [["t4", "t3"], ["t2", "t1"], ["t0"]]


async def test_a_conversation_is_found_by_words_of_its_title_and_its_questions(places: Places) -> None:
    async with places.open() as place:
        await place.answered("Where is the LOUVRE?", thread="t1")
        await place.answered("And the opening times?", thread="t1")
        await place.answered("Ein Museum in Köln?", thread="t2")
        await change(place, "t2", title="Cologne")
        found = [
            await names(place, f"?words={words}") for words in ("louvre", "opening", "KÖLN", "colog", "x")
        ]

    assert found == [["t1"], ["t1"], ["t2"], ["t2"], []]


async def test_what_was_asked_over_openais_api_is_no_conversation(places: Places) -> None:
    async with places.open() as place:
        await place.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "?"}]})
        await place.answered()

        assert await names(place) == ["t1"]


@pytest.mark.parametrize(
    "query",
    ["?limit=0", "?limit=201", "?limit=x", "?words=" + "x" * 201, "?before=" + "x" * 129, "?before=a%00b"],
)
async def test_a_list_that_cannot_be_asked_for_is_refused(places: Places, query: str) -> None:
    async with places.open() as place:
        assert kind(await place.get(f"/api/threads{query}"))[0] == 400


# --- Names ------------------------------------------------------------------------


async def test_a_thread_is_called_by_its_first_question_until_it_is_named(places: Places) -> None:
    async with places.open() as place:
        await place.answered("## Where is *Paris*?\n\nI mean the one in Texas.")
        before = (await place.get("/api/threads/t1")).json()["title"]
        changed = await change(place, title="  Texas 🤠 ")
        await place.answered("And Athens?")
        after = (await place.get("/api/threads/t1")).json()["title"]

    assert before == "Where is Paris?"
    assert (changed.status_code, changed.json()["title"]) == (200, "Texas 🤠")
    assert after == "Texas 🤠"


BAD_CHANGES: list[tuple[object, str]] = [
    ({}, "wrong-shape"),
    ({"title": None}, "wrong-shape"),
    ({"title": 5}, "wrong-shape"),
    ({"deleted": "yes"}, "wrong-shape"),
    ({"name": "x"}, "wrong-shape"),
    ([], "wrong-shape"),
    ({"title": ""}, "title-invalid"),
    ({"title": " \n "}, "title-invalid"),
    ({"title": "x" * 121}, "title-invalid"),
    ({"title": "a\nb"}, "title-invalid"),
    ({"title": "a\x00b"}, "title-invalid"),
    ({"title": "a\x1b[31mb"}, "title-invalid"),
    ({"title": "a\u2028b"}, "title-invalid"),
    ({"title": "", "deleted": True}, "title-invalid"),
]


@pytest.mark.parametrize(
    ("body", "code"), BAD_CHANGES, ids=[json.dumps(body)[:30] for body, _ in BAD_CHANGES]
)
async def test_a_change_that_makes_no_sense_changes_nothing(places: Places, body: object, code: str) -> None:
    async with places.open() as place:
        await place.answered()
        refused = await place.send("PATCH", "/api/threads/t1", body)
        title = (await place.get("/api/threads/t1")).json()["title"]

    assert kind(refused) == (400, code)
    assert title == QUESTION


# --- Deleted, and restored ----------------------------------------------------------


async def test_a_deleted_thread_is_gone_until_it_is_restored(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        deleted = await change(place, deleted=True)
        gone = [
            await place.get("/api/threads/t1"),
            await place.get("/api/threads/t1/events"),
            await place.get(f"/api/turns/{turn}"),
            await place.get(f"/api/turns/{turn}/events"),
            await place.post(f"/api/turns/{turn}/stop"),
            await place.post("/api/threads/t1/questions", {"text": "?"}),
            await change(place, title="x"),
            await place.send("PUT", "/api/threads/t1/share"),
            await place.send("DELETE", "/api/threads/t1/share"),
            await place.send("PUT", f"/api/turns/{turn}/feedback", {"rating": "up"}),
            await place.send("DELETE", f"/api/turns/{turn}/feedback"),
        ]
        listed = await names(place)
        restored = await change(place, deleted=False, title="Back")
        there = await place.get("/api/threads/t1")

    assert deleted.json()["thread"] == "t1"
    assert [kind(response) for response in gone] == [(404, "not-found")] * len(gone)
    assert listed == []
    assert restored.json()["title"] == there.json()["title"] == "Back"
    assert there.json()["turns"][0]["answer"]["text"] == "Paris."


async def test_whoever_follows_a_deleted_thread_hears_that_it_is_gone(places: Places) -> None:
    async with places.open(ScriptedModel(["Pa", HOLD])) as place, place.line() as line:
        turn = (await place.ask())["turn"]
        await line.say("resume", thread="t1", re="r")
        await line.until_words(turn, "Pa")
        async with (
            place.stream(f"/api/turns/{turn}/events") as of_turn,
            place.stream("/api/threads/t1/events") as of_thread,
        ):
            await of_turn.until_words("Pa")
            await of_thread.until_words("Pa")
            await change(place, deleted=True)
            await of_turn.rest()
            await of_thread.rest()
        while (told := await line.next())["type"] == "events":
            pass

    stopped = {"type": "cancelled"}
    assert of_turn.seen[-1].data["outcome"] == stopped
    assert of_thread.seen[-2].data["outcome"] == stopped
    assert (of_thread.seen[-1].type, of_thread.seen[-1].data["code"]) == ("RUN_ERROR", "not_found")
    assert (told["type"], told["code"], told["re"]) == ("error", "not_found", "r")


async def test_when_the_bin_was_emptied_nothing_is_restored(places: Places) -> None:
    async with places.open() as place:
        await place.answered()
        await change(place, deleted=True)
        await place.engine._threads.forget_binned(4e9)
        restored = await change(place, deleted=False)
        anew = await place.answered()

    assert kind(restored) == (404, "not-found")
    assert anew["text"] == "Paris."


# --- Shared -------------------------------------------------------------------------


async def test_whoever_has_the_link_reads_the_thread_and_nothing_else(places: Places) -> None:
    async with places.open() as place:
        first = (await place.answered("What is my salary?"))["turn"]
        turn = (await place.answered(QUESTION, replaces=first))["turn"]
        await place.send("PUT", f"/api/turns/{turn}/feedback", {"rating": "down", "remark": "Boring."})
        await place.answered("A secret?", thread="t2")
        link = (await place.send("PUT", "/api/threads/t1/share")).json()
        mine = (await place.get("/api/threads/t1")).json()
        read = await place.get(f"/api/shared/{link['token']}", "nobody")
        revoked = await place.send("DELETE", "/api/threads/t1/share")
        after = await place.get(f"/api/shared/{link['token']}", "nobody")

    assert link["path"] == f"/s/{link['token']}"
    assert mine["shared"] == link["token"]
    assert set(read.json()) == {"title", "turns"}
    [shown] = read.json()["turns"]
    assert shown["questions"][0]["text"] == QUESTION
    assert shown["answer"]["text"] == "Paris."
    for private in ("ann", "acme", "t1", "Boring", "secret", "cursor", "salary"):
        assert private not in read.text.replace("answer", "")
    assert revoked.status_code == 204
    assert kind(after) == (404, "not-found")


async def test_a_thread_has_one_link_however_often_it_is_shared(places: Places) -> None:
    async with places.open() as place:
        await place.answered()
        one = (await place.send("PUT", "/api/threads/t1/share")).json()
        again = (await place.send("PUT", "/api/threads/t1/share")).json()

    assert one == again


async def test_a_shared_thread_is_no_other_persons_to_follow_or_ask_in(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        link = (await place.send("PUT", "/api/threads/t1/share")).json()
        token = link["token"]
        sent = [
            await place.get("/api/threads/t1", "bob"),
            await place.get(f"/api/threads/{token}", "bob"),
            await place.get(f"/api/turns/{turn}/events", "bob"),
            await place.post("/api/threads/t1/questions", {"text": "?"}, "bob"),
        ]

    assert [kind(response) for response in sent] == [(404, "not-found")] * 4


# --- Rated --------------------------------------------------------------------------


async def test_feedback_is_shown_to_who_gave_it(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        feedback = f"/api/turns/{turn}/feedback"
        sent = [
            await place.send("PUT", feedback, {"rating": "up"}),
            await place.send("PUT", feedback, {"rating": "down", "remark": "x" * 4_000}),
        ]
        given = (await place.get("/api/threads/t1")).json()["turns"][0]["feedback"]
        sent += [await place.send("DELETE", feedback) for _ in range(2)]
        taken_back = (await place.get("/api/threads/t1")).json()["turns"][0]["feedback"]

    assert [response.status_code for response in sent] == [204] * 4
    assert given == {"rating": "down", "remark": "x" * 4_000}
    assert taken_back is None


BAD_FEEDBACK: list[tuple[object, str]] = [
    ({}, "wrong-shape"),
    ({"rating": "sideways"}, "wrong-shape"),
    ({"rating": None}, "wrong-shape"),
    ({"rating": "up", "remark": 1}, "wrong-shape"),
    ({"rating": "up", "stars": 5}, "wrong-shape"),
    ({"rating": "up", "remark": "x" * 4_001}, "remark-invalid"),
    ({"rating": "up", "remark": "a\x00b"}, "remark-invalid"),
]


@pytest.mark.parametrize(("body", "code"), BAD_FEEDBACK, ids=[json.dumps(b)[:30] for b, _ in BAD_FEEDBACK])
async def test_feedback_that_makes_no_sense_is_not_kept(places: Places, body: object, code: str) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        refused = await place.send("PUT", f"/api/turns/{turn}/feedback", body)
        kept = (await place.get("/api/threads/t1")).json()["turns"][0]["feedback"]

    assert kind(refused) == (400, code)
    assert kept is None


# --- Whose they are -------------------------------------------------------------------


@pytest.mark.parametrize("stranger", ["bob", "other/ann"])
async def test_another_persons_conversation_is_as_good_as_unknown(places: Places, stranger: str) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        sent: dict[str, list[Any]] = {}
        for thread, of in (("t1", turn), ("unknown", "unknown")):
            sent[thread] = [
                await change(place, thread, stranger, title="Mine"),
                await change(place, thread, stranger, deleted=True),
                await change(place, thread, stranger, deleted=False),
                await place.send("PUT", f"/api/threads/{thread}/share", person=stranger),
                await place.send("DELETE", f"/api/threads/{thread}/share", person=stranger),
                await place.send("PUT", f"/api/turns/{of}/feedback", {"rating": "up"}, stranger),
                await place.send("DELETE", f"/api/turns/{of}/feedback", person=stranger),
                await place.get(f"/api/threads?before={thread}", stranger),
            ]
        listed = await names(place, person=stranger)
        mine = (await place.get("/api/threads/t1")).json()

    assert [kind(response) for response in sent["t1"]] == [(404, "not-found")] * 8
    assert [r.text for r in sent["t1"]] == [r.text for r in sent["unknown"]]
    assert listed == []
    assert (mine["title"], mine["shared"], mine["turns"][0]["feedback"]) == (QUESTION, None, None)


async def test_who_is_not_signed_in_gets_nothing_but_what_is_shared(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        sent = [
            await place.get("/api/threads", "nobody"),
            await change(place, "t1", "nobody", title="x"),
            await place.send("PUT", "/api/threads/t1/share", person="nobody"),
            await place.send("DELETE", "/api/threads/t1/share", person="nobody"),
            await place.send("PUT", f"/api/turns/{turn}/feedback", {"rating": "up"}, "nobody"),
            await place.send("DELETE", f"/api/turns/{turn}/feedback", person="nobody"),
        ]

    assert [kind(response) for response in sent] == [(401, "not-signed-in")] * len(sent)


async def test_a_page_of_another_site_reads_nothing_that_is_shared(places: Places) -> None:
    async with places.open() as place:
        await place.answered()
        token = (await place.send("PUT", "/api/threads/t1/share")).json()["token"]
        refused = await place.get(f"/api/shared/{token}", origin="https://evil.example")

    assert kind(refused) == (403, "foreign-origin")
