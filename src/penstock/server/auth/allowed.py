"""Whether a person the issuer knows may come in, and as whom. Pure: claims in, a visitor out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from penstock.core.question import Person, Visitor
from penstock.server.problems import NotAllowed

Claims = Mapping[str, Any]


class Allowed(msgspec.Struct, frozen=True):
    """Whom the settings let in."""

    issuer: str
    client_id: str
    domains: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    groups_claim: str = "groups"
    admin_claim: str = ""

    @property
    def warrant(self) -> str:
        """What a session rests on: with other rules, everybody signs in anew."""
        return f"oidc:{_digest(msgspec.json.encode(self))}"

    def visitor(self, claims: Claims) -> Visitor:
        """Raises NotAllowed."""
        if self.domains and not self._at_a_domain(claims):
            raise NotAllowed("Your e-mail address is not of those that may use this assistant.")
        if self.groups and not _any_of(self.groups, claim(claims, self.groups_claim)):
            raise NotAllowed("You are in none of the groups that may use this assistant.")
        return Visitor(self._person(claims), self._is_admin(claims))

    def _at_a_domain(self, claims: Claims) -> bool:
        if _is_unverified(claims):
            return False
        _, at, domain = str(claims.get("email") or "").rpartition("@")
        return bool(at) and domain.casefold() in [name.strip().casefold() for name in self.domains]

    def _is_admin(self, claims: Claims) -> bool:
        name, equals, value = self.admin_claim.partition("=")
        if equals:
            unverified = name == "email" and _is_unverified(claims)
            return not unverified and _any_of((value,), claim(claims, name))
        return bool(name) and _any_of((name,), claim(claims, self.groups_claim))

    def _person(self, claims: Claims) -> Person:
        """`sub` is who it is, and only to this issuer; all else may change, or be another's tomorrow."""
        return Person(
            tenant=f"oidc-{_digest(self.issuer.encode())[:12]}",
            id=claims["sub"],
            name=_text(claims.get("name")) or _text(claims.get("email")),
            locale=_text(claims.get("locale")),
            time_zone=_text(claims.get("zoneinfo")),
        )


def claim(claims: Claims, name: str) -> object:
    """A claim by its name, or by its way through objects: `realm_access.roles`."""
    if name in claims or "." not in name:
        return claims.get(name)
    first, _, rest = name.partition(".")
    inner = claims.get(first)
    return claim(inner, rest) if isinstance(inner, dict) else None


def _is_unverified(claims: Claims) -> bool:
    """Whether the issuer says anything but that the e-mail address is theirs. Many say nothing of it."""
    # Cognito and others write a truth as text.
    return claims.get("email_verified") not in (None, True, "true")


def _any_of(wanted: tuple[str, ...], said: object) -> bool:
    found = said if isinstance(said, list) else [said]
    return any(_text(one) in wanted for one in found if _text(one))


def _text(said: object) -> str:
    """Truths and numbers as JSON writes them; nothing for what is no single value."""
    match said:
        case str():
            return said[:200]
        case bool():
            return str(said).lower()
        case int():
            return str(said)
        case _:
            return ""


def _digest(said: bytes) -> str:
    return hashlib.sha256(said).hexdigest()
