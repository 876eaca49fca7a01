"""Assistant: what a user of Penstock writes, and the one file that knows everyone.

    assistant = Assistant(model="openai/gpt-4.1-mini", knowledge=["./handbook"])

Settings go in (penstock.toml, the environment, then what is given here), ready objects
come out: `opened` builds store, model, knowledge and engine, starts them and, at the
end, closes them in the opposite order. Nothing happens before that.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import zoneinfo
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock import stores
from penstock.core.events import Passage
from penstock.core.overlap import Limits
from penstock.core.ports import Knowledge, Model, Store
from penstock.core.question import Person
from penstock.engine import Engine, Rules, TurnReport
from penstock.errors import ConfigError
from penstock.settings import Settings, from_world

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp

    from penstock.knowledge.local import Local

log = logging.getLogger("penstock")

# The name in the settings of a model that has none there, being an object or a function.
_IN_PROGRAM = "program"

Identify = Callable[["HTTPConnection"], Person | Awaitable[Person]]
"""Who is asking. Called for every request and every socket, before anything is read."""


class Choice(NamedTuple):
    """Which model answers, and why that one, in words for people. `given`: the program made it itself."""

    name: str
    why: str
    given: bool = False


class Opened(NamedTuple):
    """An assistant at work."""

    engine: Engine
    model: Choice
    settings: Settings


class Assistant:
    """A model, what it is told, and what it may rest on.

    `model` is a name ("openai/gpt-4.1-mini", "openai:gpt-4.1-mini", "demo"), a Model, or
    an async generator function; left out, one is found. `knowledge` is a list of files
    and folders, or a Knowledge of your own. Everything else is a setting, and
    `settings` takes any of them by name; what is given here wins over penstock.toml and
    the environment.
    """

    def __init__(
        self,
        model: str | Model | Callable[[Any], Any] = "",
        *,
        instructions: str = "",
        knowledge: Sequence[str | Path] | Knowledge = (),
        overlap: str = "",
        **settings: object,
    ) -> None:
        self._model = model
        self._knowledge = knowledge
        self._given: dict[str, object] = {**settings}
        if model:
            self._given["model"] = model if isinstance(model, str) else _IN_PROGRAM
        if instructions:
            self._given["instructions"] = instructions
        if overlap:
            self._given["overlap"] = overlap
        if isinstance(knowledge, Sequence) and knowledge:
            self._given["knowledge"] = [str(path) for path in knowledge]

    def settings(self, toml_path: Path | None = None, **flags: object) -> Settings:
        """All settings in force: the file's, the environment's, the assistant's, then the flags'."""
        return from_world(toml_path, {**self._given, **{k: v for k, v in flags.items() if v is not None}})

    def asgi(self, *, identify: Identify | None = None) -> ASGIApp:
        """The whole HTTP side, to be mounted in another ASGI program or served as it is.

        `identify` tells who asks; without it everybody is one and the same local person, which
        is for one's own machine only.
        """
        # The one arrow that points up: whoever holds an assistant may ask it for its door.
        from penstock.server import build

        return build(self, identify=identify)

    async def choose(self, settings: Settings) -> Choice:
        """Which model would answer, without asking it anything."""
        if not isinstance(self._model, str) and settings.model in ("", _IN_PROGRAM):
            return Choice(_as_model(self._model).name, "it is given in the program", given=True)
        return await chosen(settings)

    @asynccontextmanager
    async def opened(
        self,
        settings: Settings | None = None,
        *,
        store: Store | None = None,
        report: Callable[[TurnReport], None] = lambda report: None,
    ) -> AsyncIterator[Opened]:
        """Everything built, started, and in the end closed. Raises ConfigError and StoreError.

        `store`, not yet opened, is used instead of the one the settings name.
        """
        settings = settings or self.settings()
        async with AsyncExitStack() as stack:
            choice, model = await self._built_model(settings, stack)
            store = store or stores.builder(settings.store)(settings.data)
            await store.open()
            stack.push_async_callback(store.close)
            engine = Engine(
                store=store,
                model=model,
                knowledge=await self._built_knowledge(settings, choice),
                rules=_rules(settings),
                report=report,
                today=today,
            )
            await engine.start()
            stack.push_async_callback(engine.close, settings.grace_s)
            log.info("ready", extra={"model": choice.name, "because": choice.why})
            yield Opened(engine, choice, settings)

    async def _built_model(self, settings: Settings, stack: AsyncExitStack) -> tuple[Choice, Model]:
        choice = await self.choose(settings)
        model = _as_model(self._model) if choice.given else build_model(choice.name, settings)
        if (close := getattr(model, "close", None)) is not None:
            stack.push_async_callback(close)
        return choice, model

    async def _built_knowledge(self, settings: Settings, choice: Choice) -> Knowledge:
        if not isinstance(self._knowledge, Sequence):
            return self._knowledge
        from penstock.knowledge.local import Local

        local = Local(settings.data / "knowledge.db")
        await _indexed(local, settings.knowledge)
        if choice.name != "demo" or settings.knowledge:
            return local
        # Out of the box there is something to ask about: Penstock itself.
        own = Local(settings.data / "docs.db")
        await _indexed(own, [own_docs()])
        return _FirstFilled(local, own)


class _FirstFilled:
    """What is indexed, or something else as long as nothing is; `penstock index` needs no restart."""

    def __init__(self, local: Local, otherwise: Knowledge) -> None:
        self._local = local
        self._otherwise = otherwise

    async def search(self, query: str, limit: int) -> list[Passage]:
        filled = await asyncio.to_thread(self._local.passages)
        return await (self._local if filled else self._otherwise).search(query, limit)


async def _indexed(local: Local, paths: Sequence[Path]) -> None:
    if not paths:
        return
    report = await asyncio.to_thread(local.index, paths)
    log.info(
        "knowledge is indexed",
        extra={
            "added": len(report.added),
            "changed": len(report.changed),
            "removed": len(report.removed),
            "broken": len(report.broken),
        },
    )


# --- Choosing and building ------------------------------------------------------


async def chosen(settings: Settings) -> Choice:
    if settings.model:
        return Choice(_slashed(settings.model), "the settings name it")
    if settings.openai_api_key:
        return Choice("openai/gpt-4.1-mini", "OPENAI_API_KEY is set and no model is named")
    if settings.openai_base_url:
        raise ConfigError(
            "OPENAI_BASE_URL is set, but no model is named. Name one: --model openai/NAME, or model in "
            "penstock.toml."
        )
    from penstock.models import ollama

    models = await ollama.models_at(settings.ollama_url)
    if models:
        where = settings.ollama_url
        return Choice(f"ollama/{models[0]}", f"no model is named, and Ollama answers at {where}")
    why = "no model is named, OPENAI_API_KEY is not set, and no Ollama answers"
    if models is not None:
        why = "no model is named, OPENAI_API_KEY is not set, and Ollama has no model: `ollama pull` one"
    return Choice("demo", why)


def build_model(name: str, settings: Settings) -> Model:
    """The model of that name. Raises ConfigError with the names there are."""
    provider, _, model = _slashed(name).partition("/")
    if provider in _MODELS:
        return _MODELS[provider](model, settings)
    for point in entry_points(group="penstock.models", name=provider):
        built: Model = point.load()(model)
        return built
    others = sorted(point.name for point in entry_points(group="penstock.models"))
    raise ConfigError(
        f"There is no model provider {provider!r}. There are: {', '.join([*sorted(_MODELS), *others])}. "
        "A model is named provider/name, for example openai/gpt-4.1-mini."
    )


def _slashed(name: str) -> str:
    """`openai:gpt-…` is `openai/gpt-…`; a colon after the slash is the model's own (ollama/llama3:8b)."""
    provider, colon, model = name.partition(":")
    return f"{provider}/{model}" if colon and "/" not in provider else name


def _openai(model: str, settings: Settings) -> Model:
    from penstock.models.http import Http
    from penstock.models.openai import OpenAI

    if not model:
        raise ConfigError("Which of OpenAI's models? Name it: openai/gpt-4.1-mini, for example.")
    if not settings.openai_api_key and not settings.openai_base_url:
        raise ConfigError(
            f"The model openai/{model} needs OPENAI_API_KEY (or OPENAI_BASE_URL, for another server)."
        )
    return OpenAI(
        model,
        base_url=settings.openai_base_url or "https://api.openai.com/v1",
        api_key=settings.openai_api_key.reveal() or None,
        http=Http(connect_timeout_s=settings.connect_timeout_s),
    )


def _ollama(model: str, settings: Settings) -> Model:
    from penstock.models.http import Http
    from penstock.models.openai import OpenAI

    if not model:
        raise ConfigError("Which of Ollama's models? Name it: ollama/llama3.2, for example.")
    return OpenAI(
        model,
        base_url=f"{settings.ollama_url}/v1",
        provider="ollama",
        http=Http(connect_timeout_s=settings.connect_timeout_s),
    )


def _demo(model: str, settings: Settings) -> Model:
    from penstock.models.demo import Demo

    return Demo()


_MODELS: dict[str, Callable[[str, Settings], Model]] = {"demo": _demo, "ollama": _ollama, "openai": _openai}


def _as_model(model: Any) -> Model:
    if callable(getattr(model, "stream", None)):
        given: Model = model
        return given
    from penstock.models.function import Function

    return Function(model)


def _rules(settings: Settings) -> Rules:
    return Rules(
        instructions=settings.instructions,
        overlap=settings.overlap,
        limits=Limits(settings.max_queued_per_thread, settings.max_queued_per_person),
        max_running=settings.max_running,
        max_attempts=settings.max_attempts,
        turn_max_s=settings.turn_max_s,
        first_token_s=settings.first_token_timeout_s,
        idle_s=settings.idle_timeout_s,
        retries=settings.retries,
        lease_s=settings.lease_s,
        retention_days=settings.retention_days,
    )


def own_docs() -> Path:
    """Penstock's own pages: beside the package in a checkout, inside it when installed."""
    beside = Path(__file__).parents[2] / "docs"
    return beside if (beside / "how-it-works.md").is_file() else Path(__file__).parent / "docs"


def today(person: Person) -> str:
    """Today's date where the person is; in UTC when that is not known."""
    try:
        zone: datetime.tzinfo = zoneinfo.ZoneInfo(person.time_zone or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        zone = datetime.UTC
    return datetime.datetime.now(zone).strftime("%A, %d %B %Y")
