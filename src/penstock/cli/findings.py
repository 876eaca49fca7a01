"""What the doctor looks at: a function and a finding for each. A model is never asked to answer."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from penstock.errors import ConfigError, PenstockError

if TYPE_CHECKING:
    from penstock.assistant import Assistant
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
        f"penstock {version('penstock')}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.machine()}",
    )


async def model(assistant: Assistant, settings: Settings) -> Finding:
    from penstock.assistant import build_model
    from penstock.cli import reachable

    try:
        choice = await assistant.choose(settings)
        who = f"{choice.name} would answer: {choice.why}"
        match choice.name.partition("/"):
            case _ if choice.given:
                return Finding("ok", "model", who)
            case "openai", _, name:
                build_model(choice.name, settings)
                mark, how = await reachable.openai(name, settings)
            case "ollama", _, name:
                build_model(choice.name, settings)
                mark, how = await reachable.ollama(name, settings)
            case _:
                build_model(choice.name, settings)
                return Finding("ok", "model", who)
    except ConfigError as exc:
        return Finding("problem", "model", str(exc))
    return Finding(mark, "model", f"{who}; {how}")


async def store(settings: Settings) -> Finding:
    """Whether it opens. A folder that is not there yet is not made: that is for `penstock serve` to do."""
    from penstock.stores import builder

    try:
        built = builder(settings.store)(settings.data)
        if settings.store == "sqlite" and not settings.data.exists():
            return _to_be_made(settings.data)
        await built.open()
        await built.close()
    except PenstockError as exc:
        return Finding("problem", "store", str(exc))
    return Finding("ok", "store", f"{settings.data} can be used, and no other Penstock uses it")


def _to_be_made(folder: Path) -> Finding:
    above = next(place for place in folder.absolute().parents if place.exists())
    if above.is_dir() and os.access(above, os.W_OK):
        return Finding("ok", "store", f"{folder} will be made when it is needed")
    return Finding("problem", "store", f"{folder} cannot be made: {above} cannot be written to.")


def knowledge(settings: Settings) -> Finding:
    from penstock.knowledge.local import Local

    missing = [str(path) for path in settings.knowledge if not path.exists()]
    if missing:
        return Finding("warn", "knowledge", f"there is no {' and no '.join(missing)}")
    try:
        count = Local(settings.data / "knowledge.db").passages()
    except PenstockError as exc:
        return Finding("problem", "knowledge", str(exc))
    there = f"{count:,} passage{'s' * (count != 1)}"
    if settings.knowledge:
        return Finding("ok", "knowledge", f"{there}; read again at every start")
    if not count:
        return Finding("warn", "knowledge", "nothing is indexed: penstock index PATH...")
    return Finding("ok", "knowledge", there)


def port(settings: Settings) -> Finding:
    from penstock.cli.listening import is_private, listening

    try:
        with listening(settings.host, settings.port):
            pass
    except ConfigError as exc:
        return Finding("problem", "port", str(exc))
    where = f"{settings.host}, port {settings.port or 'any'}"
    if not is_private(settings.host):
        return Finding("warn", "port", f"{where} is free, but open to other machines without sign-in")
    return Finding("ok", "port", f"{where} is free")
