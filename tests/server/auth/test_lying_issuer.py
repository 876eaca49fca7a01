"""What comes from an issuer is believed only when all of it fits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from penstock.server.auth.id_token import Header
from penstock.server.auth.issuer import Issuer
from penstock.testing.clock import FakeClock
from tests.server.auth import forgeries
from tests.server.auth.issuers import Forger, forging, pass_by, refused, settings_for
from tests.server.auth.people import browser
from tests.server.place import Places

# --- Honest ones --------------------------------------------------------------


async def test_an_honest_issuer_is_believed_and_asked_for_its_keys_once(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place:
        for _ in range(3):
            async with browser(place) as ann:
                back = await pass_by(ann)
                assert (await ann.get("/api/me")).json()["id"] == "ann", back.text

    assert forger.asked.count("discovery") == forger.asked.count("jwks") == 1


FITS: list[dict[str, Any]] = [
    {"aud": ["penstock"]},
    {"aud": ["penstock", "other"], "azp": "penstock"},
    {"azp": "penstock"},
    {"exp": -30, "iat": -300},
    {"iat": 30},
]


async def test_what_fits_is_believed(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place:
        for forger.claims in FITS:
            async with browser(place) as ann:
                await pass_by(ann)
                assert (await ann.get("/api/me")).status_code == 200, forger.claims


async def test_a_secret_is_sent_as_the_issuer_wants_it(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        forger.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        await pass_by(ann)
        assert (await ann.get("/api/me")).status_code == 200


async def test_a_new_key_is_looked_up_and_an_elliptic_one_is_as_good(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        curve = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(curve.public_key(), as_dict=True)
        forger.sign = lambda claims: forger.signed(
            claims, key=curve, algorithm="ES256", headers={"kid": "e1"}
        )
        forger.keys = lambda: [forger.public(), {**public, "kid": "e1"}]
        await pass_by(ann)
        assert (await ann.get("/api/me")).status_code == 200


async def test_the_only_key_is_meant_where_none_is_named(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        forger.sign = lambda claims: forger.signed(claims, headers={})
        await pass_by(ann)
        assert (await ann.get("/api/me")).status_code == 200


# --- Lies ---------------------------------------------------------------------


LIES: list[tuple[dict[str, Any], str]] = [
    ({"aud": "other"}, "InvalidAudienceError"),
    ({"aud": ["other", "another"]}, "InvalidAudienceError"),
    ({"aud": None}, "MissingRequiredClaimError"),
    ({"aud": ["penstock", "other"]}, "azp"),
    ({"azp": "other"}, "azp"),
    ({"aud": ["penstock", "other"], "azp": "other"}, "azp"),
    ({"iss": "https://evil.example"}, "InvalidIssuerError"),
    ({"iss": None}, "MissingRequiredClaimError"),
    ({"nonce": "another"}, "nonce"),
    ({"nonce": None}, "nonce"),
    ({"nonce": 7}, "nonce"),
    ({"exp": -120, "iat": -300}, "ExpiredSignatureError"),
    ({"exp": None}, "MissingRequiredClaimError"),
    ({"iat": 600}, "ImmatureSignatureError"),
    ({"iat": None}, "MissingRequiredClaimError"),
    ({"nbf": 600}, "ImmatureSignatureError"),
    ({"sub": None}, "MissingRequiredClaimError"),
    ({"sub": ""}, "sub is empty"),
    ({"sub": 7}, "InvalidSubjectError"),
]


async def test_claims_that_do_not_fit_are_not_believed(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        for forger.claims, why in LIES:
            caplog.clear()
            said = await refused(ann, await pass_by(ann))
            assert "Signing in did not work. Please try again." in said
            assert why in whys(caplog), forger.claims


def whys(caplog: pytest.LogCaptureFixture) -> str:
    """Why the last one was not signed in, as the log has it."""
    return " ".join(str(vars(record).get("why", "")) for record in caplog.records)


FORGED: list[tuple[Callable[[Forger, dict[str, Any]], str], str]] = [
    (forgeries.unsigned, "is signed in a way that is not accepted"),
    (forgeries.signed_with_the_public_key, "is signed in a way that is not accepted"),
    (forgeries.signed_with_our_secret, "is signed in a way that is not accepted"),
    (forgeries.signed_with_another_key, "is not valid: InvalidSignatureError"),
    (forgeries.signed_with_a_key_that_nobody_knows, "is signed with a key that the issuer does not have"),
    (forgeries.signed_with_a_key_it_brings_along, "is not valid: InvalidSignatureError"),
    (forgeries.changed_after_signing, "is not valid: InvalidSignatureError"),
    (forgeries.no_token_at_all, "cannot be read: DecodeError"),
    (forgeries.far_too_long, "is too long"),
]


async def test_forged_tokens_are_not_believed(places: Places, caplog: pytest.LogCaptureFixture) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        for forge, why in FORGED:
            caplog.clear()
            forger.sign = partial(forge, forger)
            said = await refused(ann, await pass_by(ann))
            assert "Signing in did not work. Please try again." in said
            assert f"the ID token {why}" in whys(caplog), forge.__name__


@pytest.mark.parametrize("key", [{"alg": "PS256"}, {"use": "enc"}, {"kty": "oct"}, {"n": "!"}], ids=str)
async def test_a_key_for_something_else_proves_nothing(places: Places, key: dict[str, str]) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        forger.keys = lambda: [forger.public(**key)]
        await refused(ann, await pass_by(ann))


async def test_which_of_two_keys_is_meant_is_not_guessed(places: Places) -> None:
    async with forging() as forger, places.open(**settings_for(forger)) as place, browser(place) as ann:
        forger.keys = lambda: [forger.public(), {**forger.public(), "kid": "k0"}]
        forger.sign = lambda claims: forger.signed(claims, headers={})
        await refused(ann, await pass_by(ann))


async def test_keys_that_nobody_knows_make_us_ask_once_a_minute() -> None:
    clock = FakeClock()
    async with forging() as forger:
        issuer = Issuer(forger.url, clock=clock)
        for _ in range(5):
            assert await issuer.key(Header("k2", "RS256")) is None
        assert forger.asked.count("jwks") == 1

        clock.advance(61)
        forger.kid = "k2"
        assert await issuer.key(Header("k2", "RS256")) is not None
        assert forger.asked.count("jwks") == 2

        clock.advance(3599)
        await issuer.key(Header("k2", "RS256"))
        assert forger.asked.count("jwks") == 2
        clock.advance(2)
        await issuer.key(Header("k2", "RS256"))
        assert forger.asked.count("jwks") == 3, "a key that was taken back is not believed for ever"
        await issuer.close()
