"""What a request asks for, in whichever provider's words it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec


class Request(msgspec.Struct, frozen=True):
    """A request as it came. `path` is not unquoted; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    told: str = ""
    """Faults that the program running the simulator asked for, for this request alone."""

    def json(self) -> Any:
        """Raises Wrong when it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Wrong("malformed") from None


class Wrong(Exception):
    """The request is not as it should be. `kind` is a line in the table of what its API refuses."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Tool(msgspec.Struct, frozen=True):
    name: str
    schema: Mapping[str, Any] = {}


class Document(msgspec.Struct, frozen=True):
    """One that may be cited."""

    title: str
    text: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer to a request depends on. An API reads it from its own JSON."""

    model: str
    question: str = ""
    """The text of the last message, if it is the user's."""
    said: str = ""
    """All text that was sent, for counting tokens."""
    streamed: bool = False
    max_tokens: int | None = None
    stops: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    must_call: str | None = None
    """The tool that has to be called; "" for any of them."""
    returned: bool = False
    """Whether the last message brings the results of tools."""
    thinks: bool = False
    documents: tuple[Document, ...] = ()
    guardrail: Literal["", "sync", "async"] = ""


# --- Foreign JSON, looked at carefully ----------------------------------------


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects in a list; nothing for what is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def record(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def limit(body: dict[str, Any], name: str) -> int | None:
    """A number of tokens, if one is given. Raises Wrong for what is none."""
    value = body.get(name)
    if value is None or (isinstance(value, int) and value >= 1 and value is not True):
        return value
    raise Wrong("invalid", f"{name} must be a whole number, 1 or more.")


def all_text(value: object) -> str:
    """Every string in it, for counting tokens."""
    match value:
        case str():
            return value
        case dict():
            return " ".join(filter(None, map(all_text, value.values())))
        case list():
            return " ".join(filter(None, map(all_text, value)))
        case _:
            return ""
