"""How models reach their providers: one session for all, and every failure one of ours.

What a provider answers is given out as it arrives. There is no limit on how long an answer
takes or how long it pauses: the engine keeps those times, for all models alike.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from penstock.errors import ModelCut, ModelUnreachable
from penstock.models import complaint
from penstock.models.complaint import NOTHING_HIDDEN, Hidden

_COMPLAINT_BYTES = 64 * 1024
# aiohttp's parser raises the second, UnicodeError comes from a host name that cannot be encoded.
_FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, UnicodeError)


class Response:
    """An answer under way. Closing it before its end closes the connection."""

    def __init__(self, raw: aiohttp.ClientResponse, who: str) -> None:
        self._raw = raw
        self._read = raw.content.readany
        self._who = who
        self._until_s = math.inf

    @property
    def media_type(self) -> str:
        return self._raw.content_type

    async def read(self) -> bytes:
        """Everything that has arrived, at least a byte; nothing at the end. Raises ModelCut."""
        try:
            return await self._read()
        except _FAILURES as exc:
            raise ModelCut(f"{self._who} broke off ({type(exc).__name__})") from exc

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
                return await self._read()
        except _FAILURES:
            return b""

    def close(self) -> None:
        self._raw.close()


class Http:
    """One session, made with the first request inside the running loop, closed by `close`.

    A request after that makes another one.
    """

    def __init__(
        self,
        *,
        connect_timeout_s: float = 10.0,
        headers_timeout_s: float = 600.0,
        use_proxies: bool = False,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        # Headers may wait for the first token, and that for a model being loaded: only a bound, no pace.
        self._headers_timeout_s = headers_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._use_proxies = use_proxies
        self._now_s = now_s
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self,
        url: str | URL,
        body: bytes,
        headers: Mapping[str, str],
        *,
        who: str,
        hidden: Hidden = NOTHING_HIDDEN,
    ) -> Response:
        """The response, once its headers are there and say that it is an answer.

        Raises ModelBusy, ModelRefused or ModelUnreachable.
        """
        try:
            async with asyncio.timeout(self._headers_timeout_s):
                # Another host must not be sent what was meant for this one, key and all: no redirects.
                raw = await self._opened().post(url, data=body, headers=headers, allow_redirects=False)
        except (*_FAILURES, ValueError) as exc:
            # ValueError: aiohttp refuses the request, say because .netrc has credentials for the host, too.
            raise ModelUnreachable(f"{who} cannot be reached ({_reason(exc)})") from exc
        if raw.status == 200:
            return Response(raw, who)
        try:
            raise complaint.error(
                complaint.read(await self._beginning(raw)),
                who=who,
                status=raw.status,
                retry_after_s=complaint.retry_after_s(raw.headers, self._now_s()),
                hidden=hidden,
            )
        finally:
            raw.close()

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # How many may run at once is the engine's to say.
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                # A compressing proxy gathers what should flow.
                headers={"Accept-Encoding": "identity", "User-Agent": "penstock"},
                trust_env=self._use_proxies,
            )
        return self._session

    async def _beginning(self, raw: aiohttp.ClientResponse) -> bytes:
        """What came of a complaint's body in a few seconds: the status alone is enough."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                while len(body) < _COMPLAINT_BYTES and (chunk := await raw.content.readany()):
                    body += chunk
        except _FAILURES:
            pass
        return bytes(body)


def _reason(exc: BaseException) -> str:
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return "its name is unknown"
    if isinstance(exc, (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError)):
        return f"TLS failed: {type(exc).__name__}"
    if isinstance(exc, TimeoutError):
        return "it did not answer in time"
    cause = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else exc
    return type(cause).__name__
