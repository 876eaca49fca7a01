"""What an issuer says of a person, believed only when all of it fits.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt

# Signed with the issuer's private key. Not HS256: its key would be our secret, or, forged, the public key.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
# Clocks differ.
_LEEWAY_S = 60
_MOST_CHARS = 64 * 1024

Key = Mapping[str, Any]
"""A JSON Web Key as it came."""


class NotBelieved(Exception):
    """The message says why, without a word of the token."""


class Expected(NamedTuple):
    issuer: str
    client_id: str
    nonce: str


class Header(NamedTuple):
    """Which key it says it was signed with ("": it does not say), and how."""

    kid: str
    algorithm: str


def header(token: str) -> Header:
    """Raises NotBelieved."""
    if len(token) > _MOST_CHARS:
        raise NotBelieved("the ID token is too long")
    try:
        said = jwt.get_unverified_header(token)
    except jwt.PyJWTError as exc:
        raise NotBelieved(f"the ID token cannot be read: {type(exc).__name__}") from None
    algorithm, kid = said.get("alg"), said.get("kid", "")
    if algorithm not in ALGORITHMS:
        raise NotBelieved("the ID token is signed in a way that is not accepted")
    return Header(str(kid), str(algorithm))


def key_of(keys: list[Key], said: Header) -> Key | None:
    """The key it names; where it names none, the only one there is."""
    usable = [key for key in keys if key.get("use", "sig") == "sig"]
    if said.kid:
        return next((key for key in usable if key.get("kid") == said.kid), None)
    return usable[0] if len(usable) == 1 else None


def verified(token: str, key: Key, said: Header, expected: Expected) -> dict[str, Any]:
    """Its claims. Raises NotBelieved."""
    if key.get("alg", said.algorithm) != said.algorithm:
        raise NotBelieved("the ID token is signed in another way than its key is for")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK({**key}, said.algorithm),
            algorithms=[said.algorithm],
            audience=expected.client_id,
            issuer=expected.issuer,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError as exc:
        # The kind alone: messages of others may quote what they read.
        raise NotBelieved(f"the ID token is not valid: {type(exc).__name__}") from None
    _check(claims, expected)
    return claims


def _check(claims: dict[str, Any], expected: Expected) -> None:
    """What PyJWT leaves to us."""
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise NotBelieved("the ID token was made for another sign-in: its nonce differs")
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if claims.get("azp", "" if several else expected.client_id) != expected.client_id:
        raise NotBelieved("the ID token was made for another client: its azp differs")
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise NotBelieved("the ID token names nobody: its sub is empty")
