"""Signing in at an issuer: the authorization code flow with PKCE, there and back.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
https://www.rfc-editor.org/rfc/rfc7636
What has to be remembered in between (state, nonce, verifier) the browser keeps, signed, in
a cookie out of reach of scripts: so an answer is worth something only to who asked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from penstock.server.auth.allowed import Allowed
from penstock.server.auth.cookies import LOGIN_S
from penstock.server.auth.id_token import Expected, NotBelieved, header, verified
from penstock.server.auth.issuer import CodeRefused, Issuer
from penstock.server.auth.seal import Seal
from penstock.server.auth.sessions import Session
from penstock.server.problems import SignInFailed
from penstock.settings import Settings

_PURPOSE = "login"
_TRY_AGAIN = "Signing in did not work. Please try again."
_TOO_LATE = "Signing in took too long, or was begun in another browser. Please try again."


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What the browser keeps while its person is at the issuer."""

    state: str
    nonce: str
    verifier: str
    next: str
    until_s: float


class Leaving(NamedTuple):
    url: str
    state: str
    kept: str


class Back(NamedTuple):
    session: Session
    next: str


_decode = msgspec.json.Decoder(_Kept).decode


class Oidc:
    def __init__(
        self,
        settings: Settings,
        seal: Seal,
        issuer: Issuer | None = None,
        clock: Callable[[], float] = time.time,
        new: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._issuer = issuer or Issuer(settings.oidc_issuer)
        self._allowed = _allowed(settings)
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret.reveal()
        self._scopes = settings.oidc_scopes
        self._seal = seal
        self._clock = clock
        self._new = new
        self.warrant = self._allowed.warrant

    async def leaving(self, back: str, next: str) -> Leaving:
        """Where to send the browser, and what it is to keep. Raises IssuerUnreachable."""
        metadata = await self._issuer.metadata()
        kept = _Kept(self._new(), self._new(), self._new(), next, self._clock() + LOGIN_S)
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": back,
            "scope": self._scopes,
            "state": kept.state,
            "nonce": kept.nonce,
            "code_challenge": challenge(kept.verifier),
            "code_challenge_method": "S256",
        }
        door = metadata.authorization_endpoint
        url = f"{door}{'&' if urlsplit(door).query else '?'}{urlencode(query)}"
        return Leaving(url, kept.state, await self._seal.sealed(_PURPOSE, msgspec.json.encode(kept)))

    async def back(self, back: str, query: Mapping[str, str], kept: str) -> Back:
        """Raises SignInFailed, NotAllowed and IssuerUnreachable."""
        if "error" in query:
            raise SignInFailed("The sign-in service did not sign you in.", _named(query["error"]))
        remembered = await self._remembered(kept, query.get("state", ""))
        if not query.get("code"):
            raise SignInFailed(_TRY_AGAIN, "the issuer sent no code")
        try:
            token = await self._issuer.id_token(
                query["code"], remembered.verifier, back, self._client_id, self._secret
            )
            claims = await self._believed(token, remembered.nonce)
        except (CodeRefused, NotBelieved) as exc:
            raise SignInFailed(_TRY_AGAIN, str(exc)) from exc
        return Back(Session(self._allowed.visitor(claims), self.warrant), remembered.next)

    async def _remembered(self, kept: str, state: str) -> _Kept:
        said = await self._seal.opened(_PURPOSE, kept)
        if said is None:
            raise SignInFailed(_TOO_LATE, "the browser kept nothing of this sign-in")
        remembered = _decode(said)
        if not hmac.compare_digest(remembered.state.encode(), state.encode("utf-8", "surrogatepass")):
            raise SignInFailed(_TRY_AGAIN, "the state differs")
        if remembered.until_s < self._clock():
            raise SignInFailed(_TOO_LATE, "it took too long")
        return remembered

    async def _believed(self, token: str, nonce: str) -> dict[str, object]:
        said = header(token)
        key = await self._issuer.key(said)
        if key is None:
            raise NotBelieved("the ID token is signed with a key that the issuer does not have")
        issuer = (await self._issuer.metadata()).issuer
        return verified(token, key, said, Expected(issuer, self._client_id, nonce))

    async def close(self) -> None:
        await self._issuer.close()


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _allowed(settings: Settings) -> Allowed:
    return Allowed(
        issuer=settings.oidc_issuer.rstrip("/"),
        client_id=settings.oidc_client_id,
        domains=settings.oidc_allowed_domains,
        groups=settings.oidc_allowed_groups,
        groups_claim=settings.oidc_groups_claim,
        admin_claim=settings.oidc_admin_claim,
    )


def _named(error: str) -> str:
    """The issuer's error, if it is a name and not whatever a link brought."""
    known = error.isascii() and error.isidentifier() and len(error) < 50
    return f"the issuer says {error}" if known else "the issuer says that something went wrong"
