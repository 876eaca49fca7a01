"""The cookies: out of reach of scripts, and not sent along when another site's page posts.

https://www.rfc-editor.org/rfc/rfc6265  `__Host-` binds a cookie to this very host, over TLS.
"""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection
from starlette.responses import Response

SESSION = "penstock"
LOGIN_S = 600
"""So long may somebody take at the issuer."""
_LOGIN = "penstock-login"
_A_LOGIN = re.compile(rf"{_LOGIN}-[A-Za-z0-9_-]{{1,8}}")


def login(state: str) -> str:
    """One for each time somebody goes to the issuer, so that two tabs do not disturb each other."""
    return f"{_LOGIN}-{state[:8]}"


class Cookies:
    def __init__(self, public_url: str) -> None:
        self._public_https = public_url.startswith("https:")

    def held(self, connection: HTTPConnection, name: str) -> str:
        return connection.cookies.get(self._name(connection, name), "")

    def logins(self, connection: HTTPConnection) -> list[str]:
        """The names of those that came along, oldest first, as browsers send them."""
        names = [name.removeprefix(self._name(connection, "")) for name in connection.cookies]
        return [name for name in names if _A_LOGIN.fullmatch(name)]

    def give(
        self, connection: HTTPConnection, response: Response, name: str, value: str, ttl_s: float
    ) -> None:
        response.set_cookie(
            self._name(connection, name),
            value,
            max_age=round(ttl_s),
            path="/",
            secure=self._secure(connection),
            httponly=True,
            samesite="lax",
        )

    def take(self, connection: HTTPConnection, response: Response, name: str) -> None:
        """An empty one that is over at once."""
        self.give(connection, response, name, "", 0)

    def _name(self, connection: HTTPConnection, name: str) -> str:
        return f"__Host-{name}" if self._secure(connection) else name

    def _secure(self, connection: HTTPConnection) -> bool:
        return self._public_https or connection.url.scheme in ("https", "wss")
