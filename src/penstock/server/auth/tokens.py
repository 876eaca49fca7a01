"""Tokens: what people sign in with and programs send along. Only their hashes are kept.

A token is 256 random bits, so one round of SHA-256 hides it as well as any: there is
nothing to guess. That is also why a text of another shape is none, whatever its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from penstock.core.question import Person, Visitor
from penstock.settings import TokenEntry

TENANT = "token"
_PREFIX = "pst_"
# 27 characters of six bits each are 162 bits, the least that counts as random here.
_SHAPE = re.compile(r"pst_[A-Za-z0-9_-]{27,100}")


class Holder(NamedTuple):
    """Whose token it is, and what a session that began with it rests on."""

    visitor: Visitor
    warrant: str


def new_token() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """As penstock.toml keeps it."""
    return f"sha256:{hashlib.sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()}"


class Tokens:
    """The tokens of the settings. A person is called as their token is."""

    def __init__(self, table: Mapping[str, str | TokenEntry]) -> None:
        self._holders = {_hash(entry).lower(): _holder(name, entry) for name, entry in table.items()}
        self.warrants = frozenset(holder.warrant for holder in self._holders.values())

    def holder(self, token: str) -> Holder | None:
        """Compared with every one, so that the time it takes says nothing."""
        given, found = hashed(token), None
        for known, holder in self._holders.items():
            if hmac.compare_digest(given, known):
                found = holder
        return found if _SHAPE.fullmatch(token) else None


def _hash(entry: str | TokenEntry) -> str:
    return entry if isinstance(entry, str) else entry.hash


def _holder(name: str, entry: str | TokenEntry) -> Holder:
    admin = isinstance(entry, TokenEntry) and entry.admin
    warrant = hashlib.sha256(f"{name}\n{_hash(entry)}\n{admin}".encode()).hexdigest()
    return Holder(Visitor(Person(TENANT, name, name=name), admin), f"token:{warrant}")
