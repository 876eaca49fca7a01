"""Errors as RFC 9457 problem details, for the native API.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import math

import msgspec
from starlette.responses import Response

from penstock.channels.http import refusal, status
from penstock.errors import Busy, PenstockError, QuestionTooLong, Refused


class BodyTooLarge(Refused):
    code = "body_too_large"


class BodyTooSlow(Refused):
    code = "body_too_slow"


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

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


class NotSignedIn(Refused):
    """For `identify` to raise when it does not know who asks."""

    code = "not_signed_in"


class TokenWrong(Refused):
    code = "token_wrong"


class NotAdmin(Refused):
    """Whoever asks is known, and is not the owner."""

    code = "not_admin"


class NotAllowed(Refused):
    """The issuer knows who it is, and the settings do not let them in."""

    code = "not_allowed"


class SignInFailed(Refused):
    """The issuer did not sign them in, or what came from there is not to be trusted. `why` is for us."""

    code = "sign_in_failed"

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class TooManySignIns(Busy):
    code = "too_many_sign_ins"
    for_reader = "There were too many attempts to sign in. Please try again in a minute."


class TooManyQuestions(Busy):
    code = "too_many_questions"

    def __init__(self, most: int, wait_s: float) -> None:
        super().__init__("too many questions of one person", retry_after_s=math.ceil(wait_s))
        self.for_reader = (
            f"You may ask {most} questions a minute. Please ask again in {_seconds(self.retry_after_s)}."
        )


class IssuerUnreachable(Busy):
    """The message says why, for us."""

    code = "issuer_unreachable"
    for_reader = "The sign-in service cannot be reached right now. Please try again in a minute."


_STATUS: dict[type[PenstockError], int] = {
    NotSignedIn: 401,
    BodyTooSlow: 408,
    BodyTooLarge: 413,
    QuestionTooLong: 413,
    WrongMediaType: 415,
    ForeignOrigin: 403,
    TokenWrong: 401,
    NotAdmin: 403,
    NotAllowed: 403,
    IssuerUnreachable: 503,
    MethodWrong: 405,
}


def status_of(error: PenstockError) -> int:
    return _STATUS.get(type(error)) or status(type(error))


def problem(error: PenstockError) -> Response:
    """`type` names the kind for programs, `detail` is a sentence for people."""
    code = status_of(error)
    body: dict[str, object] = {
        "type": f"urn:penstock:{error.code.replace('_', '-')}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": code,
        "detail": error.for_reader,
    }
    return Response(msgspec.json.encode(body), code, headers_of(error), media_type="application/problem+json")


def openai_problem(error: PenstockError) -> Response:
    """The same in the shape that OpenAI's clients know."""
    _, headers, body = refusal(error)
    return Response(body, status_of(error), headers | headers_of(error))


def headers_of(error: PenstockError) -> dict[str, str]:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    match error:
        case Busy():
            headers["retry-after"] = str(max(1, round(error.retry_after_s)))
        case MethodWrong():
            headers["allow"] = error.allowed
        case NotSignedIn() | TokenWrong():
            # RFC 9110 wants one with every 401; browsers ask nobody for a password because of it.
            headers["www-authenticate"] = "Bearer"
        case BodyTooLarge() | BodyTooSlow():
            # What is left of it is never read.
            headers["connection"] = "close"
        case _:
            pass
    return headers


def _seconds(number: float) -> str:
    return f"{number:.0f} second{'' if number == 1 else 's'}"
