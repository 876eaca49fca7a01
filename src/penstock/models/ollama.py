"""Finds out whether an Ollama listens, and which models it has; talking to it is OpenAI's protocol.

https://docs.ollama.com/api/tags
"""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp
import msgspec

# It is on this machine or nearby; whoever starts Penstock waits for this.
_TIMEOUT_S = 0.7


class _Tag(msgspec.Struct):
    name: str = ""


class _Tags(msgspec.Struct):
    models: list[_Tag] | None = None


def decode(body: bytes) -> list[str]:
    """The models it has, most recently used or pulled first; those that only embed left out."""
    try:
        tags = msgspec.json.decode(body, type=_Tags).models or []
    except msgspec.DecodeError:
        return []
    return [tag.name for tag in tags if tag.name and "embed" not in tag.name]


async def models_at(url: str) -> Sequence[str] | None:
    """None when nothing answers there as Ollama would."""
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url}/api/tags", allow_redirects=False) as response,
        ):
            return decode(await response.read()) if response.status == 200 else None
    except (aiohttp.ClientError, OSError, ValueError):
        return None
