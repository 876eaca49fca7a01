"""Whether it may start: nobody is let in whom the settings do not name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from penstock import Assistant
from penstock.core.question import Person, Visitor
from penstock.errors import ConfigError
from penstock.server.auth import check, rules
from penstock.server.auth.tokens import hashed
from penstock.server.guard import is_here, is_private
from penstock.settings import Settings, load
from tests.server.auth.people import ANN
from tests.server.place import Places

ISSUER = {"auth": "oidc", "oidc_issuer": "https://id.example.com", "oidc_client_id": "us"}


def problem(identified: bool = False, **said: Any) -> str:
    """What stops it, or "" when nothing does."""
    try:
        check(load(None, {}, said), identified=identified)
    except ConfigError as exc:
        return str(exc)
    return ""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "::1", "127.9.9.9"])
def test_on_this_machine_nobody_has_to_sign_in(host: str) -> None:
    assert problem(host=host) == ""


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.0.2.1", "2001:db8::1", "ask.example.com", "127.0.0.1.nip.io"]
)
def test_elsewhere_somebody_has_to_say_who_may_come_in(host: str) -> None:
    said = problem(host=host)

    assert said.startswith(host or "This")
    assert 'set auth = "token" or "oidc"' in said
    assert problem(host=host, identified=True) == "", "a program says it itself"
    assert problem(host=host, auth="token", tokens={"ann": hashed(ANN)}) == ""


def test_an_address_for_others_needs_somebody_who_says_who_they_are() -> None:
    assert "public_url is for others" in problem(public_url="https://ask.example.com")
    assert problem(public_url="http://localhost:8000") == ""
    assert problem(public_url="https://ask.example.com", identified=True) == ""


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"auth": "token"}, "penstock token NAME makes it"),
        (
            {"auth": "token", "tokens": {"a": hashed(ANN), "b": hashed(ANN)}},
            "Two names in tokens have the same",
        ),
        ({**ISSUER, "oidc_issuer": ""}, "needs oidc_issuer"),
        ({**ISSUER, "oidc_client_id": ""}, "needs oidc_client_id"),
        ({**ISSUER, "oidc_issuer": "http://id.example.com"}, "must begin with https://"),
        ({**ISSUER, "host": "0.0.0.0"}, "needs public_url"),
        ({**ISSUER, "oidc_issuer": "https://accounts.google.com"}, "say who may come in"),
    ],
)
def test_what_is_missing_is_told(settings: Mapping[str, Any], sentence: str) -> None:
    assert sentence in problem(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        ISSUER,
        {**ISSUER, "oidc_issuer": "http://127.0.0.1:9400"},
        {**ISSUER, "host": "0.0.0.0", "public_url": "https://ask.example.com"},
        {**ISSUER, "oidc_issuer": "https://accounts.google.com", "oidc_allowed_domains": ["example.com"]},
    ],
)
def test_an_issuer_that_is_whole_may_be_used(settings: Mapping[str, Any]) -> None:
    assert problem(**settings) == ""


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(problem(auth="oidc", host="0.0.0.0").splitlines()) == 3


def test_two_cannot_both_say_who_asks() -> None:
    assert "leave one of them out" in problem(identified=True, auth="token", tokens={"ann": hashed(ANN)})


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("", ""),
        ("https://Ask.Example.com/", "https://ask.example.com"),
        ("https://ask.example.com:443/at/x", "https://ask.example.com"),
        ("http://ask.example.com:80", "http://ask.example.com"),
        ("https://ask.example.com:8443", "https://ask.example.com:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_do(url: str, origin: str) -> None:
    assert rules.origin(Settings(public_url=url)) == origin


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("[::1]", True),
        ("::ffff:10.0.0.1", False),
        ("a", False),
    ],
)
def test_what_is_private_is_known(host: str, private: bool) -> None:
    assert is_private(host) is private


@pytest.mark.parametrize(
    ("client", "headers", "here"),
    [
        ("127.0.0.1", {"host": "localhost:8000"}, True),
        ("::1", {"host": "[::1]:8000"}, True),
        ("192.0.2.1", {"host": "localhost"}, False),
        ("127.0.0.1", {"host": "ask.example.com"}, False),
        ("127.0.0.1", {}, False),
        *(
            ("127.0.0.1", {"host": "localhost", name: "x"}, False)
            for name in ("forwarded", "via", "x-real-ip")
        ),
        (None, {"host": "localhost"}, False),
    ],
)
def test_whoever_comes_through_a_proxy_is_not_here(
    client: str | None, headers: dict[str, str], here: bool
) -> None:
    scope = {
        "type": "http",
        "client": client and (client, 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    assert is_here(HTTPConnection(scope)) is here


async def test_a_program_that_says_who_asks_says_who_the_owner_is(places: Places) -> None:
    def identify(connection: HTTPConnection) -> Visitor:
        return Visitor(Person("acme", "boss", "The Boss"), admin=True)

    async with places.open(identify=identify) as place:
        boss = (await place.get("/api/me")).json()
    async with places.open() as place:
        other = (await place.get("/api/me")).json()
        refused = await place.get("/api/admin/settings")

    assert boss == {"id": "boss", "name": "The Boss", "admin": True, "auth": "none"}
    assert (other["admin"], refused.status_code) == (False, 403)


async def test_a_program_on_all_addresses_that_does_not_say_who_asks_answers_nobody(places: Places) -> None:
    with pytest.raises(ConfigError, match="nobody has said who may use it"):
        async with places.open(identified=False, host="0.0.0.0"):
            pass


def test_the_settings_do_not_show_a_token_that_was_put_there_by_mistake() -> None:
    with pytest.raises(ConfigError) as caught:
        Assistant(tokens={"ann": ANN}).settings()

    assert ANN not in str(caught.value)
    assert "penstock token NAME" in str(caught.value)
