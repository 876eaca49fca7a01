"""What the doctor looks at: a function and a finding for each. A model is never asked to answer."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Literal, NamedTuple

from penstock.errors import ConfigError, PenstockError, StoreCorrupt

if TYPE_CHECKING:
    from penstock.assistant import Assistant
    from penstock.cli.reachable import Reach
    from penstock.settings import Settings


Mark = Literal["ok", "warn", "problem"]


class Finding(NamedTuple):
    """A problem stops `penstock serve` or every answer; a warning does not."""

    mark: Mark
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
    from penstock.assistant import build_model, names

    try:
        choice = await assistant.choose(settings)
        who = f"{choice.name} would answer: {choice.why}"
        if choice.given:
            return Finding("ok", "model", who)
        build_model(choice.name, settings)
    except ConfigError as exc:
        return Finding("problem", "model", str(exc))
    found = [await _reach(name, settings) for name in names(choice.name)]
    told = "; ".join([who, *filter(None, (reach.how for reach in found))])
    return Finding(_together([reach.mark for reach in found]), "model", told)


async def _reach(name: str, settings: Settings) -> Reach:
    from penstock.cli import reachable

    match name.partition("/"):
        case "openai", _, model:
            return await reachable.openai(model, settings)
        case "anthropic", _, model:
            return await reachable.anthropic(model, settings)
        case "bedrock" | "bedrock_invoke", _, model:
            return await reachable.bedrock(model, settings)
        case "ollama", _, model:
            return await reachable.ollama(model, settings)
        case _:
            return reachable.Reach("ok", "")


def _together(marks: list[Mark]) -> Mark:
    """As long as one of several models can answer, what is wrong with the others is a warning."""
    if all(mark == "problem" for mark in marks):
        return "problem"
    return "warn" if any(mark != "ok" for mark in marks) else "ok"


async def store(settings: Settings) -> Finding:
    """Whether it opens. A folder that is not there yet is not made: that is for `penstock serve` to do."""
    from penstock.stores import builder

    try:
        built = builder(settings.store)(settings.data)
        if settings.store == "sqlite" and not settings.data.exists():
            return _to_be_made(settings.data)
        await built.open()
        await built.close()
        _try_to_write(settings.data)
    except PenstockError as exc:
        return Finding("problem", "store", str(exc))
    except OSError as exc:
        return Finding("problem", "store", _unwritable(settings.data, exc))
    return Finding("ok", "store", f"{settings.data} can be used, and no other Penstock uses it")


def _to_be_made(folder: Path) -> Finding:
    above = next(place for place in folder.absolute().parents if place.exists())
    if not above.is_dir():
        return Finding("problem", "store", f"{folder} cannot be made: {above} is a file.")
    try:
        _try_to_write(above)
    except OSError as exc:
        return Finding("problem", "store", f"{folder} cannot be made: {_unwritable(above, exc)}")
    return Finding("ok", "store", f"{folder} will be made when it is needed")


def _try_to_write(folder: Path) -> None:
    """Only trying tells: rights alone hide a read-only or full disk, and allow root everything."""
    with TemporaryFile(dir=folder) as file:
        file.write(b"can this be written?")


def _unwritable(folder: Path, error: OSError) -> str:
    why = (error.strerror or type(error).__name__).lower()
    return f"{folder} cannot be written to ({why}). Let this user write there, or name another with --data."


async def knowledge(assistant: Assistant, settings: Settings) -> Finding:
    from penstock.knowledge.local import Local
    from penstock.knowledge.walk import find

    missing = [str(path) for path in settings.knowledge if not path.exists()]
    if missing:
        return Finding("warn", "knowledge", f"there is no {' and no '.join(missing)}")
    empty = [str(path) for path in settings.knowledge if not find([path]).files]
    if empty:
        return Finding("warn", "knowledge", f"there is no document in {' and none in '.join(empty)}")
    local = Local(settings.data / "knowledge.db")
    try:
        local.check()
        count = local.passages()
    except StoreCorrupt as exc:
        if settings.knowledge:
            return Finding("warn", "knowledge", f"{local.path} is damaged, and made anew at the next start")
        return Finding("problem", "knowledge", str(exc))
    except PenstockError as exc:
        return Finding("problem", "knowledge", str(exc))
    there = f"{count:,} passage{'s' * (count != 1)}"
    if settings.knowledge:
        return Finding("ok", "knowledge", f"{there}; read again at every start")
    if not count and await _is_demo(assistant, settings):
        return Finding("ok", "knowledge", "nothing is indexed, so the demo answers from Penstock's own pages")
    if not count:
        return Finding("warn", "knowledge", "nothing is indexed: penstock index PATH...")
    return Finding("ok", "knowledge", there)


async def _is_demo(assistant: Assistant, settings: Settings) -> bool:
    try:
        return (await assistant.choose(settings)).name == "demo"
    except ConfigError:
        # What is wrong with the model is a finding of its own.
        return False


def logo(settings: Settings) -> Finding:
    from penstock.server.page_files import read_logo

    try:
        read_logo(settings.logo)
    except ConfigError as exc:
        return Finding("problem", "logo", str(exc))
    return Finding("ok", "logo", f"{settings.logo} can be shown")


def sign_in(settings: Settings) -> Finding:
    """Whether the settings say who may use it. The issuer is not asked: it may know us by another address."""
    from penstock.server.auth import check

    try:
        check(settings)
    except ConfigError as exc:
        return Finding("problem", "sign-in", " ".join(str(exc).splitlines()))
    match settings.auth:
        case "token":
            who = f"with a token; {len(settings.tokens)} of them are known"
        case "oidc":
            who = f"at {settings.oidc_issuer}"
        case _:
            who = "nobody has to: only this machine can reach it"
    return Finding("ok", "sign-in", who)


def port(settings: Settings) -> Finding:
    from penstock.cli.listening import listening

    try:
        with listening(settings.host, settings.port):
            pass
    except ConfigError as exc:
        return Finding("problem", "port", str(exc))
    where = f"{settings.host}, port {settings.port or 'any'}"
    return Finding("ok", "port", f"{where} is free")
