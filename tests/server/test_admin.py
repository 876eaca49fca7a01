"""The owner's view: what it tells, and that it tells nobody else."""

from __future__ import annotations

import ast
import logging
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.routing import Route

from penstock.core.events import Passage, Usage
from penstock.errors import ModelCut
from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Place, Places
from tests.server.test_docs import Turns, blocks, shell

SOURCE = Path(__file__).parents[2] / "src" / "penstock"


async def told(place: Place, path: str, person: str = "owner") -> dict[str, Any]:
    """What the owner gets below /api/admin."""
    response = await place.get(f"/api/admin/{path}", person)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def admin_routes(place: Place) -> list[tuple[str, str]]:
    """Every method and address below /api/admin."""
    return [
        (method, route.path)
        for route in place.app.life.routes()
        if isinstance(route, Route) and route.path.startswith("/api/admin")
        for method in sorted(route.methods or ())
    ]


# --- Who may see it -----------------------------------------------------------


async def test_every_route_is_refused_to_whoever_is_not_the_owner(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        routes = [(method, path.format(turn=turn)) for method, path in admin_routes(place)]
        not_owner = [await place.send(method, path, person="ann") for method, path in routes]
        nobody = [await place.send(method, path, person="nobody") for method, path in routes]

    assert len(routes) >= 10
    assert {response.status_code for response in not_owner} == {403}
    assert {response.status_code for response in nobody} == {401}
    assert {r.json()["type"] for r in not_owner if r.request.method != "HEAD"} == {"urn:penstock:not-admin"}
    assert not any("ann" in response.text for response in not_owner)


async def test_on_ones_own_machine_everybody_is_the_owner(places: Places) -> None:
    async with places.open(identified=False) as place:
        await place.answered()
        found = await told(place, "turns")

    assert [row["person"] for row in found["turns"]] == ["me"]


async def test_another_sites_page_reaches_nothing(places: Places) -> None:
    async with places.open(identified=False) as place:
        turn = (await place.answered())["turn"]
        sent = [
            await place.get("/api/admin/turns", origin="https://evil.example"),
            await place.post(f"/api/admin/turns/{turn}/stop", origin="https://evil.example"),
        ]

    assert [response.status_code for response in sent] == [403, 403]


def test_nothing_but_its_routes_reaches_the_owners_room() -> None:
    reached = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "owner" and "engine" in ast.unparse(node.value)
    }

    assert reached == {"server/admin.py"}


# --- Turns --------------------------------------------------------------------


async def test_live_turns_are_told_and_stopped(places: Places) -> None:
    async with places.open(ScriptedModel(["Pa", HOLD, "ris"])) as place:
        running = (await place.ask(person="bob"))["turn"]
        waiting = (await place.ask(person="bob"))["turn"]
        async with place.stream(f"/api/turns/{running}/events", person="bob") as stream:
            await stream.until_words("Pa")
            live = await told(place, "turns?state=running,queued")
            stopped = await place.post(f"/api/admin/turns/{running}/stop", person="owner")
            await stream.rest()
        ended = (await place.get(f"/api/turns/{running}", "bob")).json()

    row = live["turns"][1]
    assert (live["running"], live["queued"], live["readers"], live["more"]) == (1, 1, 1, None)
    assert [row["turn"] for row in live["turns"]] == [waiting, running]
    assert (row["tenant"], row["channel"], row["thread"], row["person"]) == ("acme", "web", "t1", "bob")
    assert (row["state"], row["attempts"], row["here"], row["ended_s"]) == ("running", 1, True, 0.0)
    assert stopped.status_code == 202
    assert (ended["state"], ended["stopped_by"], ended["text"]) == ("stopped", "owner", "Pa")


async def test_past_turns_are_read_on_page_by_page(places: Places) -> None:
    async with places.open(ScriptedModel(["Paris.", Usage("m-1", 10, 2)])) as place:
        turns = [(await place.answered(thread=f"t{n}"))["turn"] for n in range(3)]
        first = await told(place, "turns?limit=2&state=done")
        rest = await told(place, f"turns?limit=2&before={first['more']}")

    assert [row["turn"] for row in (*first["turns"], *rest["turns"])] == turns[::-1]
    assert rest["more"] is None
    newest = first["turns"][0]
    assert newest["model"] == "m-1"
    assert (newest["question"], newest["title"], newest["reference"]) == (QUESTION, QUESTION, turns[2])
    assert first["turns"][0]["ended_s"] >= first["turns"][0]["asked_s"]


async def test_a_timeline_tells_what_happened_and_none_of_its_words(places: Places) -> None:
    model = ScriptedModel(["Secretly Par", ModelCut("cut")], ["Secretly Paris", Usage("m-1", 10, 2)])
    async with places.open(model) as place:
        turn = (await place.answered())["turn"]
        response = await place.get(f"/api/admin/turns/{turn}/timeline", "owner")
        unknown = await place.get("/api/admin/turns/unknown/timeline", "owner")

    found = response.json()
    assert [(m["kind"], m["what"]) for m in found["moments"]] == [
        ("received", ""),
        ("began", ""),
        ("first_word", ""),
        ("began", "model_cut"),
        ("first_word", ""),
        ("usage", "m-1"),
        ("done", "complete"),
    ]
    assert [one["chars"] for one in found["attempts"]] == [12, 14]
    assert (found["turn"]["turn"], found["turn"]["state"]) == (turn, "done")
    assert "Secretly" not in response.text
    assert QUESTION not in response.text
    assert unknown.status_code == 404


# --- Threads and feedback -----------------------------------------------------


async def test_everybodys_threads_are_found_and_read(places: Places) -> None:
    async with places.open() as place:
        await place.answered("Capital of France?", thread="a")
        turn = (await place.answered("Capital of Spain?", thread="b", person="bob"))["turn"]
        await place.send("PUT", f"/api/turns/{turn}/feedback", {"rating": "down", "remark": "No."}, "bob")
        every = await told(place, "threads?limit=1")
        rest = await told(place, f"threads?before={every['more']}")
        found = await told(place, "threads?words=spain")
        read = await told(place, "thread?key=acme:web:b")
        feedback = await told(place, "feedback")
        unknown = await place.get("/api/admin/thread?key=nonsense", "owner")

    assert [row["owner"] for row in (*every["threads"], *rest["threads"])] == ["bob", "ann"]
    assert [row["key"] for row in found["threads"]] == ["acme:web:b"]
    assert read["thread"]["owner"] == "bob"
    assert [t["answer"]["text"] for t in read["turns"]] == ["Paris."]
    assert read["turns"][0]["questions"][0]["text"] == "Capital of Spain?"
    assert read["turns"][0]["feedback"] == {"rating": "down", "remark": "No."}
    [row] = feedback["feedback"]
    assert (row["turn"], row["person"], row["rating"], row["remark"]) == (turn, "bob", "down", "No.")
    assert row["title"] == "Capital of Spain?"
    assert unknown.status_code == 404


async def test_feedback_is_read_on_page_by_page(places: Places) -> None:
    async with places.open() as place:
        for n in range(3):
            turn = (await place.answered(thread=f"t{n}"))["turn"]
            await place.send("PUT", f"/api/turns/{turn}/feedback", {"rating": "up", "remark": str(n)})
        first = await told(place, "feedback?limit=2")
        rest = await told(place, f"feedback?limit=2&before={first['more']}")

    assert [row["remark"] for row in (*first["feedback"], *rest["feedback"])] == ["2", "1", "0"]
    assert rest["more"] is None


# --- Statistics ---------------------------------------------------------------


async def test_what_has_just_ended_is_in_the_charts(places: Places) -> None:
    async with places.open(ScriptedModel(["Paris.", Usage("m-1", 10, 2)])) as place:
        for n in range(3):
            await place.answered(thread=f"t{n}")
            await place.assistant.reports.get()
        await place.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "?"}]})
        await place.assistant.reports.get()
        found = await told(place, "statistics")
        month = await told(place, "statistics?hours=720")

    assert (found["step"], month["step"]) == ("hour", "day")
    assert (len(found["slots"]), len(month["slots"])) == (24, 30)
    assert found["total"]["turns"] == {"done": 4, "stopped": 0, "failed": 0}
    assert found["total"]["usage"]["input_tokens"] == 40
    assert found["total"]["took"]["count"] == found["total"]["first_visible"]["count"] == 4
    assert 0 < found["total"]["first_visible"]["p95_s"] <= found["total"]["took"]["p95_s"]
    assert sum(slot["turns"]["done"] for slot in found["slots"]) == 4
    assert {(day["model"], day["channel"]): day["turns"]["done"] for day in month["days"]} == {
        ("m-1", "openai"): 1,
        ("m-1", "web"): 3,
    }


# --- Knowledge and settings ---------------------------------------------------


async def test_what_is_indexed_is_told_and_can_be_searched(places: Places, tmp_path: Path) -> None:
    handbook = tmp_path / "handbook"
    handbook.mkdir()
    (handbook / "leave.md").write_text("# Leave\n\nParents have a year.")
    (handbook / "torn.md").write_bytes(b"\xff\xfe\x00\xd8")
    async with places.open(knowledge=[str(handbook)]) as place:
        held = await told(place, "knowledge")
        found = await told(place, "knowledge/search?q=How+long+do+parents+have%3F&limit=1")
        nothing = await told(place, "knowledge/search?q=")

    assert (held["kind"], held["files"], held["passages"]) == ("local", 1, 1)
    [document] = held["documents"]
    assert (document["source"], document["passages"]) == ("handbook/leave.md", 1)
    assert document["read_s"] > 1_700_000_000
    assert held["named"] == [{"path": str(handbook), "by": "settings"}]
    assert [one["path"] for one in held["broken"]] == [str(handbook / "torn.md")]
    [passage] = found["passages"]
    assert (passage["source"], passage["heading"]) == ("handbook/leave.md", "Leave")
    assert passage["score"] > 0
    assert nothing["passages"] == []


class OnlySearch:
    """A Knowledge of somebody's own."""

    async def search(self, query: str, limit: int) -> list[Passage]:
        if query == "break":
            raise RuntimeError("its own fault")
        return [Passage("wiki", "Paris is a city.", score=0.9)][:limit]


async def test_a_knowledge_of_ones_own_can_be_searched_and_no_more(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    async with places.open(knowledge=OnlySearch()) as place:
        held = await told(place, "knowledge")
        found = await told(place, "knowledge/search?q=Paris")
        with caplog.at_level(logging.WARNING):
            broken = await place.get("/api/admin/knowledge/search?q=break", "owner")

    assert (held["kind"], held["documents"], held["passages"]) == ("program", [], 0)
    assert [one["source"] for one in found["passages"]] == ["wiki"]
    assert broken.json()["type"] == "urn:penstock:search-failed"


async def test_the_settings_in_force_are_told_without_their_secrets(places: Places) -> None:
    async with places.open(openai_api_key="sk-very-secret", title="Handbook", retries=5) as place:
        response = await place.get("/api/admin/settings", "owner")

    found = response.json()
    rows = {row["name"]: row for row in found["settings"]}
    assert "sk-very-secret" not in response.text
    assert (rows["openai_api_key"]["value"], rows["openai_api_key"]["secret"]) == ("•••", True)
    assert (rows["anthropic_api_key"]["value"], rows["anthropic_api_key"]["is_default"]) == ("", True)
    assert (rows["title"]["value"], rows["title"]["origin"]) == ("Handbook", "program")
    assert (rows["retries"]["value"], rows["retries"]["is_default"]) == (5, False)
    assert (rows["idle_timeout_s"]["value"], rows["idle_timeout_s"]["origin"]) == (60.0, "")
    assert rows["overlap"]["help"].startswith("What becomes of a question")
    assert rows["overlap"]["section"] == "How much at once"
    assert found["model"] == {"name": "scripted", "why": "it is given in the program"}


# --- What is asked for --------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("turns?state=dead", "There is no state 'dead'. There are: queued, running, done, stopped, failed."),
        ("turns?limit=0", "limit is a number from 1 to 200."),
        ("threads?words=" + "x" * 201, "words has at most 200 characters."),
        ("feedback?before=nonsense", "`before` is not one of ours; leave it out to read from the newest."),
        ("statistics?hours=9601", "hours is a number from 1 to 9600."),
        ("statistics?hours=-1", "hours is a number from 1 to 9600."),
        ("knowledge/search?q=x&limit=51", "limit is a number from 1 to 50."),
        ("knowledge/search?q=" + "x" * 4_001, "q has at most 4000 characters."),
    ],
)
async def test_what_makes_no_sense_is_answered_by_a_sentence(
    places: Places, path: str, sentence: str
) -> None:
    async with places.open() as place:
        response = await place.get(f"/api/admin/{path}", "owner")

    assert response.status_code == 400
    assert response.json()["detail"] == sentence


async def test_what_the_owner_gets_is_what_is_described(places: Places) -> None:
    model = ScriptedModel(["Par", ModelCut("cut")], ["Paris.", Usage("m-1", 10, 2)])
    async with places.open(model) as place:
        description = (await place.get("/openapi.json")).json()
        turn = (await place.answered())["turn"]
        await place.send("PUT", f"/api/turns/{turn}/feedback", {"rating": "up"})
        asked = [(m, path) for m, path in admin_routes(place) if m != "HEAD"]
        sent = {}
        for method, path in asked:
            address = path.format(turn=turn) + "?key=acme:web:t1&q=Penstock"
            sent[method.lower(), path] = await place.send(method, address, person="owner")

    for (method, path), response in sent.items():
        schema = description["paths"][path][method]["responses"][str(response.status_code)]["content"]
        whole = {**schema["application/json"]["schema"], "components": description["components"]}
        jsonschema.Draft202012Validator(whole).validate(response.json())


async def test_the_commands_say_what_the_page_shows(places: Places) -> None:
    if shutil.which("curl") is None:
        pytest.skip("the page shows curl")
    ran, turns = 0, Turns()
    async with places.open(identified=False) as place:
        await place.answered(thread="travel")
        await place.assistant.reports.get()
        for block in blocks("admin.md", "console"):
            command, shown = block.removeprefix("$ ").split("\n", 1)
            said = await shell(place, turns.real(command))
            assert turns.learn(shown.rstrip("\n"), said.rstrip("\n")), f"{command}\n{said}"
            ran += 1

    assert ran == 3
