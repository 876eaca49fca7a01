"""What Bedrock complains of, in a response or in the middle of a stream, as one of our errors; pure.

https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from penstock.aws import http as aws
from penstock.aws.eventstream import Message
from penstock.aws.http import AwsError
from penstock.errors import ModelError, ModelMisconfigured
from penstock.models import complaint
from penstock.models.complaint import Complaint
from penstock.models.decoding import UNREADABLE
from penstock.models.hiding import Hidden

# The statuses that the API gives these when they are a response; in a stream they have none.
_STATUS = {
    "throttling": 429,
    "toomanyrequests": 429,
    "modelnotready": 429,
    "serviceunavailable": 503,
    "internalserver": 500,
    "internalfailure": 500,
    "modeltimeout": 408,
    "validation": 400,
    "accessdenied": 403,
    "resourcenotfound": 404,
}
# The model behind Bedrock failed: 424, and its own status inside.
_OF_THE_MODEL = frozenset({"modelstreamerror", "modelerror"})
_OWNERS = frozenset({
    "accessdenied", "expiredtoken", "incompletesignature", "invalidclienttokenid", "invalidsignature",
    "missingauthenticationtoken", "notauthorized", "optinrequired", "resourcenotfound",
    "servicequotaexceeded", "signaturedoesnotmatch", "unknownoperation", "unrecognizedclient",
})  # fmt: skip
# A ValidationException that no other question would avoid.
_OWNERS_WORDS = re.compile(
    r"model (?:identifier|id)\b|on-demand throughput|inference profile|guardrail|extraneous key"
    r"|(?:does not|doesn.t|is not|isn.t) support|access to (?:the|this) model",
    re.IGNORECASE,
)


class _Original(msgspec.Struct):
    """What the model behind Bedrock answered."""

    originalStatusCode: int | None = None
    originalMessage: str | None = None


_original = msgspec.json.Decoder(_Original).decode


def error(
    said: AwsError, payload: bytes, *, who: str, retry_after_s: float | None = None, hidden: Hidden
) -> ModelError:
    """The error to raise. In the middle of a stream there is no status: it is 0."""
    plain = said.code.lower().removesuffix("exception")
    number = said.status or _STATUS.get(plain)
    message = said.message
    if plain in _OF_THE_MODEL:
        original = _original_of(payload)
        number = _of_the_model(original.originalStatusCode)
        message = message or original.originalMessage or ""
    told = complaint.error(
        Complaint(message, said.code), who=who, status=number, retry_after_s=retry_after_s, hidden=hidden
    )
    # The name stands in a header, which not every gateway hands on.
    if plain in _OWNERS or (plain in ("validation", "") and _OWNERS_WORDS.search(message)):
        return ModelMisconfigured(str(told))
    return told


def of_response(
    status: int, headers: Mapping[str, str], payload: bytes, *, who: str, now_s: float, hidden: Hidden
) -> ModelError:
    said = aws.complaint(status, headers, payload)
    if not said.message:
        said = said._replace(message=complaint.read(payload).message)
    wait_s = complaint.retry_after_s(headers, now_s)
    return error(said, payload, who=who, retry_after_s=wait_s, hidden=hidden)


def of_message(message: Message, *, who: str, hidden: Hidden) -> ModelError:
    """An exception of the service's model in a stream, or an error that it has no model for."""
    headers, payload = message
    said = aws.complaint(0, {}, payload)
    code = headers.get(":exception-type") or headers.get(":error-code") or ""
    words = headers.get(":error-message") or said.message
    return error(AwsError(0, str(code)[:100], str(words)), payload, who=who, hidden=hidden)


def _of_the_model(status: int | None) -> int:
    """A model that calls Bedrock's own request a bad one may well answer the next time."""
    return status if status is not None and (status >= 500 or status == 429) else 500


def _original_of(payload: bytes) -> _Original:
    try:
        return _original(payload)
    except UNREADABLE:
        return _Original()
