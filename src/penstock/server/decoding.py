"""What clients send, as JSON of a shape that we know, or a sentence that says what is wrong with it."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from penstock.server.problems import NotJson, WrongShape

T = TypeVar("T")

_HALF = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def decoded(decoder: msgspec.json.Decoder[T], sent: bytes | str) -> T:
    """Raises NotJson and WrongShape."""
    try:
        return decoder.decode(sent)
    except msgspec.ValidationError as exc:
        raise WrongShape(f"This has another shape than it should: {exc}.") from None
    except RecursionError:
        raise WrongShape("This is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeError) as exc:
        raise NotJson(f"This is not JSON: {exc}.{_hint(sent)}") from None


def _hint(sent: bytes | str) -> str:
    text = sent if isinstance(sent, str) else sent.decode(errors="replace")
    # msgspec's own words for it are "truncated" and "invalid".
    return " Perhaps it contains half a character (a lone surrogate)." if _HALF.search(text) else ""
