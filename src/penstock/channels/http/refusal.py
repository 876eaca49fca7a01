"""What a client gets instead of an answer, in OpenAI's shape: a status, headers, a body.

The official clients try 408, 409, 429 and every 5xx again by themselves, unless
`x-should-retry` forbids it. A turn that failed was tried as often as we see fit: a client that began it
anew would multiply that.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from penstock import errors
from penstock.core.turn import View

_json = msgspec.json.Encoder().encode

# The first class that fits, from the leaves of the tree up.
_STATUS: tuple[tuple[type[errors.PenstockError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Gone, 410),
    # What the IETF's Idempotency-Key draft asks for when a key comes back with another body.
    (errors.QuestionChanged, 422),
    (errors.Refused, 400),
    (errors.ThreadBusy, 409),
    (errors.ShuttingDown, 503),
    (errors.Busy, 429),
    (errors.ModelBusy, 503),
    (errors.ModelStalled, 504),
    (errors.ModelRefused, 500),
    (errors.ModelMisconfigured, 500),
    (errors.ModelError, 502),
    (errors.StoreError, 503),
    (errors.PenstockError, 500),
)
_TYPES = {429: "rate_limit_error", 404: "not_found_error"}
_NO_RETRY = {"x-should-retry": "false"}
# Asking again changes nothing: the model or the settings would refuse again.
_FINAL = (errors.ModelRefused, errors.ModelMisconfigured, errors.ConfigError)


class Refusal(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def status(kind: type[errors.PenstockError]) -> int:
    return next(code for base, code in _STATUS if issubclass(kind, base))


def refusal(error: errors.PenstockError) -> Refusal:
    """For an error before there was an answer."""
    kind = type(error)
    return Refusal(status(kind), _headers(kind, error), body(status(kind), error.for_reader, error.code))


def failure(view: View, turn: str) -> Refusal:
    """For a turn that failed before anything of it was sent."""
    kind = _KINDS.get(view.error_code, errors.PenstockError)
    return Refusal(
        status(kind),
        {**_headers(kind), **_NO_RETRY},
        body(status(kind), view.error, view.error_code, turn=turn, reference=view.reference),
    )


def body(code: int, message: str, name: str, **more: str) -> bytes:
    kind = _TYPES.get(code, "invalid_request_error" if code < 500 else "server_error")
    error = {"message": message, "type": kind, "param": None, "code": name}
    return _json({"error": {**error, **{key: value for key, value in more.items() if value}}})


def _headers(kind: type[errors.PenstockError], error: errors.PenstockError | None = None) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    if issubclass(kind, _FINAL):
        headers |= _NO_RETRY
    if isinstance(error, errors.Busy | errors.ModelBusy) and error.retry_after_s:
        headers["retry-after"] = str(max(1, round(error.retry_after_s)))
    return headers


def _tree(kind: type[errors.PenstockError]) -> list[type[errors.PenstockError]]:
    return [kind, *(found for below in kind.__subclasses__() for found in _tree(below))]


_KINDS = {kind.code: kind for kind in reversed(_tree(errors.PenstockError))}
