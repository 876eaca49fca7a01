"""On the way to the issuer and back: others in between, other browsers, and an issuer that is not well."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from penstock.server.auth.cookies import LOGIN_S
from penstock.server.auth.oidc import Oidc
from penstock.server.auth.seal import Seal
from penstock.server.problems import SignInFailed
from penstock.settings import load
from penstock.stores.sqlite import SqliteStore
from penstock.testing.clock import FakeClock
from tests.server.auth import forgeries
from tests.server.auth.issuers import SECRET, forging, pass_by, refused, settings_for
from tests.server.auth.people import Browser, browser
from tests.server.place import Place, Places

# --- Somebody in between ------------------------------------------------------


async def at_the_issuer(place: Place, ann: Browser) -> str:
    """Where the issuer sends a browser back to."""
    left = await ann.get("/auth/login")
    async with httpx.AsyncClient() as elsewhere:
        return str((await elsewhere.get(left.headers["location"])).headers["location"])


async def test_an_answer_is_worth_nothing_in_another_browser(places: Places) -> None:
    async with (
        forging() as forger,
        places.open(**settings_for(forger)) as place,
        browser(place) as ann,
        browser(place) as eve,
    ):
        link = await at_the_issuer(place, eve)
        said = await refused(ann, await ann.get(link))
        await at_the_issuer(place, ann)
        await refused(ann, await ann.get(link))

    assert "another browser" in said
    assert "token" not in forger.asked, "the code was not even tried"


async def test_an_answer_to_another_question_is_not_taken(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        link = await at_the_issuer(place, ann)
        state = parse_qs(urlsplit(link).query)["state"][0]
        # The same cookie is found, for its name has the state's beginning only.
        await refused(
            ann, await ann.get(link.replace(state, state[:-1] + ("A" if state[-1] != "A" else "B")))
        )
        await refused(ann, await ann.get("/auth/callback"))
        await refused(ann, await ann.get("/auth/callback?state=&code=x"))
        await refused(ann, await ann.get(f"/auth/callback?state={state}&code="))
        assert "token" not in forger.asked

        await ann.get(link)
        assert (await ann.get("/api/me")).status_code == 200


async def test_who_sets_out_again_and_again_keeps_the_last_eight_ways_back(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        links = [await at_the_issuer(place, ann) for _ in range(12)]
        kept = len(ann.client.cookies)
        early = await refused(ann, await ann.get(links[3]))
        await ann.get(links[4])
        me = await ann.get("/api/me")

    assert kept == 8
    assert "another browser" in early
    assert me.status_code == 200


async def test_an_answer_works_once(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        link = await at_the_issuer(place, ann)
        await ann.get(link)
        await ann.post("/auth/sign-out")
        await refused(ann, await ann.get(link))


async def test_nobody_stays_on_the_way_for_longer_than_ten_minutes(tmp_path: Path) -> None:
    clock = FakeClock()
    store = SqliteStore(tmp_path)
    await store.open()
    async with forging() as forger:
        said = load(None, {}, {**settings_for(forger), "identified": None})
        oidc = Oidc(said, Seal(store.shelf), clock=clock)
        going = await oidc.leaving("http://localhost/auth/callback", "/")
        clock.advance(LOGIN_S)
        with pytest.raises(SignInFailed, match="did not work") as in_time:
            await oidc.back("http://localhost/auth/callback", {"state": going.state}, going.kept)
        clock.advance(1)
        with pytest.raises(SignInFailed, match="took too long"):
            await oidc.back("http://localhost/auth/callback", {"state": going.state}, going.kept)
        await oidc.close()
    await store.close()

    assert in_time.value.why == "the issuer sent no code"


async def test_two_tabs_do_not_disturb_each_other(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        first, second = [await at_the_issuer(place, ann) for _ in range(2)]
        came = [(await ann.get(link)).status_code for link in (first, second)]

    assert came == [302, 302]


async def test_a_code_stolen_on_the_way_is_worth_nothing_without_the_verifier(places: Places) -> None:
    async with (
        forging() as forger,
        places.open(**settings_for(forger)) as place,
        browser(place) as ann,
        browser(place) as eve,
    ):
        stolen = parse_qs(urlsplit(await at_the_issuer(place, ann)).query)["code"][0]
        own = await at_the_issuer(place, eve)
        code = parse_qs(urlsplit(own).query)["code"][0]
        await refused(eve, await eve.get(own.replace(code, stolen)))

    assert forger.asked.count("token") == 1


GOES = [
    ("/c/travel?x=1#y", "/c/travel?x=1#y"),
    ("", "/"),
    ("https://evil.example/", "/"),
    ("//evil.example/", "/"),
    ("/\\evil.example", "/"),
    ("/\t/evil.example", "/"),
    ("/a\r\nset-cookie: b=c", "/"),
    ("javascript:alert(1)", "/"),
    ("evil", "/"),
    ("/" + "x" * 1_000, "/"),
]


async def test_where_to_go_in_the_end_is_a_place_of_ours(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        for asked, goes in GOES:
            back = await pass_by(ann, f"?{httpx.QueryParams({'next': asked})}")
            assert back.headers["location"] == goes, asked


async def test_nobody_is_sent_back_to_another_host(places: Places) -> None:
    evil = {"host": "evil.example"}
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        refusals = [await ann.get(path, **evil) for path in ("/auth/login", "/auth/callback")]

    assert [response.status_code for response in refusals] == [403, 403]
    assert "location" not in refusals[0].headers
    assert forger.asked == []


# --- When the issuer is not well ----------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"issuer": "https://evil.example"}, "calls itself something else"),
        ({"token_endpoint": 7}, "is not what it should be"),
        ({"jwks_uri": None}, "is not what it should be"),
    ],
)
async def test_an_issuer_that_is_another_is_not_gone_to(
    places: Places, caplog: pytest.LogCaptureFixture, metadata: dict[str, Any], why: str
) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        forger.metadata = metadata
        sent = await ann.get("/auth/login")

    assert sent.status_code == 503
    assert int(sent.headers["retry-after"]) >= 1
    assert "The sign-in service cannot be reached right now." in sent.text
    assert why in str([vars(record) for record in caplog.records])


async def test_an_issuer_that_is_down_is_told_and_asked_again(places: Places) -> None:
    async with forging() as forger:
        pass
    async with places.open(**settings_for(forger)) as place, browser(place) as ann:
        sent = await ann.get("/auth/login")
        ready = await ann.get("/healthz")

    assert (sent.status_code, ready.status_code) == (503, 200)


async def test_a_wrong_client_secret_is_told_to_the_owner_and_not_to_the_person(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"oidc_client_secret": "wrong"}
    async with (
        forging() as forger,
        places.open(**settings_for(forger, **wrong)) as place,
        browser(place) as ann,
    ):
        said = await refused(ann, await pass_by(ann))

    assert "invalid_client" not in said
    assert [vars(record).get("why") for record in caplog.records if hasattr(record, "why")] == [
        "invalid_client"
    ]


async def test_an_error_in_the_link_is_not_shown_as_it_came(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        forger.refuse = {"error": "<script>alert(1)</script>", "error_description": "<b>call 0900</b>"}
        said = await refused(ann, await pass_by(ann))

    assert "script>" not in said
    assert "0900" not in said


async def test_no_secret_reaches_the_log_whatever_goes_wrong(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        await pass_by(ann)
        held = ann.cookie
        for forge in (forgeries.unsigned, forgeries.signed_with_another_key, forgeries.no_token_at_all):
            forger.sign = lambda claims, forge=forge: forge(forger, claims)  # type: ignore[misc]
            await pass_by(ann)
        forger.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        forger.refuse = {"error": "access_denied"}
        await pass_by(ann)
    ours = [record for record in caplog.records if record.name.startswith("penstock")]
    said = str([vars(record) for record in ours])

    assert "signing in failed" in said
    for secret in (SECRET, held.partition("=")[2], "eyJ", "code-", "state="):
        assert secret not in said
