"""Whether a model's server answers and has the model: its list of models costs nothing.

https://platform.openai.com/docs/api-reference/models/list
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

import msgspec

from penstock.cli.config import without_password
from penstock.http import Client, CutOff, Unreachable

if TYPE_CHECKING:
    from penstock.settings import Settings

_WITHIN_S = 5.0
_MAX_BYTES = 4_000_000


class Reach(NamedTuple):
    mark: Literal["ok", "warn", "problem"]
    how: str


# --- Wire: an answer in, a verdict out ----------------------------------------


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


def verdict(status: int, body: bytes, name: str, where: str) -> Reach:
    """What a server's list of models says about one of them."""
    if status in (401, 403):
        return Reach("problem", f"{where} refuses the key (status {status}): check OPENAI_API_KEY")
    if status != 200:
        return Reach("warn", f"{where} answers with status {status}, so it is not known whether it has it")
    try:
        names = {model.id for model in msgspec.json.decode(body, type=_Models).data}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Reach("warn", f"{where} answers, but with no list of models")
    if name not in names:
        return Reach("warn", f"{where} accepts the key, but does not list {name}")
    return Reach("ok", f"{where} has it and accepts the key")


class _Known(msgspec.Struct):
    """One model, as Anthropic lists it."""

    lifecycle: str = ""
    retires_at: str | None = None


def verdict_on_one(status: int, body: bytes, name: str, where: str) -> Reach:
    """What Anthropic says when it is asked for one of its models.

    https://platform.claude.com/docs/en/api/models/retrieve
    """
    match status:
        case 401 | 403:
            return Reach("problem", f"{where} refuses the key (status {status}): check ANTHROPIC_API_KEY")
        case 404:
            return Reach("warn", f"{where} accepts the key, but does not list {name}")
        case 200:
            return _alive(body, name, where)
    return Reach("warn", f"{where} answers with status {status}, so it is not known whether it has it")


def _alive(body: bytes, name: str, where: str) -> Reach:
    try:
        known = msgspec.json.decode(body, type=_Known)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Reach("warn", f"{where} answers, but not as Anthropic does")
    match known.lifecycle:
        case "retired":
            return Reach("problem", f"{where} has retired {name}: name another")
        case "deprecated":
            when = f" on {known.retires_at[:10]}" if known.retires_at else ""
            return Reach("warn", f"{where} has it and accepts the key, but retires it{when}")
    return Reach("ok", f"{where} has it and accepts the key")


# --- I/O ----------------------------------------------------------------------


async def openai(name: str, settings: Settings, *, within_s: float = _WITHIN_S) -> Reach:
    where = (settings.openai_base_url or "https://api.openai.com/v1").rstrip("/")
    key = settings.openai_api_key.reveal()
    headers = {"authorization": f"Bearer {key}"} if key else {}
    shown = without_password(where)
    judged = partial(verdict, name=name, where=shown)
    return await _asked(f"{where}/models", headers, shown, judged, within_s)


async def anthropic(name: str, settings: Settings) -> Reach:
    where = (settings.anthropic_base_url or "https://api.anthropic.com").rstrip("/").removesuffix("/v1")
    key = settings.anthropic_api_key.reveal()
    headers = {"anthropic-version": "2026-10-21", **({"x-api-key": key} if key else {})}
    shown = without_password(where)
    url = f"{where}/v1/models/{quote(name, safe='')}"
    return await _asked(url, headers, shown, partial(verdict_on_one, name=name, where=shown))


async def _asked(
    url: str,
    headers: Mapping[str, str],
    shown: str,
    judged: Callable[[int, bytes], Reach],
    within_s: float = _WITHIN_S,
) -> Reach:
    client = Client()
    try:
        async with asyncio.timeout(within_s):
            with closing(await client.send("GET", url, {"user-agent": "penstock", **headers})) as response:
                return judged(response.status, await response.whole(_MAX_BYTES))
    except TimeoutError:
        return Reach("problem", f"{shown} did not answer in time")
    except (Unreachable, CutOff) as exc:
        return Reach("problem", f"{shown} cannot be reached ({exc})")
    finally:
        await client.close()


async def ollama(name: str, settings: Settings) -> Reach:
    from penstock.models.ollama import models_at

    where = settings.ollama_url
    models = await models_at(where)
    if models is None:
        return Reach("problem", f"no Ollama answers at {where}: start it (ollama serve), or set OLLAMA_HOST")
    if name not in models and f"{name}:latest" not in models:
        return Reach("problem", f"Ollama at {where} has not got it: ollama pull {name}")
    return Reach("ok", f"Ollama at {where} has it")
