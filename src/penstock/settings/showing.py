"""The settings in force, for the owner to look at: each with where it was said, secrets hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from penstock.settings.fields import Secret, Settings
from penstock.settings.printing import HEADINGS, help_of

HIDDEN = "•••"

# What a provider's own options may be called that nobody should read over a shoulder.
_TELLING = re.compile(r"api.?key|secret|password|authorization|credential", re.I)
# https://name:password@host
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")


class InForce(msgspec.Struct, frozen=True):
    """One setting. `origin` is the file, the variable, "program" or "flag" that said it, or "" when nobody
    did or it is not known. A secret that is set has the value "•••"."""

    name: str
    section: str
    value: Any
    is_default: bool
    origin: str
    secret: bool
    help: str


def in_force(settings: Settings, origins: Mapping[str, str]) -> list[InForce]:
    """In the order of docs/settings.md, under its headings."""
    found: list[InForce] = []
    defaults, section = Settings(), ""
    for field in msgspec.structs.fields(Settings):
        section = HEADINGS.get(field.name, section)
        value = getattr(settings, field.name)
        found.append(
            InForce(
                name=field.name,
                section=section,
                value=_shown(value, hidden=_is_hidden(field)),
                is_default=value == getattr(defaults, field.name),
                origin=origins.get(field.name, ""),
                secret=isinstance(value, Secret) or _is_hidden(field),
                help=help_of(field),
            )
        )
    return found


def _is_hidden(field: msgspec.structs.FieldInfo) -> bool:
    kind = inspect.type_info(field.type)
    return isinstance(kind, inspect.Metadata) and bool((kind.extra or {}).get("hidden"))


def _shown(value: object, *, hidden: bool = False) -> object:
    """As JSON can hold it. Of a hidden table, the names are shown."""
    match value:
        case Secret():
            return HIDDEN if value else ""
        case dict():
            return {
                name: _shown(one, hidden=hidden or bool(_TELLING.search(str(name))))
                for name, one in value.items()
            }
        case _ if hidden:
            return HIDDEN if value else ""
        case str() | Path():
            return _USERINFO.sub(f"{HIDDEN}@", str(value))
        case tuple() | list():
            return [_shown(one) for one in value]
        case _:
            return value
