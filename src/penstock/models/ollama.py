"""Finds out whether an Ollama listens, and which models it has; talking to it is OpenAI's protocol.

https://docs.ollama.com/api/tags
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from penstock.http import Client, Unreachable
from penstock.models.decoding import UNREADABLE

# It is on this machine or nearby; whoever starts Penstock waits for this.
_WITHIN_S = 0.7
_MAX_BYTES = 4_000_000


class _Tag(msgspec.Struct):
    name: str = ""


class _Tags(msgspec.Struct):
    models: list[_Tag] | None = None


def decode(body: bytes) -> list[str]:
    """The models it has, most recently used or pulled first; those that only embed left out."""
    try:
        tags = msgspec.json.decode(body, type=_Tags).models or []
    except UNREADABLE:
        return []
    return [tag.name for tag in tags if tag.name and "embed" not in tag.name]


async def models_at(url: str, *, within_s: float = _WITHIN_S) -> Sequence[str] | None:
    """None when nothing answers there as Ollama would."""
    client = Client()
    try:
        status, body = await client.fetch("GET", f"{url}/api/tags", within_s=within_s, most_bytes=_MAX_BYTES)
        return decode(body) if status == 200 else None
    except Unreachable:
        return None
    finally:
        await client.close()
