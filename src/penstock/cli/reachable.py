"""Whether a model's server answers and has the model: its list of models costs nothing.

Bedrock lists its models elsewhere, for rights of their own: there it is found out whether requests can be
signed, and whether anything answers them.
https://platform.openai.com/docs/api-reference/models/list
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

import msgspec

from penstock.cli.config import without_password
from penstock.errors import ConfigError
from penstock.http import Client, Unreachable

if TYPE_CHECKING:
    from penstock.settings import Settings

_WITHIN_S = 5.0
_MAX_BYTES = 4_000_000
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Reach(NamedTuple):
    """What was found out about a model's server. `how` ends the line that doctor shows for the model."""

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
    except _UNREADABLE:
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
    except _UNREADABLE:
        return Reach("warn", f"{where} answers, but not as Anthropic does")
    match known.lifecycle:
        case "retired":
            return Reach("problem", f"{where} has retired {name}: name another")
        case "deprecated":
            when = f" on {known.retires_at[:10]}" if known.retires_at else ""
            return Reach("warn", f"{where} has it and accepts the key, but retires it{when}")
    return Reach("ok", f"{where} has it and accepts the key")


# --- I/O ----------------------------------------------------------------------


async def openai(name: str, settings: Settings) -> Reach:
    from penstock.models.openai import BASE_URL

    where = (settings.openai_base_url or BASE_URL).rstrip("/")
    key = settings.openai_api_key.reveal()
    headers = {"authorization": f"Bearer {key}"} if key else {}
    shown = without_password(where)
    return await _asked(f"{where}/models", headers, shown, partial(verdict, name=name, where=shown))


async def anthropic(name: str, settings: Settings) -> Reach:
    from penstock.models.anthropic import BASE_URL, VERSION

    where = (settings.anthropic_base_url or BASE_URL).rstrip("/").removesuffix("/v1")
    key = settings.anthropic_api_key.reveal()
    headers = {"anthropic-version": VERSION, **({"x-api-key": key} if key else {})}
    shown = without_password(where)
    url = f"{where}/v1/models/{quote(name, safe='')}"
    return await _asked(url, headers, shown, partial(verdict_on_one, name=name, where=shown))


async def _asked(
    url: str, headers: Mapping[str, str], shown: str, judged: Callable[[int, bytes], Reach]
) -> Reach:
    headers = {"user-agent": "penstock", **headers}
    client = Client()
    try:
        return judged(*await client.fetch("GET", url, headers, within_s=_WITHIN_S, most_bytes=_MAX_BYTES))
    except Unreachable as exc:
        return Reach("problem", f"{shown} cannot be reached ({exc})")
    finally:
        await client.close()


async def bedrock(name: str, settings: Settings) -> Reach:
    """`name` is the model's id, or an ARN. Raises ConfigError for what no model could be made of."""
    from penstock.aws import credentials
    from penstock.aws.endpoints import endpoint
    from penstock.models.bedrock import ids
    from penstock.settings import aws_environ

    environ = aws_environ(settings)
    named = ids.parse(name, settings.bedrock_base_model)
    where = endpoint("bedrock-runtime", named.region or credentials.region(environ), environ)
    if not settings.bedrock_api_key and (lacking := await _lacking(environ)):
        return Reach("problem", lacking)
    have = "a key is set" if settings.bedrock_api_key else "there are credentials"
    shown = without_password(where)
    found = Reach("ok", f"{shown} answers, and {have}; whether it accepts them shows with the first question")
    return await _asked(f"{where}/", {}, shown, lambda *_: found)


async def _lacking(environ: Mapping[str, str]) -> str:
    """Why requests to AWS cannot be signed; empty when they can."""
    from penstock.aws import credentials

    client = Client()
    try:
        await credentials.chain(environ, client).get()
    except ConfigError as exc:
        return str(exc)
    except Unreachable as exc:
        return f"there are no credentials for AWS right now ({exc})"
    finally:
        await client.close()
    return ""


async def ollama(name: str, settings: Settings) -> Reach:
    from penstock.models.ollama import models_at

    where = settings.ollama_url
    models = await models_at(where)
    if models is None:
        return Reach("problem", f"no Ollama answers at {where}: start it (ollama serve), or set OLLAMA_HOST")
    if name not in models and f"{name}:latest" not in models:
        return Reach("problem", f"Ollama at {where} has not got it: ollama pull {name}")
    return Reach("ok", f"Ollama at {where} has it")
