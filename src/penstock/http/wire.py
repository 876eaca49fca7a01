"""URLs and requests as bytes: plain data in, plain data out."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Target(NamedTuple):
    """Where a connection leads."""

    host: str
    port: int
    tls: bool


def target(url: str) -> tuple[Target, str, dict[str, str]]:
    """Where to connect, what to ask for there, and the headers that follow from the URL.

    Path and query are sent as they are written. Raises ValueError for what is no http or https URL.
    """
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    if not (tls or parts.scheme == "http") or not parts.hostname:
        raise ValueError("not an http or https URL")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    usual = 443 if tls else 80
    port = usual if parts.port is None else parts.port
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    _one_line(path)
    shown = f"[{host}]" if ":" in host else host
    # The scheme's own port is left out, as browsers do: some servers know themselves by no other name.
    headers = {"host": shown if port == usual else f"{shown}:{port}"}
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"
    return Target(host, port, tls), path, headers


def request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of a request. Raises ValueError for a header that would begin another one."""
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{_one_line(name)}: {_one_line(value)}" for name, value in headers.items()]
    if body or method not in ("GET", "HEAD"):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + body


def _one_line(text: str) -> str:
    if any(sign < " " for sign in text):
        raise ValueError("a control character in a URL or header")
    return text
