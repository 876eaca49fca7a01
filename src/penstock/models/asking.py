"""What the adapters do alike when they ask: the body, the key, the model's name; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

import msgspec

from penstock.core.prompt import Prompt, system_text
from penstock.errors import ConfigError, ModelRefused

Known = TypeVar("Known")

_READ_FOR_ALL = ("max_tokens", "max_completion_tokens", "stop")


def as_json(body: Mapping[str, object]) -> bytes:
    """The request's body. Raises ModelRefused when an option is nothing that JSON knows."""
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as exc:
        raise ModelRefused(f"the request cannot be written as JSON ({type(exc).__name__})") from exc


def said(prompt: Prompt) -> str:
    """Everything of people's that a provider might quote back in a complaint."""
    return "\n".join((system_text(prompt), *(line.text for line in prompt.messages)))


def key(given: str | None, *, whose: str) -> str:
    """The key as it goes into a header; empty for none. Raises ConfigError."""
    found = (given or "").strip()
    if not (found.isascii() and found.isprintable()) or " " in found:
        raise ConfigError(f"{whose} API key contains a character that no key has. Was it copied whole?")
    return found


def unread(wishes: Mapping[str, object], read: Collection[str]) -> tuple[str, ...]:
    """The names, sorted, of the wishes that are neither `read` nor read for all: the limit and the stops."""
    names = {name for name, wish in wishes.items() if wish is not None}
    return tuple(sorted(names.difference(read, _READ_FOR_ALL)))


def by_name(families: Mapping[str, Known], name: str) -> Known | None:
    """What is known of the family whose name is the longest that this one begins with."""
    longest = max((family for family in families if name.startswith(family)), key=len, default=None)
    return None if longest is None else families[longest]
