"""The routes: who am I, sign in and out, at the issuer and back, a ticket for the socket."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import re
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from penstock.core.budget import Rate
from penstock.errors import NotFound, PenstockError
from penstock.server.auth import cookies
from penstock.server.auth.access import Auth
from penstock.server.auth.failed_page import failed_page
from penstock.server.auth.sessions import Session
from penstock.server.auth.tickets import TICKET_S
from penstock.server.decoding import decoded
from penstock.server.desk import AtDesk, Desk
from penstock.server.guard import check_own_page, json_body
from penstock.server.problems import SignInFailed, TokenWrong, TooManySignIns

if TYPE_CHECKING:
    from penstock.server.auth.oidc import Oidc

log = logging.getLogger("penstock.server")

# From one place, which may be a whole office behind one address.
_ATTEMPTS = Rate(every_s=3.0, burst=20)
# A budget is kept for good, so there must not be one for every address there is.
_PLACES = 4096
# Not `//host`, nor what browsers take for it.
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
# What a stranger may send: a token has some 50 bytes.
_MOST_SENT_BYTES = 8 * 1024
# So many may be on their way to the issuer at once: links that begin it again and again must not fill the
# browser's cookies until no request passes.
_TABS = 8
# A cookie carries it, and may have 4 KB.
_MOST_CHARS = 1_000
_KEPT_BY_NOBODY = {"Cache-Control": "no-store"}


# --- Shapes -------------------------------------------------------------------


class Me(msgspec.Struct, frozen=True):
    """Who asks, and how people sign in here."""

    id: str
    name: str
    admin: bool
    auth: str


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str


class Ticket(msgspec.Struct, frozen=True):
    """Opens one socket, within so many seconds."""

    ticket: str
    expires_s: int


_sign_in_decoder = msgspec.json.Decoder(SignIn)


# --- Routes -------------------------------------------------------------------


class Door:
    def __init__(self, desk: AtDesk) -> None:
        self._desk = desk

    async def me(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        visitor = await desk.visitor(request)
        person = visitor.person
        return _json(Me(person.id, person.name, visitor.admin, desk.auth.kind))

    async def ticket(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        visitor = await desk.visitor(request)
        return _json(Ticket(await desk.auth.tickets.give(visitor), TICKET_S))

    async def token(self, request: Request) -> ASGIApp:
        """Signs a browser in. A program sends its token along instead."""
        desk = await self._desk()
        desk.check(request)
        if desk.auth.kind != "token":
            raise NotFound("Nobody signs in here with a token.")
        sent = decoded(_sign_in_decoder, await json_body(request, _MOST_SENT_BYTES, desk.stalled_s))
        holder = desk.auth.tokens.holder(sent.token.strip())
        if holder is None:
            # Only who is wrong is counted: behind a proxy, a stranger could else keep everybody out.
            await _limit(desk.auth, request)
            raise TokenWrong("This is not a token that is known here.")
        response = Response(status_code=204, headers=_KEPT_BY_NOBODY)
        await _sign_in(desk.auth, request, response, Session(holder.visitor, holder.warrant))
        return response

    async def sign_out(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        desk.check(request)
        auth = desk.auth
        response = Response(status_code=204, headers=_KEPT_BY_NOBODY)
        if held := auth.cookies.held(request, cookies.SESSION):
            check_own_page(request)
            await auth.sessions.end(held)
            auth.cookies.take(request, response, cookies.SESSION)
        return response

    async def login(self, request: Request) -> ASGIApp:
        """Off to the issuer. `next` is where to go in the end."""
        desk = await self._desk()
        try:
            desk.check(request)
            oidc = _with_issuer(desk)
            going = await oidc.leaving(_address(desk, request), _next(request))
        except PenstockError as exc:
            return _failed(exc, request)
        response = RedirectResponse(going.url, 302, _KEPT_BY_NOBODY)
        name = cookies.login(going.state)
        for old in desk.auth.cookies.logins(request)[: 1 - _TABS]:
            desk.auth.cookies.take(request, response, old)
        desk.auth.cookies.give(request, response, name, going.kept, cookies.LOGIN_S)
        return response

    async def callback(self, request: Request) -> ASGIApp:
        """Back from the issuer."""
        desk = await self._desk()
        try:
            desk.check(request)
            oidc = _with_issuer(desk)
            name = cookies.login(request.query_params.get("state", ""))
            kept = desk.auth.cookies.held(request, name)
            back = await oidc.back(_address(desk, request), request.query_params, kept)
        except PenstockError as exc:
            return _failed(exc, request)
        response = RedirectResponse(back.next, 302, _KEPT_BY_NOBODY)
        desk.auth.cookies.take(request, response, name)
        await _sign_in(desk.auth, request, response, back.session)
        return response


# --- Parts --------------------------------------------------------------------


async def _sign_in(auth: Auth, request: Request, response: Response, session: Session) -> None:
    """A new session always: what the browser held before may be known to somebody else."""
    if held := auth.cookies.held(request, cookies.SESSION):
        await auth.sessions.end(held)
    value = await auth.sessions.begin(session)
    auth.cookies.give(request, response, cookies.SESSION, value, auth.sessions.ttl_s)


async def _limit(auth: Auth, request: Request) -> None:
    """Raises TooManySignIns."""
    wait_s = await auth.budgets.take(f"sign-in/{_place(request)}", _ATTEMPTS)
    if wait_s:
        raise TooManySignIns("too many from one place", retry_after_s=math.ceil(wait_s))


def _place(request: Request) -> int:
    """Where a request comes from, as one of a few thousand. With IPv6 a customer has a /56 or so."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
        host = str(ipaddress.ip_network((address, 56 if address.version == 6 else 32), strict=False))
    except ValueError:
        pass
    return int.from_bytes(hashlib.sha256(host.encode()).digest()[:4]) % _PLACES


def _with_issuer(desk: Desk) -> Oidc:
    if desk.auth.oidc is None:
        raise NotFound("Nobody signs in here at another place.")
    return desk.auth.oidc


def _address(desk: Desk, request: Request) -> str:
    """Where the issuer sends people back to; the issuer knows it by heart."""
    return (desk.settings.public_url or str(request.base_url)).rstrip("/") + "/auth/callback"


def _next(request: Request) -> str:
    """Where to go in the end: a place of ours, whatever somebody's link says."""
    asked = request.query_params.get("next", "")
    return asked if len(asked) <= _MOST_CHARS and _LOCAL.fullmatch(asked) else _home(request)


def _home(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return f"{root}/"


def _failed(error: PenstockError, request: Request) -> Response:
    if not isinstance(error, NotFound):
        why = error.why if isinstance(error, SignInFailed) else str(error)
        log.warning("signing in failed", extra={"error": error.code, "why": why})
    return failed_page(error, _home(request))


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), headers=_KEPT_BY_NOBODY, media_type="application/json")
