"""What the server tells of itself: whether it is ready, in numbers, and by a description that is true."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

import httpx
import jsonschema
import openapi_spec_validator
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route

from penstock.core.events import Finished, Usage
from penstock.errors import ModelRefused, StoreFull
from penstock.stores.sqlite import SqliteStore
from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Place, Places

# --- Ready ------------------------------------------------------------------------


async def test_it_is_ready_when_the_store_is(places: Places) -> None:
    async with places.open() as place:
        ready = await place.get("/healthz")

    assert (ready.status_code, ready.text) == (200, "ready\n")


async def fill(place: Place) -> None:
    """Leave no room for anything more, however small."""
    store = place.engine._store
    assert isinstance(store, SqliteStore)
    await store.database.write(lambda db: db.execute("PRAGMA max_page_count = 1").fetchall())
    for size in (3_000, 300, 0):
        with pytest.raises(StoreFull):
            await put_without_end(store, size)


async def put_without_end(store: SqliteStore, size: int) -> None:
    for n in itertools.count():
        await store.shelf.put(f"{size}-{n}", b"x" * size)


async def test_it_is_not_ready_when_the_store_is_full_and_says_what_to_do(places: Places) -> None:
    async with places.open() as place:
        await fill(place)
        not_ready = await place.get("/healthz")
        # There may be room in a page for a short one.
        long = QUESTION * 1_000
        asked = await place.post("/api/threads/t1/questions", {"text": long})
        chat = {"messages": [{"role": "user", "content": long}]}
        completion = await place.post("/v1/chat/completions", chat)
        read = await place.get("/api/threads/t1")

    assert [sent.status_code for sent in (not_ready, asked, completion)] == [503] * 3
    for sent in (not_ready, asked):
        assert sent.json()["type"] == "urn:penstock:store-full"
        assert sent.json()["detail"] == StoreFull.for_reader
    assert completion.json()["error"]["message"] == StoreFull.for_reader
    assert "ask again when some is free" in StoreFull.for_reader
    assert read.status_code == 404, "nothing was written down"


async def test_it_is_not_ready_when_the_store_is_closed(places: Places) -> None:
    async with places.open() as place:
        await place.engine._store.close()
        not_ready = await place.get("/healthz")
        metrics = await place.get("/metrics")

    assert (not_ready.status_code, not_ready.headers["content-type"]) == (503, "application/problem+json")
    assert "penstock_turns_queued NaN" in metrics.text


# --- In numbers -------------------------------------------------------------------


async def numbers(place: Place) -> dict[str, float]:
    """Every sample by its name and labels, without the engine's word for "none"."""
    page = await place.get("/metrics")
    return {
        " ".join([sample.name, *(value for value in sample.labels.values() if value)]): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


async def test_the_numbers_are_true(places: Places) -> None:
    model = ScriptedModel(
        ["Paris.", Usage("m", 3, 4), Finished()], [ModelRefused("no")], ["Pa", HOLD], ["Pa", HOLD]
    )
    async with places.open(model, max_running=1) as place:
        nothing = await numbers(place)
        await place.answered()
        await place.answered()
        stopped = (await place.ask())["turn"]
        await model.holding()
        await place.post(f"/api/turns/{stopped}/stop")
        for _ in range(3):
            await place.assistant.reports.get()
        running = (await place.ask())["turn"]
        await place.ask(thread="t2")
        async with (
            place.stream(f"/api/turns/{running}/events") as one,
            place.stream("/api/threads/t1/events?cursor=" + running + ".0.0") as two,
        ):
            await one.until_words("Pa")
            await two.until_words("Pa")
            while not (now := await numbers(place))["penstock_journal_lag_seconds"]:
                pass

    assert nothing["penstock_turns_running"] == nothing["penstock_live_readers"] == 0
    assert now["penstock_turns_total done"] == 1
    assert now["penstock_turns_total model_refused failed"] == 1
    assert now["penstock_turns_total stopped"] == 1
    assert now["penstock_first_visible_seconds_count"] == 2, "one failed before its first word"
    assert now["penstock_turn_seconds_count"] == 3
    assert now["penstock_tokens_total input"] == 3
    assert now["penstock_tokens_total output"] == 4
    assert now["penstock_turns_running"] == 1
    assert now["penstock_turns_queued"] == 1
    assert now["penstock_live_readers"] == 2
    assert now["penstock_journal_lag_seconds"] < 5


async def test_an_answer_that_failed_after_its_first_word_was_visible_all_the_same(places: Places) -> None:
    async with places.open(ScriptedModel(["Pa", ModelRefused("no")])) as place:
        await place.answered()
        await place.assistant.reports.get()
        now = await numbers(place)

    assert now["penstock_first_visible_seconds_count"] == 1


async def test_an_answer_that_was_given_back_has_not_ended(places: Places) -> None:
    async with places.open(ScriptedModel(["Pa", HOLD])) as place:
        turn = (await place.ask())["turn"]
        async with place.stream(f"/api/turns/{turn}/events") as stream:
            await stream.until_words("Pa")
            await place.engine.close()
        now = await numbers(place)

    assert not [name for name in now if name.startswith("penstock_turns_total")]
    assert now["penstock_turn_seconds_count"] == 0
    assert now["penstock_first_visible_seconds_count"] == 1, "its first word was seen here, and only here"


async def test_the_numbers_hold_no_words(places: Places) -> None:
    async with places.open() as place:
        await place.answered(QUESTION)
        page = await place.get("/metrics")

    assert "France" not in page.text
    assert "Paris" not in page.text


# --- By a description -----------------------------------------------------------


async def described(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = (await place.get("/openapi.json")).json()
    return found


def operations(description: dict[str, Any]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


async def test_the_description_is_an_openapi_document(places: Places) -> None:
    async with places.open(title="Handbook") as place:
        description = await described(place)

    openapi_spec_validator.validate(description)
    assert description["info"]["title"] == "Handbook"
    ids = [operation["operationId"] for _, _, operation in operations(description)]
    assert len(ids) == len(set(ids))


async def test_every_route_is_described_and_every_description_has_its_route(places: Places) -> None:
    # For people and their tools, not for programs.
    plain = {"/", "/c/{thread}", "/s/{token}", "/embed", "/admin", "/admin/{path:path}"}
    plain |= {"/assets/{name}", "/embed.js", "/icon.svg", "/logo", "/healthz", "/metrics", "/openapi.json"}
    async with places.open() as place:
        description = await described(place)
        routes = {
            (re.sub(r":\w+", "", route.path), method)
            for route in place.app.life.routes()
            if isinstance(route, Route)
            for method in (route.methods or set()) - {"HEAD"}
            if route.path not in plain
        }

    assert {(path, method) for path, method, _ in operations(description)} == routes
    for path, _, operation in operations(description):
        named = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))


async def test_what_is_answered_is_what_is_described(places: Places) -> None:
    body = {"text": QUESTION, "id": "q1"}
    async with places.open() as place:
        description = await described(place)
        turn = (await place.answered())["turn"]
        sent = [
            ("POST", "/api/threads/{thread}/questions", await place.post("/api/threads/t1/questions", body)),
            ("GET", "/api/threads/{thread}", await place.get("/api/threads/t1")),
            ("GET", "/api/turns/{turn}", await place.get(f"/api/turns/{turn}")),
            ("POST", "/api/turns/{turn}/stop", await place.post(f"/api/turns/{turn}/stop")),
            ("GET", "/api/turns/{turn}/events", await place.get(f"/api/turns/{turn}/events")),
            (
                "GET",
                "/api/turns/{turn}/events",
                await place.get(f"/api/turns/{turn}/events?cursor={turn}.1.2"),
            ),
            ("GET", "/api/turns/{turn}", await place.get("/api/turns/unknown")),
            ("GET", "/api/page", await place.get("/api/page")),
            ("GET", "/v1/models", await place.get("/v1/models")),
            ("GET", "/v1/models/{name}", await place.get("/v1/models/unknown")),
            ("POST", "/v1/chat/completions", await place.post("/v1/chat/completions", {"messages": []})),
            (
                "POST",
                "/v1/chat/completions",
                await place.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "?"}]}),
            ),
            *await of_conversations(place, turn),
            ("DELETE", "/api/threads/{thread}", await place.client.delete("/api/threads/t1")),
        ]

    validate(description, description["components"]["schemas"]["Ask"], body)
    for method, path, response in sent:
        answers = description["paths"][path][method.lower()]["responses"]
        answer = answers.get(str(response.status_code)) or answers["default"]
        media_type = response.headers.get("content-type", "").partition(";")[0]
        assert media_type in answer.get("content", {"": None}), (method, path, response.status_code)
        if media_type.endswith("json"):
            validate(description, answer["content"][media_type]["schema"], response.json())


async def of_conversations(place: Place, turn: str) -> list[tuple[str, str, httpx.Response]]:
    thread, feedback = "/api/threads/{thread}", f"/api/turns/{turn}/feedback"
    shared = await place.send("PUT", "/api/threads/t1/share")
    token = shared.json()["token"]
    return [
        ("PUT", f"{thread}/share", shared),
        ("GET", "/api/shared/{token}", await place.get(f"/api/shared/{token}")),
        ("PUT", "/api/turns/{turn}/feedback", await place.send("PUT", feedback, {"rating": "up"})),
        ("GET", thread, await place.get("/api/threads/t1")),
        ("DELETE", "/api/turns/{turn}/feedback", await place.send("DELETE", feedback)),
        ("DELETE", f"{thread}/share", await place.send("DELETE", "/api/threads/t1/share")),
        ("GET", "/api/shared/{token}", await place.get(f"/api/shared/{token}")),
        ("GET", "/api/threads", await place.get("/api/threads?limit=1")),
        ("PATCH", thread, await place.send("PATCH", "/api/threads/t1", {"title": "Paris"})),
        ("PATCH", thread, await place.send("PATCH", "/api/threads/t1", {})),
    ]


def validate(description: dict[str, Any], schema: dict[str, Any], value: object) -> None:
    whole = {**schema, "components": description["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)
