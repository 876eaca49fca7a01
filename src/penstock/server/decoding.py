"""What clients send, of a shape that we know, or a sentence that says what is wrong with it."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from starlette.requests import Request

from penstock.server.problems import NotJson, WrongShape

T = TypeVar("T")

# How much of a list is given at once.
_PAGE = 50
_MOST = 200

# An escape for the first half of a character without the second, or the other way about.
_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def decoded(decoder: msgspec.json.Decoder[T], sent: bytes | str) -> T:
    """Raises NotJson and WrongShape."""
    try:
        return decoder.decode(sent)
    except msgspec.ValidationError as exc:
        raise WrongShape(f"This has another shape than it should: {exc}.") from None
    except RecursionError:
        raise WrongShape("This is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeError) as exc:
        # msgspec's own words for half a character are "truncated" and "malformed".
        raise NotJson(_about_a_half(sent) or f"This is not JSON: {exc}.") from None


def limit_of(request: Request) -> int:
    """How much of a list is wanted. Raises WrongShape."""
    text = request.query_params.get("limit", "")
    if not text:
        return _PAGE
    if not text.isdecimal() or len(text) > 3 or not 1 <= int(text) <= _MOST:
        raise WrongShape(f"limit is a number from 1 to {_MOST}.")
    return int(text)


def _about_a_half(sent: bytes | str) -> str:
    half = _HALF.search(sent if isinstance(sent, str) else sent.decode(errors="replace"))
    return (
        f"{half[0]} is half a character (a lone surrogate): send both halves, or leave it out."
        if half
        else ""
    )
