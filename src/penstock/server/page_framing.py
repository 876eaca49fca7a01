"""Whose pages may show the chat in a frame, and a word in the log about one that may not.

The browser enforces `frame-ancestors` and tells the server nothing; what it says of itself when it asks for
the frame is all there is to go by. https://www.w3.org/TR/fetch-metadata/
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

log = logging.getLogger("penstock.server")

_EVERY_S = 60.0


def framing(headers: Mapping[str, str]) -> str | None:
    """The origin of another site's page that asks for a frame: "" when the browser does not name it, None
    when none asks. What is no origin is not passed on, for it goes into the log."""
    if headers.get("sec-fetch-dest") not in ("iframe", "frame"):
        return None
    if headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
        return None
    found = re.match(r"https?://[A-Za-z0-9.:\[\]-]{1,260}(?=/|$)", headers.get("referer", ""))
    return found[0].lower() if found else ""


def is_named(origin: str, named: Sequence[str]) -> bool:
    """As browsers compare it: https goes for http, a star for all hosts below.
    https://www.w3.org/TR/CSP3/#match-url-to-source-expression"""
    if not origin:
        # It may be one of them, if there are any.
        return bool(named)
    return any(_fits(_parts(origin), _parts(one.lower())) for one in named)


def _fits(origin: tuple[str, str, str], named: tuple[str, str, str]) -> bool:
    (scheme, host, port), (wanted_scheme, wanted_host, wanted_port) = origin, named
    below = wanted_host.startswith("*.") and host.endswith(wanted_host[1:])
    same_place = (scheme, port) == (wanted_scheme, wanted_port)
    # A name without a port goes for the safe scheme, too.
    safer = (scheme, port, wanted_scheme, wanted_port) == ("https", "443", "http", "80")
    return (host == wanted_host or below) and (same_place or safer)


def _parts(origin: str) -> tuple[str, str, str]:
    scheme, where, *_ = urlsplit(origin)
    found = re.fullmatch(r"(.*?)(?::(\d+))?", where)
    host, port = found.groups() if found else (where, None)
    return scheme, host, port or {"https": "443"}.get(scheme, "80")


class Framing:
    """Says which page was refused, at most once a minute: anybody may ask as often as they like."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._next_s = 0.0

    def tell(self, headers: Mapping[str, str], named: Sequence[str]) -> None:
        origin = framing(headers)
        if origin is None or is_named(origin, named) or (now_s := self._now()) < self._next_s:
            return
        self._next_s = now_s + _EVERY_S
        log.warning(
            "a page of another site may not show the chat in a frame: embed_origins does not name it",
            extra={"origin": origin or "not told"},
        )
