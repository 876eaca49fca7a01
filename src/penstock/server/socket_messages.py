"""What a client says on the native API's WebSocket, and the short answers (docs/websocket.md)."""

from __future__ import annotations

from typing import Literal

import msgspec


class _Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """`re` comes back in every answer to this message."""

    re: str = ""


class Ask(_Message, frozen=True, tag="ask", kw_only=True):
    thread: str
    text: str
    id: str | None = None
    replaces: str | None = None


class Resume(_Message, frozen=True, tag="resume", kw_only=True):
    """Follow a turn from a cursor, or a thread with all that comes (and its cursor, if there is one)."""

    thread: str = ""
    cursor: str = ""


class Stop(_Message, frozen=True, tag="stop", kw_only=True):
    turn: str


class Ping(_Message, frozen=True, tag="ping"):
    pass


Message = Ask | Resume | Stop | Ping


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    type: Literal["pong", "stopping"]
    re: str = ""
    turn: str = ""


class _Re(msgspec.Struct):
    """What a message of any shape says of itself."""

    re: str = ""


MESSAGE: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_RE = msgspec.json.Decoder(_Re)


def re_of(sent: str) -> str:
    """The `re` of a message that may have any other fault."""
    try:
        return _RE.decode(sent).re
    except (msgspec.MsgspecError, RecursionError):
        return ""
