"""Signing in at an issuer that others wrote: oidc-provider-mock, in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.auth.issuers import CLIENT, PROGRAM, foreign_issuer, walk
from tests.server.auth.people import ASK, browser
from tests.server.place import QUESTION, Places

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason="there is no issuer to sign in at: scripts/setup-oidc brings one"
)

ANN = {"sub": "ann-1", "email": "ann@Example.com", "email_verified": True, "name": "Ann", "groups": ["staff"]}
EVE = {"sub": "eve-1", "email": "eve@example.com", "email_verified": False, "groups": ["staff", "owners"]}
ZOE = {"sub": "zoe-1", "email": "zoe@elsewhere.com", "email_verified": True, "realm": {"roles": ["owners"]}}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with foreign_issuer(ANN, EVE, ZOE) as url:
        yield url


def settings(issuer: str, **more: Any) -> dict[str, Any]:
    return {**CLIENT, "oidc_issuer": issuer, "oidc_client_secret": "anything", **more}


async def test_a_browser_goes_there_comes_back_asks_and_signs_out(places: Places, issuer: str) -> None:
    async with places.open(**settings(issuer)) as place, browser(place) as ann:
        stranger = await ann.get("/api/me")
        back = await walk(ann, "ann-1")
        me = (await ann.get("/api/me")).json()
        asked = await ann.post(ASK, {"text": QUESTION})
        left = [name for name in ann.client.cookies if "login" in name]
        await ann.post("/auth/sign-out")
        after = await ann.get("/api/me")

    assert stranger.status_code == 401
    assert (back.status_code, back.headers["location"], back.headers["cache-control"]) == (
        302,
        "/",
        "no-store",
    )
    assert me == {"id": "ann-1", "name": "Ann", "admin": False, "auth": "oidc"}
    assert asked.status_code == 202
    assert left == [], "nothing is left of the way there"
    assert after.status_code == 401


async def test_who_says_no_there_is_told_here(places: Places, issuer: str) -> None:
    async with places.open(**settings(issuer)) as place, browser(place) as ann:
        back = await walk(ann, "ann-1", deny=True)
        me = await ann.get("/api/me")

    assert back.status_code == 400
    assert "The sign-in service did not sign you in." in back.text
    assert me.status_code == 401


@pytest.mark.parametrize(
    ("rules", "may"),
    [
        ({}, {"ann-1", "eve-1", "zoe-1"}),
        ({"oidc_allowed_domains": ["EXAMPLE.com"]}, {"ann-1"}),
        ({"oidc_allowed_domains": ["example.com", "elsewhere.com"]}, {"ann-1", "zoe-1"}),
        ({"oidc_allowed_groups": ["staff"]}, {"ann-1", "eve-1"}),
        ({"oidc_allowed_groups": ["staff"], "oidc_allowed_domains": ["example.com"]}, {"ann-1"}),
        ({"oidc_allowed_groups": ["owners"], "oidc_groups_claim": "realm.roles"}, {"zoe-1"}),
    ],
)
async def test_only_those_come_in_whom_the_settings_let_in(
    places: Places, issuer: str, rules: dict[str, Any], may: set[str]
) -> None:
    came = set()
    async with places.open(**settings(issuer, **rules)) as place:
        for sub in ("ann-1", "eve-1", "zoe-1"):
            async with browser(place) as person:
                back = await walk(person, sub)
                if (await person.get("/api/me")).status_code == 200:
                    came.add(sub)
                else:
                    assert back.status_code == 403
                    assert "may use this assistant" in back.text

    assert came == may


@pytest.mark.parametrize(
    ("claim", "admin"),
    [("owners", True), ("staff", True), ("sub=eve-1", True), ("sub=ann-1", False), ("", False)],
)
async def test_the_owner_is_whom_the_issuer_says_so(
    places: Places, issuer: str, claim: str, admin: bool
) -> None:
    async with places.open(**settings(issuer, oidc_admin_claim=claim)) as place, browser(place) as eve:
        await walk(eve, "eve-1")
        me = (await eve.get("/api/me")).json()

    assert me["admin"] is admin


async def test_other_rules_end_every_session(places: Places, issuer: str) -> None:
    async with places.open(**settings(issuer)) as place, browser(place) as ann:
        await walk(ann, "ann-1")
        held = {"cookie": ann.cookie}
    async with places.open(**settings(issuer)) as place:
        same = await place.client.get("/api/me", headers=held)
    async with places.open(**settings(issuer, oidc_allowed_groups=["owners"])) as place:
        stricter = await place.client.get("/api/me", headers=held)

    assert (same.status_code, stricter.status_code) == (200, 401)


async def test_the_way_there_says_where_back_is(places: Places, issuer: str) -> None:
    public = settings(issuer, public_url="https://ask.example.com/")
    async with places.open(**public) as place, browser(place) as ann:
        left = await ann.get("/auth/login")

    assert "redirect_uri=https%3A%2F%2Fask.example.com%2Fauth%2Fcallback&" in left.headers["location"]
    assert re.fullmatch(
        r"__Host-penstock-login-\S+=\S+; HttpOnly; Max-Age=600; Path=/; SameSite=lax; Secure",
        left.headers["set-cookie"],
    )
