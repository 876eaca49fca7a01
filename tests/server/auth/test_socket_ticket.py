"""Who may open a socket: by a ticket, once; by a cookie, from our own page; by a token, from a program."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus

from tests.server.auth.people import ANN, BOB, SETTINGS, bearer, browser, socket
from tests.server.place import Place, Places


async def denied(place: Place, query: str = "", **headers: str) -> tuple[int, str]:
    """With what status and which kind of problem it does not open."""
    with pytest.raises(InvalidStatus) as caught:
        async with socket(place, query, **headers):
            pass
    response = caught.value.response
    return response.status_code, json.loads(response.body or b"{}").get("type", "")


async def who_asks(place: Place, query: str = "", **headers: str) -> str:
    """Ask on the socket; who finds it in their threads then."""
    async with socket(place, query, **headers) as opened:
        await opened.send(json.dumps({"type": "ask", "re": "1", "thread": "t", "text": "?"}))
        assert json.loads(await opened.recv())["type"] == "accepted"
    found = []
    for name, token in (("ann", ANN), ("bob", BOB)):
        if (await place.client.get("/api/threads/t", headers=bearer(token))).status_code == 200:
            found.append(name)
    return " ".join(found)


async def test_a_stranger_is_told_before_it_opens(places: Places) -> None:
    async with places.open(**SETTINGS) as place:
        refused = await denied(place)

    assert refused == (401, "urn:penstock:not-signed-in")


async def test_a_ticket_opens_one_socket(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann:
        given = (await ann.post("/api/ticket")).json()
        query = f"?ticket={given['ticket']}"
        person = await who_asks(place, query)
        again = await denied(place, query)

    assert given["expires_s"] == 30
    assert person == "ann"
    assert again == (401, "urn:penstock:not-signed-in")


async def test_a_ticket_says_who_it_is_for_whatever_else_is_sent(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, BOB) as bob, browser(place, ANN) as ann:
        ticket = (await ann.post("/api/ticket")).json()["ticket"]
        forged = ticket[:-4] + ("AAAA" if ticket[-4:] != "AAAA" else "BBBB")

        person = await who_asks(place, f"?ticket={ticket}", cookie=bob.cookie, origin=place.url)
        refused = await denied(place, f"?ticket={forged}", cookie=bob.cookie, origin=place.url)

    assert person == "ann"
    assert refused[0] == 401, "a bad ticket is not made good by a cookie"


async def test_a_page_of_another_site_opens_nothing_not_even_with_a_ticket(places: Places) -> None:
    foreign = {"origin": "https://evil.example"}
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann:
        ticket = (await ann.post("/api/ticket")).json()["ticket"]
        with_ticket = await denied(place, f"?ticket={ticket}", **foreign)
        with_cookie = await denied(place, cookie=ann.cookie, **foreign)
        person = await who_asks(place, f"?ticket={ticket}", origin=place.url)

    assert with_ticket == with_cookie == (403, "urn:penstock:foreign-origin")
    assert person == "ann", "and the ticket was not used up by the other"


async def test_a_cookie_opens_it_for_our_own_page_alone(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann:
        person = await who_asks(place, cookie=ann.cookie, origin=place.url)
        without = await denied(place, cookie=ann.cookie)

    assert person == "ann"
    assert without == (403, "urn:penstock:foreign-origin")


async def test_a_program_opens_it_with_its_token(places: Places) -> None:
    async with places.open(**SETTINGS) as place:
        person = await who_asks(place, **bearer(ANN))
        refused = await denied(place, **bearer("pst_wrong"))

    assert person == "ann"
    assert refused[0] == 401


async def test_a_ticket_is_fetched_by_who_is_signed_in(places: Places) -> None:
    async with places.open(**SETTINGS) as place, browser(place, ANN) as ann:
        stranger = await place.client.post("/api/ticket")
        cookie_alone = await place.client.post("/api/ticket", headers={"cookie": ann.cookie})

    assert (stranger.status_code, cookie_alone.status_code) == (401, 403)


async def test_a_ticket_works_for_whom_a_program_identifies(places: Places) -> None:
    async with places.open() as place:
        ticket = (await place.post("/api/ticket", person="zoe")).json()["ticket"]
        async with socket(place, f"?ticket={ticket}") as opened:
            await opened.send(json.dumps({"type": "ask", "re": "1", "thread": "t", "text": "?"}))
            assert json.loads(await opened.recv())["type"] == "accepted"
        mine = await place.get("/api/threads/t", "zoe")
        theirs = await place.get("/api/threads/t", "ann")

    assert (mine.status_code, theirs.status_code) == (200, 404)
