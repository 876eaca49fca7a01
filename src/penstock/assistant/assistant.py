"""Assistant: what a user of Penstock writes, and the one place that knows everyone.

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
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from penstock import stores
from penstock.assistant.choosing import Choice, Given, chosen, given_model
from penstock.core.events import Passage
from penstock.core.overlap import Limits
from penstock.core.ports import Knowledge, Model, Store
from penstock.core.question import Person, Visitor
from penstock.engine import Engine, Rules, TurnReport
from penstock.settings import Settings, from_world, origins_in_world

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp

    from penstock.knowledge.contents import Contents
    from penstock.knowledge.local import Local

log = logging.getLogger("penstock")

# The name in the settings of a model that has none there, being an object or a function.
_IN_PROGRAM = "program"

Identify = Callable[["HTTPConnection"], Person | Visitor | Awaitable[Person | Visitor]]
"""Who is asking; a Visitor says besides whether it is the owner, a Person alone never is.
Called for every request and every socket, before anything is read."""


class Opened(NamedTuple):
    """An assistant at work."""

    engine: Engine
    model: Choice
    settings: Settings
    knowledge: Knowledge
    store: Store
    origins: Mapping[str, str] = MappingProxyType({})
    """Where each setting was said, if that is known."""


class Assistant:
    """A model, what it is told, and what it may rest on.

    `model` is a name ("openai/gpt-4.1-mini", "openai:gpt-4.1-mini", "demo"), a Model, an
    async generator function, an Agent of pydantic-ai, or a list of these, of which a later
    one answers when an earlier one fails; left out, one is found. `knowledge` is a list of
    files and folders, or a Knowledge of your own. Everything else is a setting, and
    `settings` takes any of them by name; what is given here wins over penstock.toml and
    the environment.
    """

    def __init__(
        self,
        model: Given | Sequence[Given] = "",
        *,
        instructions: str = "",
        knowledge: str | Path | Sequence[str | Path] | Knowledge = (),
        overlap: str = "",
        **settings: object,
    ) -> None:
        if (
            not isinstance(model, str)
            and isinstance(model, Sequence)
            and all(isinstance(m, str) for m in model)
        ):
            model = ", ".join(map(str, model))
        if isinstance(knowledge, str | Path):
            # A single one is what it looks like, not a path for each letter.
            knowledge = [knowledge]
        self._model = model
        self._knowledge = knowledge
        self._given: dict[str, object] = {**settings}
        self._read: tuple[Settings, dict[str, str]] | None = None
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
        settings = from_world(toml_path, {**self._given, **{k: v for k, v in flags.items() if v is not None}})
        self._read = settings, origins_in_world(toml_path, program=self._given, flag=flags)
        return settings

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
            return Choice(given_model(self._model, settings).name, "it is given in the program", given=True)
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
            # Whoever brings a store of their own may stand beside a server with other knowledge.
            owns_data = store is None
            store = store or stores.builder(settings.store)(settings.data)
            await store.open()
            stack.push_async_callback(store.close)
            knowledge = await self._built_knowledge(settings, choice, owns_data=owns_data)
            engine = Engine(
                store=store,
                model=model,
                knowledge=knowledge,
                rules=_rules(settings),
                report=report,
                today=today,
            )
            await engine.start()
            stack.push_async_callback(engine.close, settings.grace_s)
            log.info("ready", extra={"model": choice.name, "because": choice.why})
            yield Opened(engine, choice, settings, knowledge, store, self._origins(settings))

    def _origins(self, settings: Settings) -> dict[str, str]:
        """Nothing is known of settings that were read elsewhere."""
        read, origins = self._read or (None, {})
        return origins if read is settings else {}

    async def _built_model(self, settings: Settings, stack: AsyncExitStack) -> tuple[Choice, Model]:
        choice = await self.choose(settings)
        model = given_model(self._model if choice.given else choice.name, settings)
        if (close := getattr(model, "close", None)) is not None:
            stack.push_async_callback(close)
        return choice, model

    async def _built_knowledge(self, settings: Settings, choice: Choice, *, owns_data: bool) -> Knowledge:
        if not isinstance(self._knowledge, Sequence):
            return self._knowledge
        from penstock.knowledge.local import Local
        from penstock.knowledge.upkeep import keep_own, keep_up

        local = Local(settings.data / "knowledge.db")
        await asyncio.to_thread(keep_up, local, settings.knowledge, alone=owns_data)
        if choice.name != "demo" or settings.knowledge:
            return local
        # Out of the box there is something to ask about: Penstock itself.
        own = Local(settings.data / "docs.db")
        await asyncio.to_thread(keep_own, own, own_docs())
        return _FirstFilled(local, own)


class _FirstFilled:
    """What is indexed, or something else as long as nothing is; `penstock index` needs no restart."""

    def __init__(self, local: Local, otherwise: Local) -> None:
        self._local = local
        self._otherwise = otherwise

    async def search(self, query: str, limit: int) -> list[Passage]:
        return await (await self._filled()).search(query, limit)

    async def contents(self) -> Contents:
        return await (await self._filled()).contents()

    async def _filled(self) -> Local:
        return self._local if await asyncio.to_thread(self._local.passages) else self._otherwise


def _rules(settings: Settings) -> Rules:
    return Rules(
        instructions=settings.instructions,
        options=settings.model_options,
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
    package = Path(__file__).parents[1]
    beside = package.parents[1] / "docs"
    return beside if (beside / "how-it-works.md").is_file() else package / "docs"


def today(person: Person) -> str:
    """Today's date where the person is; in UTC when that is not known."""
    try:
        zone: datetime.tzinfo = zoneinfo.ZoneInfo(person.time_zone or "UTC")
    # OSError: a name such as "America" is a folder where the tzdata package is installed.
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zone = datetime.UTC
    return datetime.datetime.now(zone).strftime("%A, %d %B %Y")
