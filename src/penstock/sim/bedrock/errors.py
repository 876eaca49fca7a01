"""How Bedrock says no: as a response before the stream, as an exception within it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html, and the errors of each
operation. The messages are those that AWS sends, as far as they are known.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from penstock.aws.eventstream import encode
from penstock.sim.steps import Say, Steps, whole


class Refusal(NamedTuple):
    status: int
    type: str
    message: str


_BUSY = "Too many requests, please wait before trying again."
_UNAVAILABLE = "Bedrock is unable to process your request."
_INTERNAL = "The system encountered an unexpected error during processing. Try your request again."
_FAILED = (
    "The system encountered an unexpected error while processing the model's output. Try your request again."
)

_REFUSALS = {
    "throttle": Refusal(429, "ThrottlingException", _BUSY),
    "overloaded": Refusal(503, "ServiceUnavailableException", _UNAVAILABLE),
    "error": Refusal(500, "InternalServerException", _INTERNAL),
    "timeout": Refusal(408, "ModelTimeoutException", "Model has timed out in processing the request."),
    "not-ready": Refusal(429, "ModelNotReadyException", "Model is not ready for inference. Try again later."),
    "model-error": Refusal(424, "ModelErrorException", _FAILED),
    "unauthorized": Refusal(
        403, "UnrecognizedClientException", "The security token included in the request is invalid."
    ),
    "expired": Refusal(403, "ExpiredTokenException", "The security token included in the request is expired"),
    "forbidden": Refusal(
        403, "AccessDeniedException", "You don't have access to the model with the specified model ID."
    ),
    "unknown-model": Refusal(400, "ValidationException", "The provided model identifier is invalid."),
    "not-found": Refusal(
        404,
        "ResourceNotFoundException",
        "Could not resolve the foundation model from the provided model identifier.",
    ),
    "too-long": Refusal(400, "ValidationException", "Input is too long for requested model."),
    "no-auth": Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    "no-operation": Refusal(404, "UnknownOperationException", "There is no such operation here."),
    "malformed": Refusal(
        400, "ValidationException", "Malformed input request, please reformat your input and try again."
    ),
    "invalid": Refusal(400, "ValidationException", "The request is not valid."),
}

_INTERRUPTIONS = {
    "throttle-midway": ("throttlingException", {"message": _BUSY}),
    "overloaded-midway": ("serviceUnavailableException", {"message": _UNAVAILABLE}),
    "error-midway": ("internalServerException", {"message": _INTERNAL}),
    "invalid-midway": ("validationException", {"message": "Input is too long for requested model."}),
    "model-error-midway": (
        "modelStreamErrorException",
        {"message": _FAILED, "originalMessage": "The model stopped unexpectedly.", "originalStatusCode": 500},
    ),
    "unknown-exception": ("weatherTooFineException", {"message": "Nobody has heard of this exception."}),
}


def refused(kind: str, message: str = "", *, request_id: str) -> Steps | None:
    if (refusal := _REFUSALS.get(kind)) is None:
        return None
    headers = (
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", f"{refusal.type}:http://internal.amazon.com/coral/com.amazon.bedrock/"),
    )
    # Bedrock's errors are indented; so they were recorded.
    said = msgspec.json.format(msgspec.json.encode({"message": message or refusal.message}), indent=2)
    return whole(refusal.status, headers, said)


def interrupted(kind: str) -> Say | None:
    if (found := _INTERRUPTIONS.get(kind)) is None:
        return None
    type, content = found
    headers = {":exception-type": type, ":content-type": "application/json", ":message-type": "exception"}
    return Say(encode(headers, msgspec.json.encode(content)))
