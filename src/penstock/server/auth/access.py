"""Who asks, by a token or a session: an `identify` of our own, made as a program's would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from penstock.core.ports import Store
from penstock.core.question import Visitor
from penstock.server.auth import cookies
from penstock.server.auth.cookies import Cookies
from penstock.server.auth.seal import Seal
from penstock.server.auth.sessions import Session, Sessions
from penstock.server.auth.tickets import Tickets
from penstock.server.auth.tokens import Tokens
from penstock.server.guard import check_own_page
from penstock.server.problems import NotSignedIn

if TYPE_CHECKING:
    from penstock.server.auth.oidc import Oidc
    from penstock.settings import Settings


class Auth:
    """All that signing in needs, made from the settings and the store."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.kind = settings.auth
        self.budgets = store.budgets
        self.cookies = Cookies(settings.public_url)
        self.sessions = Sessions(store.shelf, settings.session_hours * 3600)
        self.seal = Seal(store.shelf)
        self.tickets = Tickets(store.shelf, self.seal)
        self.tokens = Tokens(settings.tokens)
        self.oidc = _oidc(settings, self.seal)
        # With an issuer, tokens are for programs: no session begins with one.
        self._warrants = frozenset([self.oidc.warrant]) if self.oidc else self.tokens.warrants

    async def identify(self, connection: HTTPConnection) -> Visitor:
        """Raises NotSignedIn, and ForeignOrigin when a page that is not ours makes use of a session."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._program(token.strip())
        session = await self.session(connection)
        if session is None:
            raise NotSignedIn("Please sign in.")
        check_own_page(connection)
        return session.visitor

    async def session(self, connection: HTTPConnection) -> Session | None:
        """The browser's, if there is one and the settings still say what it rests on."""
        held = self.cookies.held(connection, cookies.SESSION)
        session = await self.sessions.of(held) if held else None
        return session if session and session.warrant in self._warrants else None

    def _program(self, token: str) -> Visitor:
        holder = self.tokens.holder(token)
        if holder is None:
            raise NotSignedIn("This token is not valid here.")
        return holder.visitor

    async def close(self) -> None:
        if self.oidc is not None:
            await self.oidc.close()


def _oidc(settings: Settings, seal: Seal) -> Oidc | None:
    if settings.auth != "oidc":
        return None
    # Only here, because it needs an extra.
    from penstock.server.auth.oidc import Oidc

    return Oidc(settings, seal)
