"""What the doctor looks at, a finding for each. Nothing here asks a model anything that costs."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, NamedTuple

from penstock.errors import ConfigError, PenstockError

if TYPE_CHECKING:
    from penstock.assistant import Assistant, Choice
    from penstock.settings import Settings


class Finding(NamedTuple):
    """A problem stops `penstock serve` or every answer; a warning does not."""

    mark: Literal["ok", "warn", "problem"]
    about: str
    text: str


def versions() -> Finding:
    return Finding(
        "ok",
        "versions",
        f"penstock {version('penstock')}, Python {platform.python_version()}, SQLite "
        f"{sqlite3.sqlite_version}, {platform.system()} {platform.machine()}",
    )


async def model(assistant: Assistant, settings: Settings) -> Finding:
    from penstock.assistant import build_model

    try:
        choice = await assistant.choose(settings)
        if choice.why != GIVEN:
            build_model(choice.name, settings)
    except ConfigError as exc:
        return Finding("problem", "model", str(exc))
    return await _reached(choice, settings)


async def store(settings: Settings) -> Finding:
    """Whether it opens; a folder that is not there yet is not made."""
    from penstock.stores import builder

    about = "store"
    try:
        built = builder(settings.store)(settings.data)
        if settings.store == "sqlite" and not settings.data.exists():
            return _to_be_made(settings)
        await built.open()
        await built.close()
    except PenstockError as exc:
        return Finding("problem", about, str(exc))
    return Finding("ok", about, f"{settings.data} can be written, and no other Penstock uses it")
