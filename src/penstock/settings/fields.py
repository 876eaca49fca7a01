"""The settings themselves: what each is for, what it may be, and what it is when nobody says.

Help and limits stand beside the field and nowhere else: docs/settings.md, the JSON Schema and the
sentence about a wrong value are all made from them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from penstock.core.overlap import NAMES, Overlap

PREFIX = "PENSTOCK_"

# The names that other programs already use. A later one wins over an earlier, ours over all.
NAMES_OF_OTHERS = {
    "OPENAI_API_KEY": "openai_api_key",
    "OPENAI_BASE_URL": "openai_base_url",
    "OLLAMA_HOST": "ollama_host",
    # After the other, so that it wins: OLLAMA_HOST may say where the server listens, this is for clients.
    "OLLAMA_BASE_URL": "ollama_host",
}


class Secret:
    """Text that does not show: not in a log, a traceback, a repr or JSON. `reveal()` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "•••" if self._text else "(none)"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def _says(description: str, **limits: Any) -> Meta:
    return Meta(description=description, **limits)


_Seconds = Annotated[float, Meta(gt=0)]
_Count = Annotated[int, Meta(ge=1)]
_Url = Meta(pattern="^(https?://.+)?$", extra={"expected": "an address that begins with http:// or https://"})
# scheme, host, port, path: all may be missing.
_OLLAMA_HOST = r"^(?:(https?)://)?([^\s/:\[\]]*|\[[0-9A-Fa-f:]+\])(?::(\d{1,5}))?(/\S*)?$"
_Ollama = Meta(pattern=_OLLAMA_HOST, extra={"expected": "an address such as 127.0.0.1:11434"})


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: Annotated[
        str,
        _says(
            "Which model answers, as `provider/name`. Empty: OpenAI when its key is set, else an Ollama that "
            "answers, else the built-in `demo`."
        ),
    ] = ""
    instructions: Annotated[str, _says("What the model is told before every conversation.")] = ""
    knowledge: Annotated[
        tuple[Path, ...],
        _says("Files and folders to answer from. In the environment: separated by commas."),
    ] = ()
    title: Annotated[str, _says("What the page and the API call this assistant.")] = "Penstock"

    host: Annotated[str, _says("The address to listen on. `0.0.0.0`: all of this machine's.")] = "127.0.0.1"
    port: Annotated[int, _says("The port to listen on. 0: any that is free.", ge=0, le=65535)] = 8000
    max_body_bytes: Annotated[_Count, _says("The largest request that is read.")] = 4 * 1024 * 1024
    log: Annotated[
        Literal["text", "json"],
        _says("What the log is made of: `text`, lines for people, or `json`, an object on each line."),
    ] = "text"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _says("The least grave thing that is logged.")
    ] = "info"

    store: Annotated[str, _says("What keeps questions, answers and their logs.")] = "sqlite"
    data: Annotated[
        Path, _says("The folder for the database and files. When not set, it lies beside penstock.toml.")
    ] = field(default_factory=lambda: Path(".penstock"))
    retention_days: Annotated[
        int, _says("Conversations without a question for so many days are forgotten. 0: never.", ge=0)
    ] = 0

    overlap: Annotated[
        Overlap,
        _says(
            "What becomes of a question that arrives while its thread is being answered. `queue`: answered "
            "next; `burst`: all that arrive meanwhile are answered together; `interrupt`: it replaces what "
            "runs and waits; `reject`: refused.",
            extra={"aliases": NAMES},
        ),
    ] = "queue"
    max_running: Annotated[_Count, _says("Turns that one process answers at once.")] = 100
    max_queued_per_thread: Annotated[_Count, _says("Turns that may wait in one thread.")] = 10
    max_queued_per_person: Annotated[_Count, _says("Turns of one person that may wait.")] = 20

    max_attempts: Annotated[_Count, _says("How often a turn is tried before it fails.")] = 3
    turn_max_s: Annotated[
        _Seconds, _says("The longest a turn may take; then it is stopped with what there is.")
    ] = 600.0
    connect_timeout_s: Annotated[_Seconds, _says("How long connecting to a model may take.")] = 10.0
    first_token_timeout_s: Annotated[_Seconds, _says("How long a model may think before its first word.")] = (
        60.0
    )
    idle_timeout_s: Annotated[_Seconds, _says("How long a model may pause between words.")] = 60.0
    retries: Annotated[
        int, _says("How often a request to a model is repeated; only before its first word.", ge=0)
    ] = 2
    lease_s: Annotated[
        _Seconds, _says("How long the turn of a worker that vanished is kept from the others.")
    ] = 10.0
    grace_s: Annotated[
        float, _says("How long running turns may go on when the server is told to end.", ge=0)
    ] = 20.0

    openai_api_key: Annotated[
        Secret, _says("The key for OpenAI, or for another that speaks its protocol.")
    ] = field(default_factory=Secret)
    openai_base_url: Annotated[str, _Url, _says("Where that other is. Empty: OpenAI itself.")] = ""
    ollama_host: Annotated[
        str,
        _Ollama,
        _says("Where Ollama listens, as Ollama itself writes it. Empty: its usual port here."),
    ] = ""

    @property
    def ollama_url(self) -> str:
        """Where to ask Ollama, filled up as its own client does.
        https://github.com/ollama/ollama/blob/main/envconfig/config.go"""
        found = re.fullmatch(_OLLAMA_HOST, self.ollama_host)
        scheme, host, port, path = found.groups() if found else (None, None, None, None)
        if not host or host in ("0.0.0.0", "[::]"):
            host = "127.0.0.1"
        port = port or {"http": "80", "https": "443"}.get(scheme or "", "11434")
        return f"{scheme or 'http'}://{host}:{port}{(path or '').rstrip('/')}"
