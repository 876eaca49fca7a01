"""Files that are read once and then served from memory: compressed beforehand, and only when they changed.

https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from penstock.errors import ConfigError

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
_PICTURES = {suffix for suffix, type in _TYPES.items() if type.startswith("image/")}
# How each begins: a browser shows nothing for what only is called so, and so says nobody.
_BEGINNINGS = {
    ".svg": (
        rb"(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[.*?\]\s*)?>)*+"
        rb"<(?:\w+:)?svg[\s/>]"
    ),
    ".png": rb"\x89PNG\r\n\x1a\n",
    ".jpg": rb"\xff\xd8\xff",
    ".jpeg": rb"\xff\xd8\xff",
    ".webp": rb"RIFF....WEBP",
    ".avif": rb"....ftyp.{0,64}?avi[fs]",
    ".gif": rb"GIF8[79]a",
    ".ico": rb"\x00\x00\x01\x00",
}
_MOST_LOGO_BYTES = 1_000_000

# What web/compress.mjs writes beside a file; the first that a browser takes is the smallest.
_CODINGS = {"br": ".br", "gzip": ".gz"}


@dataclass(frozen=True, slots=True)
class Content:
    """One file. `codings`: the same compressed, by the coding; `tag` changes with what is in it."""

    plain: bytes
    media_type: str
    codings: Mapping[str, bytes]
    tag: str

    @classmethod
    def of(cls, plain: bytes, media_type: str, codings: Mapping[str, bytes] = MappingProxyType({})) -> Self:
        return cls(plain, media_type, codings, hashlib.sha256(plain).hexdigest()[:16])


# --- Wire: what a browser said, and what it gets ------------------------------


def answered(request: Request, content: Content, headers: Mapping[str, str]) -> Response:
    """The file in the coding that the browser takes, or only that it has not changed."""
    coding = _coding(request.headers.get("accept-encoding", ""), content.codings)
    tag = f'"{content.tag}{coding and f"-{coding}"}"'
    every = {"ETag": tag, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff", **headers}
    if _known(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=every)
    every["Content-Type"] = content.media_type
    if coding:
        every["Content-Encoding"] = coding
    return Response(content.codings.get(coding, content.plain), headers=every)


def _coding(accepted: str, there: Mapping[str, bytes]) -> str:
    """The first coding that is there and taken; "" for none. One with q=0 is not taken."""
    parts = (part.replace(" ", "").lower().partition(";q=") for part in accepted.split(","))
    taken = {name for name, _, weight in parts if weight.strip("0.") or not weight}
    return next((coding for coding in there if coding in taken), "")


def _known(said: str, tag: str) -> bool:
    tags = [one.strip().removeprefix("W/") for one in said.split(",")]
    return tag in tags or tags == ["*"]


# --- I/O: as little as possible -----------------------------------------------


def read_folder(folder: Path) -> dict[str, Content]:
    """What lies in the folder, by its path inside it; nothing when there is no such folder."""
    found = (path for path in folder.rglob("*") if path.suffix in _TYPES)
    return {path.relative_to(folder).as_posix(): _read(path) for path in found}


def read_logo(path: Path | None) -> Content | None:
    """Raises ConfigError."""
    if path is None:
        return None
    if path.suffix.lower() not in _PICTURES:
        raise ConfigError(f"logo: {path} does not end in one of {', '.join(sorted(_PICTURES))}.")
    try:
        logo = _read(path)
    except OSError as exc:
        raise ConfigError(f"logo: {path} could not be read: {exc.strerror}.") from None
    if len(logo.plain) > _MOST_LOGO_BYTES:
        raise ConfigError(f"logo: {path} is larger than 1 MB.")
    if not re.match(_BEGINNINGS[path.suffix.lower()], logo.plain, re.DOTALL):
        raise ConfigError(f"logo: {path} is called {path.suffix}, but what is in it is no such picture.")
    return logo


def _read(path: Path) -> Content:
    beside = {coding: path.with_name(path.name + end) for coding, end in _CODINGS.items()}
    codings = {coding: file.read_bytes() for coding, file in beside.items() if file.is_file()}
    return Content.of(path.read_bytes(), _TYPES[path.suffix.lower()], codings)
