"""The messages of Bedrock's streams, as they were recorded: header order, sorted keys, padding under `p`."""

from __future__ import annotations

import base64
from random import Random
from typing import Any

import msgspec

from penstock.aws.eventstream import encode
from penstock.sim.steps import Head, Part, Say

_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Frames:
    """Makes the messages of one answer; the same id, the same padding."""

    def __init__(self, id: str) -> None:
        self._random = Random(id)

    def event(self, type: str, content: dict[str, Any], part: Part = "") -> Say:
        # Of random length, so that the length of a message does not tell the token's.
        padding = _ALPHABET[: self._random.randint(2, len(_ALPHABET))]
        headers = {":event-type": type, ":content-type": "application/json", ":message-type": "event"}
        return Say(encode(headers, msgspec.json.encode({**content, "p": padding}, order="sorted")), part)

    def chunk(self, content: dict[str, Any], part: Part = "") -> Say:
        """A chunk of InvokeModelWithResponseStream: the model's own JSON, in base64."""
        return self.event("chunk", {"bytes": base64.b64encode(msgspec.json.encode(content)).decode()}, part)


def head(request_id: str, *more: tuple[str, str]) -> Head:
    return Head(
        200,
        (
            ("Content-Type", "application/vnd.amazon.eventstream"),
            ("x-amzn-RequestId", request_id),
            *more,
        ),
    )
