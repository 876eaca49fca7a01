"""What is asked of the issuer: where its doors are, its keys, and a code's worth.

https://openid.net/specs/openid-connect-discovery-1_0.html
https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
"""

from __future__ import annotations

import asyncio
import base64
import math
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from penstock.http import Client, Unreachable
from penstock.server.auth.id_token import Header, Key, key_of
from penstock.server.problems import IssuerUnreachable

_WITHIN_S = 10.0
_MOST_BYTES = 1024 * 1024
# A key that the issuer takes back is believed for no longer.
_KEPT_S = 3600.0
# Whoever sends ID tokens with keys that nobody knows must not make us ask for each.
_ASKED_EVERY_S = 60.0

T = TypeVar("T")


class Metadata(msgspec.Struct, frozen=True):
    """What discovery says, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class _Complaint(msgspec.Struct, frozen=True):
    error: str = ""


class CodeRefused(Exception):
    """The issuer does not take the code; the message is its error's name."""


class Issuer:
    def __init__(
        self, url: str, client: Client | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url.rstrip("/")
        self._client = client or Client()
        self._clock = clock
        self._asking = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._metadata_s = 0.0
        self._keys: list[Key] = []
        self._keys_s = -math.inf

    async def metadata(self) -> Metadata:
        """Raises IssuerUnreachable."""
        async with self._asking:
            now_s = self._clock()
            if self._metadata is None or now_s - self._metadata_s > _KEPT_S:
                found = await self._read(f"{self._url}/.well-known/openid-configuration", Metadata)
                _check(found, self._url)
                self._metadata, self._metadata_s = found, now_s
            return self._metadata

    async def key(self, said: Header) -> Key | None:
        """The key with which a token says it was signed. Raises IssuerUnreachable."""
        where = (await self.metadata()).jwks_uri
        async with self._asking:
            found, age_s = key_of(self._keys, said), self._clock() - self._keys_s
            if age_s > (_ASKED_EVERY_S if found is None else _KEPT_S):
                self._keys = [*(await self._read(where, _Keys)).keys]
                self._keys_s = self._clock()
                found = key_of(self._keys, said)
            return found

    async def id_token(self, code: str, verifier: str, back: str, client_id: str, secret: str) -> str:
        """What the code is worth. Raises CodeRefused and IssuerUnreachable."""
        metadata = await self.metadata()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        form |= {"code_verifier": verifier, "client_id": client_id}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            headers["authorization"] = _basic(client_id, secret)
        elif secret:
            form["client_secret"] = secret
        status, body = await self._ask("POST", metadata.token_endpoint, headers, urlencode(form).encode())
        if 400 <= status < 500:
            raise CodeRefused(_plain(_decoded(body, _Complaint).error) or f"status {status}")
        if status != 200:
            raise IssuerUnreachable(f"the issuer answered with status {status}")
        return _decoded(body, _Tokens).id_token

    async def close(self) -> None:
        await self._client.close()

    async def _read(self, url: str, kind: type[T]) -> T:
        status, body = await self._ask("GET", url, {"accept": "application/json"})
        if status != 200:
            raise IssuerUnreachable(f"the issuer answered with status {status}")
        return _decoded(body, kind)

    async def _ask(
        self, method: str, url: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        try:
            return await self._client.fetch(
                method, url, headers, body, within_s=_WITHIN_S, most_bytes=_MOST_BYTES
            )
        except Unreachable as exc:
            raise IssuerUnreachable(f"the issuer cannot be reached: {exc}") from None


def _check(found: Metadata, url: str) -> None:
    """Raises IssuerUnreachable when it speaks for somebody else, or would have us speak in the open."""
    if found.issuer.rstrip("/") != url:
        raise IssuerUnreachable("what answers at oidc_issuer calls itself something else")
    doors = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
    if url.startswith("https:") and any(urlsplit(door).scheme != "https" for door in doors):
        raise IssuerUnreachable("the issuer names an address without https")


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise IssuerUnreachable("the issuer's answer is not what it should be") from None


def _basic(client_id: str, secret: str) -> str:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _plain(name: str) -> str:
    """An error's name as RFC 6749 has it, and not whatever somebody wrote there."""
    return name if name.isascii() and name.isidentifier() and len(name) < 50 else ""
