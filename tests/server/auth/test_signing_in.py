"""With `auth = "token"`: who comes in and who does not, from a browser and from a program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from starlette.routing import Route

from penstock.server.auth.tokens import hashed
from tests.server.auth.people import ANN, ASK, BOB, OWNER, SETTINGS, Browser, bearer, browser
from tests.server.place import QUESTION, Places

CHAT: Any = {"messages": [{"role": "user", "content": QUESTION}]}
# What is for everybody, or signs people in.
OPEN = {"/healthz", "/openapi.json", "/metrics", "/embed.js", "/icon.svg", "/logo"}
OPEN |= {"/api/page", "/api/shared/{token}"}


# --- Who is not signed in -----------------------------------------------------


async def test_every_route_of_the_api_is_closed_to_strangers(places: Places) -> None:
    asked = 0
    async with places.open(**SETTINGS) as place:
        for route in place.app.life.routes():
            if (
                not isinstance(route, Route)
                or not route.path.startswith(("/api/", "/v1/"))
                or route.path in OPEN
            ):
                continue
            path = re.sub(r"{\w+(:path)?}", "x", route.path)
            for method in (route.methods or set()) - {"HEAD"}:
                refused = await place.client.request(method, path)
                assert refused.status_code == 401, (method, path, refused.text)
                assert refused.headers["www-authenticate"] == "Bearer"
                assert "not_signed_in" in refused.text.replace("-", "_")
                asked += 1

    assert asked >= 20


async def test_what_everybody_may_see_is_open(places: Places) -> None:
    async with places.open(**SETTINGS) as place:
        seen = [
            await place.client.get(path) for path in ("/healthz", "/openapi.json", "/api/page", "/metrics")
        ]

    assert [response.status_code for response in seen] == [200] * 4


async def test_a_token_that_is_not_known_signs_nobody_in(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place) as stranger:
        wrong = await stranger.sign_in(ANN[:-1] + "1")
        me = await stranger.get("/api/me")

    assert (wrong.status_code, wrong.json()["type"]) == (401, "urn:penstock:token-wrong")
    assert "set-cookie" not in wrong.headers
    assert ANN[:-1] not in wrong.text
    assert me.status_code == 401


async def test_who_tries_too_often_has_to_wait(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place) as stranger:
        tried = [(await stranger.sign_in("pst_wrong")).status_code for _ in range(20)]
        refused = await stranger.sign_in("pst_wrong")
        program = await place.client.get("/api/me", headers=bearer(ANN))

    assert tried == [401] * 20
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:penstock:too-many-sign-ins")
    assert 1 <= int(refused.headers["retry-after"]) <= 3
    assert program.status_code == 200, "programs do not sign in, and are not held up"


async def test_a_stranger_who_tries_without_end_keeps_nobody_out(places: Places) -> None:
    # Behind a proxy all come from one place.
    async with places.open(**SETTINGS) as place, browser(place) as stranger, browser(place) as ann:
        tried = [(await stranger.sign_in("pst_wrong")).status_code for _ in range(21)]
        signed_in = await ann.sign_in(ANN)

    assert tried[-1] == 429
    assert signed_in.status_code == 204


async def test_what_a_stranger_sends_is_not_read_beyond_what_a_token_needs(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place) as stranger:
        refused = await stranger.sign_in("x" * 10_000)

    assert (refused.status_code, refused.json()["type"]) == (413, "urn:penstock:body-too-large")


# --- A browser ----------------------------------------------------------------


async def test_a_browser_signs_in_asks_and_signs_out(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place) as ann:
        signed_in = await ann.sign_in(f" {ANN}\n")
        me = (await ann.get("/api/me")).json()
        asked = await ann.post(ASK, {"text": QUESTION})
        held = ann.cookie
        signed_out = await ann.post("/auth/sign-out")
        forgotten = ann.cookie
        kept = await place.client.get("/api/me", headers={"cookie": held})

    assert (signed_in.status_code, signed_in.content) == (204, b"")
    assert me == {"id": "ann", "name": "ann", "admin": False, "auth": "token"}
    assert asked.status_code == 202
    assert (signed_out.status_code, forgotten) == (204, "")
    assert kept.status_code == 401, "the session is over, whoever kept the cookie"


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place) as ann:
        plain = (await ann.sign_in(ANN)).headers["set-cookie"]
    async with (
        places.open(**SETTINGS, public_url="https://ask.example.com/") as place,
        browser(place) as ann,
    ):
        ann.origin = "https://ask.example.com"
        secure = (await ann.sign_in(ANN)).headers["set-cookie"]
        me = await place.client.get("/api/me", headers={"cookie": secure.partition(";")[0]})

    assert re.fullmatch(r"penstock=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", plain)
    assert re.fullmatch(
        r"__Host-penstock=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax; Secure", secure
    )
    assert me.status_code == 200


async def test_over_tls_a_cookie_that_another_host_could_have_set_is_not_read(places: Places) -> None:
    async with places.open(**SETTINGS, public_url="https://ask.example.com") as place:
        async with browser(place) as ann:
            ann.origin = "https://ask.example.com"
            value = re.findall("=([^;]+)", (await ann.sign_in(ANN)).headers["set-cookie"])[0]
        refused = await place.client.get("/api/me", headers={"cookie": f"penstock={value}"})

    assert refused.status_code == 401


async def test_a_session_outlives_the_server_and_ends_with_its_token(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann:
        held = {"cookie": ann.cookie}
    async with places.open(**SETTINGS) as place:
        after_restart = await place.client.get("/api/me", headers=held)
    for changed in (
        {"bob": hashed(BOB)},
        {"ann": hashed(OWNER)},
        {"ann": {"hash": hashed(ANN), "admin": True}},
    ):
        async with places.open(**{**SETTINGS, "tokens": changed}) as place:
            removed = await place.client.get("/api/me", headers=held)
            assert removed.status_code == 401, changed

    assert after_restart.json()["id"] == "ann"


async def test_signing_in_again_ends_the_session_before(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as shared:
        before = shared.cookie
        await shared.sign_in(BOB)
        me = await shared.get("/api/me")
        old = await place.client.get("/api/me", headers={"cookie": before})

    assert shared.cookie != before
    assert me.json()["id"] == "bob"
    assert old.status_code == 401


async def test_nothing_in_the_data_folder_signs_anybody_in(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann:
        held = ann.cookie.partition("=")[2]
        await ann.post("/api/ticket")
    kept = all_of(places.folder)

    assert len(kept) > 10_000
    assert held.encode() not in kept
    assert ANN.encode() not in kept


def all_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_everybody_has_their_own_threads(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann, browser(place, BOB) as bob:
        turn = (await ann.post(ASK, {"text": QUESTION})).json()["turn"]
        seen = [await bob.get(path) for path in ("/api/threads/t1", f"/api/turns/{turn}")]
        stopped = await bob.post(f"/api/turns/{turn}/stop")

    assert [response.status_code for response in (*seen, stopped)] == [404] * 3


# --- What another site's page could do ----------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 202),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, 403),
    ],
)
async def test_a_cookie_alone_changes_nothing(places: Places, headers: dict[str, str], status: int) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann:
        asked = await place.client.post(ASK, json={"text": "?"}, headers={**headers, "cookie": ann.cookie})
        out = await place.client.post("/auth/sign-out", headers={**headers, "cookie": ann.cookie})
        me = await ann.get("/api/me")

    assert asked.status_code == status
    assert out.status_code == (204 if status == 202 else 403)
    assert me.status_code == (401 if status == 202 else 200)


async def test_another_sites_page_can_sign_nobody_in(places: Places) -> None:
    async with places.open(**SETTINGS) as place:
        foreign = Browser(place, "https://evil.example", place.client)
        refused = await foreign.sign_in(ANN)

    assert (refused.status_code, refused.json()["type"]) == (403, "urn:penstock:foreign-origin")


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("ask.example.com", "https://ask.example.com", 200),
        ("ASK.example.com:443", "https://ask.example.com", 200),
        ("127.0.0.1:8000", "https://ask.example.com", 200),
        ("localhost", "", 200),
        ("evil.example", "", 403),
        ("evil.example", "https://evil.example", 403),
        ("ask.example.com", "https://ask.example.com.evil.example", 403),
        ("ask.example.com", "https://ask.example.com:8443", 403),
    ],
)
async def test_a_public_url_says_under_which_name_it_answers(
    places: Places, host: str, origin: str, status: int
) -> None:
    headers = {"host": host, **bearer(ANN), **({"origin": origin} if origin else {})}
    async with places.open(**SETTINGS, public_url="https://Ask.example.com:443/") as place:
        response = await place.client.get("/api/me", headers=headers)

    assert response.status_code == status


# --- A program ----------------------------------------------------------------


async def test_a_program_sends_its_token_along(places: Places) -> None:
    async with places.open(**SETTINGS) as place:
        asked = await place.client.post(ASK, json={"text": "?"}, headers=bearer(ANN))
        me = await place.client.get("/api/me", headers={"authorization": f"bearer  {BOB}"})
        wrong = await place.client.get("/api/me", headers=bearer("sk-anything"))

    assert asked.status_code == 202, "without a cookie there is no origin to ask for"
    assert me.json()["id"] == "bob"
    assert (wrong.status_code, "sk-anything" in wrong.text) == (401, False)


async def test_a_wrong_token_is_not_made_good_by_a_cookie(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann:
        refused = await ann.get("/api/me", **bearer("pst_wrong"))

    assert refused.status_code == 401


async def test_the_openai_client_signs_in_with_its_api_key(places: Places) -> None:
    async with places.open(**SETTINGS) as place:
        async with openai.AsyncOpenAI(base_url=f"{place.url}/v1", api_key=ANN, max_retries=0) as client:
            said = await client.chat.completions.create(model="any", **CHAT)
        async with openai.AsyncOpenAI(base_url=f"{place.url}/v1", api_key="sk-1", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError, match="not valid here"):
                await client.models.list()

    assert said.choices[0].message.content == "Paris."


async def test_the_owner_is_who_has_the_owners_token(places: Places) -> None:
    async with places.open(**SETTINGS) as place:
        me = (await place.client.get("/api/me", headers=bearer(OWNER))).json()
        settings = [
            (await place.client.get("/api/admin/settings", headers=bearer(token))) for token in (OWNER, ANN)
        ]

    assert me["admin"] is True
    assert [response.status_code for response in settings] == [200, 403]
    assert settings[1].json()["type"] == "urn:penstock:not-admin"


@pytest.mark.parametrize(
    "sent_on", [{"x-forwarded-for": "203.0.113.5"}, {"via": "1.1 proxy"}, {"host": "ask.example.com"}]
)
async def test_metrics_are_for_this_machine_or_the_owner(places: Places, sent_on: dict[str, str]) -> None:
    async with places.open(**SETTINGS, public_url="https://ask.example.com") as place:
        statuses = [
            (await place.client.get("/metrics", headers=headers)).status_code
            for headers in ({}, sent_on, {**sent_on, **bearer(ANN)}, {**sent_on, **bearer(OWNER)})
        ]

    assert statuses == [200, 401, 403, 200]


async def test_no_session_begins_where_nobody_signs_in(places: Places) -> None:
    async with places.open(identified=False) as place, browser(place) as me:
        sent: list[httpx.Response] = [await me.sign_in(ANN), await me.get("/auth/login")]
        who = (await me.get("/api/me")).json()

    assert [response.status_code for response in sent] == [404, 404]
    assert who == {"id": "me", "name": "", "admin": True, "auth": "none"}


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-host"])
async def test_without_sign_in_nobody_elsewhere_is_answered(places: Places, name: str) -> None:
    async with places.open(identified=False) as place:
        here = await place.client.get("/api/me")
        # What a proxy on this machine says is believed, and may only make it worse.
        elsewhere = [
            await place.client.get(path, headers={name: "203.0.113.5"}) for path in ("/api/me", "/metrics")
        ]

    assert here.status_code == 200
    assert [response.status_code for response in elsewhere] == [403, 403]
    assert elsewhere[0].json()["type"] == "urn:penstock:foreign-origin"
