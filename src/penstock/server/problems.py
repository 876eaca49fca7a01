"""Errors as RFC 9457 problem details, for the native API.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from penstock.channels.http import status
from penstock.errors import Busy, PenstockError, Refused


class BodyTooLarge(Refused):
    code = "body_too_large"


class NotJson(Refused):
    code = "not_json"


class WrongShape(Refused):
    code = "wrong_shape"


class WrongMediaType(Refused):
    code = "wrong_media_type"


class ForeignOrigin(Refused):
    code = "foreign_origin"


class MethodWrong(Refused):
    code = "method_not_allowed"


_STATUS: dict[type[PenstockError], int] = {
    BodyTooLarge: 413,
    WrongMediaType: 415,
    ForeignOrigin: 403,
    MethodWrong: 405,
}


def status_of(error: PenstockError) -> int:
    return _STATUS.get(type(error)) or status(type(error))


def problem(error: PenstockError, **more: str) -> Response:
    """`type` names the kind for programs, `detail` is a sentence for people."""
    code = status_of(error)
    body: dict[str, object] = {
        "type": f"urn:penstock:{error.code.replace('_', '-')}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": code,
        "detail": error.for_reader,
        **more,
    }
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Busy):
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return Response(msgspec.json.encode(body), code, headers, media_type="application/problem+json")
