"""A small vocabulary for stories about signing in: tokens that are known, browsers, and what they send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from penstock.server.auth.tokens import hashed
from tests.server.place import Place

ANN = "pst_ann0000000000000000000000000000000000000000"
BOB = "pst_bob0000000000000000000000000000000000000000"
OWNER = "pst_owner00000000000000000000000000000000000000"

TOKENS: dict[str, Any] = {
    "ann": hashed(ANN),
    "bob": hashed(BOB),
    "owner": {"hash": hashed(OWNER), "admin": True},
}
SETTINGS: dict[str, Any] = {"identified": False, "auth": "token", "tokens": TOKENS}

ASK = "/api/threads/t1/questions"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


class Browser:
    """Keeps cookies and names the origin as browsers do; `origin` is the page's."""

    def __init__(self, place: Place, origin: str = "", client: httpx.AsyncClient | None = None) -> None:
        self.place = place
        self.origin = origin or place.url
        self.client = client or httpx.AsyncClient(base_url=place.url, timeout=15)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def post(self, path: str, body: object = None) -> httpx.Response:
        return await self.client.post(path, json=body, headers={"origin": self.origin})

    async def sign_in(self, token: str) -> httpx.Response:
        return await self.post("/auth/token", {"token": token})

    @property
    def cookie(self) -> str:
        """As it stands in a Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())


@asynccontextmanager
async def browser(place: Place, token: str = "") -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(base_url=place.url, timeout=15) as client:
        it = Browser(place, client=client)
        if token:
            assert (await it.sign_in(token)).status_code == 204
        yield it


@asynccontextmanager
async def socket(place: Place, query: str = "", **headers: str) -> AsyncIterator[ClientConnection]:
    """Opened with these headers and no others that say who asks."""
    url = f"ws://127.0.0.1:{place.port}/api/socket{query}"
    async with connect(url, additional_headers=headers, compression=None, proxy=None) as connection:
        yield connection
