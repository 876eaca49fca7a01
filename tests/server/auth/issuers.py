"""Two issuers to sign in at: a program written by others, and one of our own that may lie."""

from __future__ import annotations

import base64
import json
import re
import select
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from penstock.server.auth.oidc import challenge
from penstock.settings import Settings
from tests.server.auth.people import Browser
from tests.server.place import serving

PROGRAM = Path(__file__).parents[3] / ".envs" / "oidc" / "bin" / "oidc-provider-mock"
CLIENT = {"auth": "oidc", "identified": False, "oidc_client_id": "penstock"}
SECRET = "s: e%c+ret/é"
_PATIENCE_S = 30.0
_TIMES = ("exp", "iat", "nbf")


# --- A program written by others ----------------------------------------------


@contextmanager
def foreign_issuer(*people: dict[str, Any]) -> Iterator[str]:
    """The address of an `oidc-provider-mock` that knows these people."""
    known = [f"--user-claims={json.dumps(person)}" for person in people]
    with subprocess.Popen(
        [PROGRAM, "--port", "0", "--require-nonce", "true", *known], stderr=subprocess.PIPE, bufsize=0
    ) as program:
        try:
            yield f"http://127.0.0.1:{_port(program)}"
        finally:
            program.terminate()


def _port(program: subprocess.Popen[bytes]) -> int:
    assert program.stderr is not None
    said = b""
    while not (found := re.search(rb"running on http://127.0.0.1:(\d+)", said)):
        ready, _, _ = select.select([program.stderr], [], [], _PATIENCE_S)
        assert ready, said
        piece = program.stderr.read(4096)
        assert piece, said
        said += piece
    return int(found[1])


async def walk(browser: Browser, sub: str, *, deny: bool = False) -> httpx.Response:
    """To the foreign issuer, through its form, and back: what our callback answers."""
    left = await browser.get("/auth/login")
    assert left.status_code == 302, left.text
    async with httpx.AsyncClient() as elsewhere:
        form = {"sub": sub, **({"action": "deny"} if deny else {})}
        sent_back = await elsewhere.post(left.headers["location"], data=form)
    assert sent_back.status_code == 302, sent_back.text
    return await browser.get(sent_back.headers["location"])


# --- One that may lie ---------------------------------------------------------


@cache
def rsa_key(whose: str) -> rsa.RSAPrivateKey:
    """Finding one takes longer than a whole story."""
    return rsa.generate_private_key(65537, 2048)


class Forger:
    """An issuer that says of whoever comes what a test wants it to.

    `claims` are changes of what it would say honestly (None leaves a claim out; times are seconds from now),
    `sign` makes the token, and `keys` are those it publishes.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key = rsa_key("issuer")
        self.kid = "k1"
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.metadata: dict[str, Any] = {}
        self.asked: list[str] = []
        self.refuse: dict[str, str] = {}
        self.keys: Callable[[], list[dict[str, Any]]] = lambda: [self.public()]
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
            ]
        )

    def signed(self, claims: dict[str, Any], **how: Any) -> str:
        how = {"key": self.key, "algorithm": "RS256", "headers": {"kid": self.kid}, **how}
        return jwt.encode(claims, **how)

    def public(self, **more: str) -> dict[str, Any]:
        found = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**found, "kid": self.kid, "use": "sig", **more}

    async def _discovery(self, request: Request) -> Response:
        self.asked.append("discovery")
        doors = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?kind=test",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        }
        return JSONResponse({**doors, **self.metadata})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["kind"], asked["response_type"]) == ("test", "code")
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        back = self.refuse or {"code": code}
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode({**back, 'state': asked['state']})}", 302
        )

    async def _token(self, request: Request) -> Response:
        """As strict as an issuer has to be."""
        self.asked.append("token")
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self._codes.pop(form["code"], None)
        ours = base64.b64encode(f"penstock:{urlencode({'': SECRET})[1:]}".encode()).decode()
        basic = request.headers.get("authorization") == f"Basic {ours}"
        if not (
            basic if "client_secret_post" not in str(self.metadata) else form.get("client_secret") == SECRET
        ):
            return JSONResponse({"error": "invalid_client"}, 401)
        if (
            asked is None
            or form["grant_type"] != "authorization_code"
            or form["redirect_uri"] != asked["redirect_uri"]
            or challenge(form["code_verifier"]) != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        changes = {
            name: now + said if name in _TIMES and said else said for name, said in self.claims.items()
        }
        honest = {"iss": self.url, "aud": asked["client_id"], "sub": "ann", "nonce": asked["nonce"]}
        claims = {**honest, "iat": now, "exp": now + 300, "name": "Ann", **changes}
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return JSONResponse({"id_token": token, "access_token": "x", "token_type": "Bearer"})

    async def _jwks(self, request: Request) -> Response:
        self.asked.append("jwks")
        return JSONResponse({"keys": self.keys()})


@asynccontextmanager
async def forging() -> AsyncIterator[Forger]:
    forger = Forger()
    async with serving(forger.app, Settings()) as forger.url:
        yield forger


async def pass_by(browser: Browser, query: str = "") -> httpx.Response:
    """To the forger and back: what our callback answers."""
    left = await browser.get(f"/auth/login{query}")
    assert left.status_code == 302, left.text
    async with httpx.AsyncClient() as elsewhere:
        sent_back = await elsewhere.get(left.headers["location"])
    return await browser.get(sent_back.headers["location"])


def settings_for(forger: Forger, **more: Any) -> dict[str, Any]:
    return {**CLIENT, "oidc_issuer": forger.url, "oidc_client_secret": SECRET, **more}


async def refused(ann: Browser, back: httpx.Response) -> str:
    """What the person reads. Nobody is signed in."""
    assert back.status_code == 400, back.text
    assert back.headers["content-type"] == "text/html; charset=utf-8"
    assert (await ann.get("/api/me")).status_code == 401
    return back.text
