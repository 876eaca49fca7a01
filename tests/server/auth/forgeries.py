"""ID tokens that are not what they say."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization

from tests.server.auth.issuers import SECRET, Forger, rsa_key


def unsigned(forger: Forger, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": forger.kid})


def signed_with_the_public_key(forger: Forger, claims: dict[str, Any]) -> str:
    """The oldest trick: the public key, which everybody has, as the secret of a symmetric signature."""
    pem = forger.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [json.dumps({"alg": "HS256", "kid": forger.kid}).encode(), json.dumps(claims).encode()]
    said = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mark = base64.urlsafe_b64encode(hmac.digest(pem, said, hashlib.sha256)).rstrip(b"=")
    return (said + b"." + mark).decode()


def signed_with_our_secret(forger: Forger, claims: dict[str, Any]) -> str:
    return forger.signed(claims, key=SECRET * 4, algorithm="HS256")


def signed_with_another_key(forger: Forger, claims: dict[str, Any]) -> str:
    return forger.signed(claims, key=rsa_key("another"))


def signed_with_a_key_that_nobody_knows(forger: Forger, claims: dict[str, Any]) -> str:
    return forger.signed(claims, headers={"kid": "k2"})


def signed_with_a_key_it_brings_along(forger: Forger, claims: dict[str, Any]) -> str:
    own = rsa_key("another")
    brought = jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key(), as_dict=True)
    return forger.signed(claims, key=own, headers={"kid": forger.kid, "jwk": brought})


def changed_after_signing(forger: Forger, claims: dict[str, Any]) -> str:
    head, _, mark = forger.signed(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "boss"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{mark}"


def no_token_at_all(forger: Forger, claims: dict[str, Any]) -> str:
    return "eyJ.no.token"


def far_too_long(forger: Forger, claims: dict[str, Any]) -> str:
    return forger.signed({**claims, "more": "x" * 70_000})
