"""Whether a model's server answers and has the model: its list of models costs nothing.

https://platform.openai.com/docs/api-reference/models/list
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, NamedTuple

import aiohttp
import msgspec

if TYPE_CHECKING:
    from penstock.settings import Settings

_WITHIN_S = 5.0


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


# --- I/O ----------------------------------------------------------------------


async def openai(name: str, settings: Settings) -> Reach:
    where = (settings.openai_base_url or "https://api.openai.com/v1").rstrip("/")
    key = settings.openai_api_key.reveal()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with (
            asyncio.timeout(_WITHIN_S),
            aiohttp.ClientSession(headers=headers) as session,
            # A redirect must not take the key elsewhere.
            session.get(f"{where}/models", allow_redirects=False) as response,
        ):
            return verdict(response.status, await response.read(), name, where)
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        why = "no answer in time" if isinstance(exc, TimeoutError) else type(exc).__name__
        return Reach("warn", f"{where} cannot be reached ({why})")


async def ollama(name: str, settings: Settings) -> Reach:
    from penstock.models.ollama import models_at

    where = settings.ollama_url
    models = await models_at(where)
    if models is None:
        return Reach("warn", f"no Ollama answers at {where}")
    if name not in models and f"{name}:latest" not in models:
        return Reach("problem", f"Ollama at {where} has not got it: ollama pull {name}")
    return Reach("ok", f"Ollama at {where} has it")
