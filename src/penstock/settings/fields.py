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
    "ANTHROPIC_API_KEY": "anthropic_api_key",
    "ANTHROPIC_BASE_URL": "anthropic_base_url",
    "OLLAMA_HOST": "ollama_host",
    # After the other, so that it wins: OLLAMA_HOST may say where the server listens, this is for clients.
    "OLLAMA_BASE_URL": "ollama_host",
    "AWS_DEFAULT_REGION": "aws_region",
    "AWS_REGION": "aws_region",
    "AWS_PROFILE": "aws_profile",
    "AWS_BEARER_TOKEN_BEDROCK": "bedrock_api_key",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "bedrock_endpoint_url",
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
_NAMES = "a list of names"
_A_YEAR = "a number of hours above 0, and at most a year's 8760"
# scheme, host, port, path: all may be missing.
_OLLAMA_HOST = r"^(?:(https?)://)?([^\s/:\[\]]*|\[[0-9A-Fa-f:]+\])(?::(\d{1,5}))?(/\S*)?$"
# It is written into a header, so no line may end in it; `$` alone would let one.
# A star for everything below `com` would let nearly everybody in.
_ORIGIN = r"^https?://(\*\.[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(:\d{1,5})?(?!\n)$"
_Origin = Meta(
    pattern=_ORIGIN,
    extra={"expected": "a scheme and a host, such as https://www.example.org or https://*.example.org"},
)
_Ollama = Meta(pattern=_OLLAMA_HOST, extra={"expected": "an address such as 127.0.0.1:11434"})


class ModelOptions(msgspec.Struct, frozen=True):
    """What `model_options` may hold under the names that nearly all providers know; the rest is theirs."""

    temperature: Annotated[float, Meta(ge=0)] = 1.0
    top_p: Annotated[float, Meta(ge=0, le=1, extra={"expected": "a number from 0 to 1"})] = 1.0
    # A whole number; some servers take -1 for "no limit".
    top_k: Annotated[int, Meta(extra={"expected": "a whole number"})] = 0
    max_tokens: _Count = 1
    max_completion_tokens: _Count = 1
    stop: Annotated[str | list[str], Meta(extra={"expected": "text, or a list of texts"})] = ""


_Hash = Annotated[str, Meta(pattern="^sha256:[0-9a-fA-F]{64}$")]


class TokenEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One token in `tokens`, where more is said of it than its hash."""

    hash: _Hash
    admin: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: Annotated[
        str,
        _says(
            "Which model answers, as `provider/name`. Several, as a list or separated by commas: a later one "
            "answers when those before it fail. Empty: `openai/gpt-4.1-mini` when OPENAI_API_KEY is set, "
            "else `anthropic/claude-haiku-5-5` when ANTHROPIC_API_KEY is, else what an Ollama that answers "
            "has, else the built-in `demo`.",
            pattern=r"^$|[^\s,]",
            extra={"several": True, "expected": "a name such as openai/gpt-4.1-mini, or a list of names"},
        ),
    ] = ""
    window_tokens: Annotated[
        int,
        _says(
            "How much the model takes in at once, in tokens. 0: by its name; where that is not known, 8192 "
            "in Bedrock and 4096 elsewhere.",
            ge=0,
        ),
    ] = 0
    model_options: Annotated[
        dict[str, Any],
        _says(
            "What is asked of the model besides, as a table: `temperature`, `top_p`, `top_k`, `max_tokens`, "
            "`stop`, and what else a provider knows, by its own name. What it does not know is left out. In "
            "the environment: as JSON.",
            extra={"holds": ModelOptions},
        ),
    ] = field(default_factory=dict)
    prompt_caching: Annotated[
        bool,
        _says(
            "Whether a provider is asked to keep, for some minutes, what the next question brings again. "
            "Writing it costs more, reading it much less."
        ),
    ] = False
    instructions: Annotated[str, _says("What the model is told before every conversation.")] = ""
    knowledge: Annotated[
        tuple[Path, ...],
        _says("Files and folders to answer from. In the environment: separated by commas."),
    ] = ()
    title: Annotated[str, _says("What the page and the API call this assistant.")] = "Penstock"

    greeting: Annotated[str, _says("What the page says before the first question.")] = ""
    suggestions: Annotated[
        tuple[Annotated[str, Meta(min_length=1, extra={"expected": "text"})], ...],
        _says(
            "Questions that the page offers before the first one. In the environment: separated by commas, "
            "or a list as JSON.",
            extra={"expected": "a list of questions"},
        ),
    ] = ()
    accent: Annotated[
        str,
        _says(
            "The colour of the page's buttons and links, as `#rrggbb`. Empty: the page's own.",
            pattern="^(#[0-9A-Fa-f]{6})?(?!\\n)$",
            extra={"expected": "a colour such as #0f5c6e"},
        ),
    ] = ""
    logo: Annotated[
        Path | None,
        _says(
            "A picture that the page shows beside the title: a file, SVG, PNG, JPEG, WebP, AVIF, GIF or ICO, "
            "of at most 1 MB.",
            extra={"expected": "a path"},
        ),
    ] = None
    embed_origins: Annotated[
        tuple[Annotated[str, _Origin], ...],
        _says(
            "Whose pages may show this one in a frame, as origins: `https://www.example.org`, or with a star "
            "for all hosts below one. In the environment: separated by commas. See "
            "[the page](page.md#in-a-page-of-your-own).",
            extra={"expected": "a list of origins"},
        ),
    ] = ()

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

    auth: Annotated[
        Literal["none", "token", "oidc"],
        _says(
            "Who may use it, and how they sign in. `none`: whoever is on this machine, and only while it "
            "listens there; `token`: who has a token; `oidc`: whom an OpenID Connect issuer vouches for. "
            "See [sign-in](sign-in.md)."
        ),
    ] = "none"
    public_url: Annotated[
        str,
        _Url,
        _says(
            "Where people open it, such as `https://ask.example.com`, when a proxy stands before it. The "
            "cookies, and the names it answers under, follow from it."
        ),
    ] = ""
    tokens: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=100)], _Hash | TokenEntry],
        _says(
            "Who may come in with a token: a table of names, and the line for each as `penstock token NAME` "
            "prints it. Whoever is removed is signed out at the next start. In the environment: as JSON.",
            # Somebody may have put a token itself there.
            extra={
                "hidden": True,
                "expected": "a table of names and the hashes that `penstock token NAME` prints",
            },
        ),
    ] = field(default_factory=dict)
    session_hours: Annotated[
        float, _says("How long somebody stays signed in.", gt=0, le=24 * 365, extra={"expected": _A_YEAR})
    ] = 168.0
    oidc_issuer: Annotated[
        str, _Url, _says("Whom people sign in at: the issuer's address, as it writes it itself.")
    ] = ""
    oidc_client_id: Annotated[str, _says("What the issuer calls this assistant.")] = ""
    oidc_client_secret: Annotated[
        Secret,
        _says("What proves that to the issuer. Empty: it takes public clients, for which PKCE is enough."),
    ] = field(default_factory=Secret)
    oidc_scopes: Annotated[str, _says("What the issuer is asked to tell, separated by spaces.")] = (
        "openid email profile"
    )
    oidc_allowed_domains: Annotated[
        tuple[str, ...],
        _says(
            "Only people with an e-mail address at one of these. Empty: anybody whom the issuer signs in.",
            extra={"expected": _NAMES},
        ),
    ] = ()
    oidc_allowed_groups: Annotated[
        tuple[str, ...],
        _says(
            "Only people in one of these groups. With allowed domains, too: both must be so.",
            extra={"expected": _NAMES},
        ),
    ] = ()
    oidc_groups_claim: Annotated[
        str,
        _says(
            "Where the issuer tells somebody's groups: also `cognito:groups`, say, or `realm_access.roles`."
        ),
    ] = "groups"
    oidc_admin_claim: Annotated[
        str,
        _says(
            "Whom `/admin` is for: a group, or `claim=value`, such as `email=ann@example.com`. Empty: nobody."
        ),
    ] = ""
    questions_per_minute: Annotated[
        int,
        _says(
            "How many questions a person may ask in a minute; so many at once. 0: any number. Nothing is "
            "counted where nobody says who asks, on one's own machine.",
            ge=0,
        ),
    ] = 30

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
    anthropic_api_key: Annotated[
        Secret, _says("The key for Anthropic, or for another that speaks its protocol.")
    ] = field(default_factory=Secret)
    anthropic_base_url: Annotated[
        str, _Url, _says("Where that other is, without `/v1`. Empty: Anthropic itself.")
    ] = ""
    ollama_host: Annotated[
        str,
        _Ollama,
        _says("Where Ollama listens, as Ollama itself writes it. Empty: its usual port here."),
    ] = ""

    aws_region: Annotated[str, _says("The region to use. Empty: the profile's.")] = ""
    aws_profile: Annotated[str, _says("Which profile in `~/.aws` to use. Empty: the default one.")] = ""
    bedrock_api_key: Annotated[
        Secret, _says("A key for Amazon Bedrock. Empty: requests are signed with AWS credentials.")
    ] = field(default_factory=Secret)
    bedrock_endpoint_url: Annotated[
        str, _Url, _says("Where Bedrock's models answer. Empty: AWS itself, in the region.")
    ] = ""
    bedrock_base_model: Annotated[
        str,
        _says(
            "Which model an ARN stands for that does not name one (of an application inference profile, "
            "say): `anthropic.claude-sonnet-4-5`, for example."
        ),
    ] = ""
    bedrock_guardrail: Annotated[
        str,
        _says(
            "The guardrail that questions and answers pass, by its id or ARN, and its version behind a "
            "colon: `abc123:2`. Without a version: `DRAFT`."
        ),
    ] = ""
    bedrock_guardrail_mode: Annotated[
        Literal["sync", "async"],
        _says(
            "`sync`: text is judged before it is shown; `async`: it is shown at once, and taken back when "
            "the guardrail blocks it."
        ),
    ] = "sync"
    bedrock_guardrail_trace: Annotated[
        Literal["enabled", "enabled_full", "disabled"],
        _says("Whether the guardrail tells what it found. `async` relies on it to take back the right text."),
    ] = "enabled"

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
