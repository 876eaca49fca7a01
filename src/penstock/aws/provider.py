"""Credentials over time: fetched when they are first needed, and again before they expire."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from penstock.aws.signing import Credentials
from penstock.errors import ConfigError
from penstock.http import Unreachable

_log = logging.getLogger(__name__)

# From when on one caller fetches new ones while the others go on with the old, and from when on all wait
# for new ones. EC2 and ECS have new ones at least 5 minutes before the old expire, so it is tried again.
_EARLY_S = 900.0
_LATE_S = 60.0
_AGAIN_S = 60.0


class Unavailable(Unreachable):
    """Unreachable, because whoever gives us credentials is; the message says who, without an address."""


class Provider(Protocol):
    """Gives credentials to whoever signs a request. Asked for each, so it keeps what it has."""

    async def get(self) -> Credentials:
        """Credentials that are valid now. Raises Unavailable, or ConfigError when there are none."""

    async def renew(self, refused: Credentials) -> Credentials:
        """Others, because AWS says that these have expired; or the same, when there are no others."""


Source = Callable[[], Awaitable[Credentials | None]]
"""Gives new credentials; None: there are none here, look further."""


class Given:
    """These, always: for a program that has credentials of its own, and for tests."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def get(self) -> Credentials:
        return self._credentials

    async def renew(self, refused: Credentials) -> Credentials:
        return self._credentials


class Renewing:
    """One fetch at a time for all callers; one that fails hurts nobody while the old ones are valid."""

    def __init__(self, source: Source, *, now_s: Callable[[], float] = time.time) -> None:
        self._source = source
        self._now_s = now_s
        self._current: Credentials | None = None
        self._one_at_a_time = asyncio.Lock()
        self._not_before_s = -math.inf
        self._fetches = 0
        self._failure: Exception | None = None

    async def get(self) -> Credentials:
        held = self._current
        if held and self._good_for_now(held):
            return held
        return await self.renew(held)

    async def renew(self, refused: Credentials | None) -> Credentials:
        fetches = self._fetches
        async with self._one_at_a_time:
            # Whoever had to wait here gets what was fetched for somebody else, or why it could not be.
            if fetches == self._fetches and (self._current is None or self._current is refused):
                await self._fetch(self._current)
            if self._failure:
                raise self._failure
            assert self._current is not None
            return self._current

    def _good_for_now(self, held: Credentials) -> bool:
        left_s = self._left_s(held)
        return left_s > _EARLY_S or (left_s > _LATE_S and self._now_s() < self._not_before_s)

    async def _fetch(self, old: Credentials | None) -> None:
        self._not_before_s = self._now_s() + _AGAIN_S
        self._failure = None
        try:
            self._current = await self._fetched()
        except (Unavailable, ConfigError) as exc:
            if old is None or self._left_s(old) <= 0:
                self._failure = exc
            else:
                _log.warning("credentials not renewed", extra={"error": type(exc).__name__})
        self._fetches += 1

    async def _fetched(self) -> Credentials:
        if fetched := await self._source():
            return fetched
        raise Unavailable("the credentials it had for us are not there any more")

    def _left_s(self, held: Credentials) -> float:
        return math.inf if held.expires_s is None else held.expires_s - self._now_s()
