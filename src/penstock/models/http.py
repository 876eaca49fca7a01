"""How models reach their providers: what they say in headers, and every failure one of ours.

What a provider answers is given out as it arrives. There is no limit on how long an answer
takes or how long it pauses: the engine keeps those times, for all models alike.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from penstock import http
from penstock.core import sse
from penstock.errors import ModelCut, ModelError, ModelMisconfigured, ModelUnreachable
from penstock.models import complaint
from penstock.models.hiding import NOTHING_HIDDEN, Hidden

HEADERS = {
    "Content-Type": "application/json",
    # A compressing proxy gathers what should flow.
    "Accept-Encoding": "identity",
    "User-Agent": "penstock",
}
CLOSE_WAIT_S = 0.1
"""A connection can be used again if its stream ends together with its end mark."""


class Response:
    """An answer under way.

    with await http.post(...) as response:
        while chunk := await response.read(): ...

    Leaving it closes it, and before its end the connection with it. A connection that breaks inside is a
    ModelCut, an event beyond all bounds a ModelError: said once, here, because a handler for each read is a
    frame more to wake for each token.
    """

    def __init__(self, raw: http.Response, who: str) -> None:
        self._raw = raw
        self._who = who
        self._until_s = math.inf
        self.read = raw.read
        """Everything that has arrived, at least a byte; nothing at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if isinstance(error, http.CutOff):
            raise ModelCut(f"{self._who} broke off ({error})") from error
        if isinstance(error, sse.EventTooLarge):
            raise ModelError(f"{self._who} sent {error}") from error

    @property
    def media_type(self) -> str:
        return self._raw.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def read_within(self, wait_s: float) -> bytes:
        """Like `read`, for what may still follow an end mark: nothing there is worth an error or a wait.

        The first call starts the clock, so that a server that goes on for ever is left, too.
        """
        now_s = asyncio.get_running_loop().time()
        self._until_s = min(self._until_s, now_s + wait_s)
        if now_s >= self._until_s:
            return b""
        try:
            async with asyncio.timeout_at(self._until_s):
                return await self.read()
        except (http.CutOff, TimeoutError):
            return b""

    def close(self) -> None:
        self._raw.close()


def streaming(raw: http.Response, who: str, address: str = "base URL") -> Response:
    """An answer to be read. Raises ModelMisconfigured for a web page, which is what other addresses have."""
    response = Response(raw, who)
    if response.media_type == "text/html":
        response.close()
        raise ModelMisconfigured(f"{who} answered with a web page. Is the {address} right?")
    return response


class Http:
    """The client of a model, which closes it."""

    def __init__(self, *, connect_timeout_s: float = 10.0, now_s: Callable[[], float] = time.time) -> None:
        self._now_s = now_s
        self._client = http.Client(connect_timeout_s=connect_timeout_s)

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        who: str,
        hidden: Hidden = NOTHING_HIDDEN,
    ) -> Response:
        """The response, once its headers are there and say that it is an answer.

        Raises ModelBusy, ModelRefused, ModelMisconfigured or ModelUnreachable.
        """
        try:
            raw = await self._client.send("POST", url, {**HEADERS, **headers}, body)
        except http.Unreachable as exc:
            raise ModelUnreachable(f"{who} cannot be reached ({exc})") from exc
        if raw.status == 200:
            return streaming(raw, who)
        try:
            raise complaint.error(
                complaint.read(await raw.beginning()),
                who=who,
                status=raw.status,
                retry_after_s=complaint.retry_after_s(raw.headers, self._now_s()),
                hidden=hidden,
            )
        finally:
            raw.close()

    async def close(self) -> None:
        await self._client.close()
