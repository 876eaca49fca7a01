"""What a provider says when it will not or cannot answer, as one of our errors.

Pure, and the same for a response's status and body as for an error inside a stream. The
provider's words are shown, but for what must be hidden.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from penstock.errors import ModelBusy, ModelError, ModelMisconfigured, ModelRefused, ModelUnreachable
from penstock.models.decoding import UNREADABLE
from penstock.models.hiding import NOTHING_HIDDEN, Hidden, unsaid, unsaid_word

_BUSY = frozenset({429, 503, 529})
# Timeouts and collisions on the provider's side: worth another attempt (the SDKs try again, too).
_PASSING = frozenset({408, 409, 425})
# The key, the bill, the model's name or the URL; a redirect, because we follow none.
_OWNERS = frozenset({301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407, 410})
# Words in `code` or `type` when there is no number, in lower case and without "_" and "error".
_BUSY_WORDS = ("ratelimit", "overload", "toomanyrequests", "slowdown", "unavailable", "queuefull")
# A rate limit passes by itself; a used-up quota is waited for in vain.
_UNPAID_WORDS = ("insufficientquota", "billing", "spendlimit")
_OWNERS_WORDS = (
    *_UNPAID_WORDS, "authentication", "unauthorized", "apikey", "permission", "forbidden", "accessdenied",
    "accessterminated", "notfound", "decommissioned",
)  # fmt: skip
_OWNERS_PHRASES = ("api key", "api usage limits", "credit balance", "exceeded your current quota", "billing")
_FORBIDDEN_WORDS = ("content", "policy", "moderation")
_REFUSED_WORDS = (
    "invalid", "badrequest", "contextlength", "contextsize", "toolarge", "unsupported", *_FORBIDDEN_WORDS,
)  # fmt: skip
_BROKEN_WORDS = ("server", "api", "internal", "timeout", "connection", "upstream")


class Complaint(NamedTuple):
    """`number` is an HTTP status, `word` the provider's code or type; both may be missing."""

    message: str = ""
    word: str = ""
    number: int | None = None


def read(body: bytes) -> Complaint:
    """The complaint in a response's body, whatever that is."""
    try:
        return of(msgspec.json.decode(body))
    except UNREADABLE:
        # A proxy's page of HTML tells its owner nothing that the status does not.
        text = body.decode(errors="replace").strip()
        return Complaint("" if text.startswith("<") else text)


def of(raw: object, depth: int = 3) -> Complaint:
    """The complaint in decoded JSON.

    OpenAI, OpenRouter, vLLM, LiteLLM, llama.cpp, Ollama, Gemini and FastAPI each have a shape of their own.
    """
    match raw:
        case {"error": dict() | str() as inner} if inner and depth:
            return of(inner, depth - 1)
        case {"metadata": {"flagged_input": _}, **more}:
            # OpenRouter, which gives it no word, and the status of a refused key.
            return Complaint("", "moderation", _number(more.get("code")))
        case dict():
            said = raw.get("message") or raw.get("detail") or raw.get("msg")
            words = (_spent(raw), raw.get("code"), raw.get("type"), raw.get("status"))
            return Complaint(
                said if isinstance(said, str) else "",
                next((word for word in words if isinstance(word, str) and _is_word(word)), ""),
                _number(raw.get("code")),
            )
        case [first, *_] if depth:
            return of(first, depth - 1)
        case str():
            return Complaint(raw)
    return Complaint()


def error(
    complaint: Complaint,
    *,
    who: str,
    status: int | None = None,
    retry_after_s: float | None = None,
    hidden: Hidden = NOTHING_HIDDEN,
) -> ModelError:
    """The error to raise, by what the caller does next: wait, try again, or give up."""
    number = status if status is not None else complaint.number
    parts = [f"{who} answered", str(number or ""), unsaid_word(complaint.word, hidden)]
    text = " ".join(part for part in parts if part)
    if said := unsaid(complaint.message, hidden):
        text = f"{text}: {said}"
    kind = _kind(number, complaint)
    if kind is ModelBusy:
        return ModelBusy(text, retry_after_s=retry_after_s)
    return kind(text)


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """How long we are asked to wait: `retry-after-ms`, or Retry-After in seconds or as a date."""
    from email.utils import parsedate_to_datetime

    for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait_s = float(headers[name]) / per_second
        except (KeyError, ValueError):
            continue
        if 0 <= wait_s < math.inf:
            return wait_s
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - now_s)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _kind(number: int | None, complaint: Complaint) -> type[ModelError]:
    """The number decides, unless the word knows better whose fault it is."""
    plain = complaint.word.lower().replace("_", "").replace("error", "")
    by_word = _by_word(plain)
    if _any(_UNPAID_WORDS, plain):
        return by_word
    kind = by_word if number is None else _by_number(number)
    if kind is ModelMisconfigured and _any(_FORBIDDEN_WORDS, plain):
        return ModelRefused
    said = complaint.message.lower()
    if kind is ModelRefused and (by_word is ModelMisconfigured or _any(_OWNERS_PHRASES, said)):
        # With 400, xAI and Gemini answer a wrong key, Groq a model that is gone, Anthropic a spend limit
        # or an account without credit.
        return ModelMisconfigured
    return kind


def _by_number(number: int) -> type[ModelError]:
    if number in _BUSY:
        return ModelBusy
    if number in _OWNERS:
        return ModelMisconfigured
    if number >= 500 or number in _PASSING:
        return ModelUnreachable
    return ModelRefused


def _by_word(plain: str) -> type[ModelError]:
    for kind, words in (
        (ModelMisconfigured, _OWNERS_WORDS),
        (ModelBusy, _BUSY_WORDS),
        (ModelRefused, _REFUSED_WORDS),
        (ModelUnreachable, _BROKEN_WORDS),
    ):
        if _any(words, plain):
            return kind
    return ModelError


def _spent(raw: dict[str, Any]) -> str:
    """Anthropic answers a used-up budget like a rate limit, and tells it apart in the details."""
    match raw.get("details"):
        case {"error_code": str(code)} if "spend_limit" in code:
            return code
    return ""


def _any(words: tuple[str, ...], plain: str) -> bool:
    return any(word in plain for word in words)


def _is_word(value: str) -> bool:
    return value not in ("", "None", "error") and not value.isdigit()


def _number(value: object) -> int | None:
    """Some send the status as a string."""
    if isinstance(value, str) and value.isdecimal() and len(value) == 3:
        value = int(value)
    return value if isinstance(value, int) and 300 <= value <= 599 else None
