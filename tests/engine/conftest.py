"""A small vocabulary for stories about turns: an engine on a real store, and somebody who asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from penstock.core.events import Entry, Text
from penstock.core.overlap import Overlap
from penstock.core.ports import Exchange, Knowledge, Model, Received, Store
from penstock.core.question import Person, Question
from penstock.core.turn import View, fold
from penstock.engine import Engine, Rules, TurnReport
from penstock.stores.sqlite import SqliteStore

ANN = Person("acme", "ann", "Ann")
BOB = Person("acme", "bob", "Bob")


class Story:
    """An engine, and what a person does with it."""

    def __init__(self, engine: Engine, store: Store, reports: asyncio.Queue[TurnReport]) -> None:
        self.engine = engine
        self.store = store
        self.reports = reports
        self._asked = 0

    async def ask(
        self,
        text: str = "What is the capital of France?",
        *,
        id: str = "",
        thread: str = "t1",
        person: Person = ANN,
        overlap: Overlap | None = None,
        replaces: str = "",
    ) -> Received:
        self._asked += 1
        question = Question(id or f"web:{self._asked}", f"acme:web:{thread}", person, text, replaces=replaces)
        return (await self.engine.ask(question, overlap=overlap)).received

    async def view(self, turn: str) -> View:
        """What a reader sees who stays to the end."""
        return fold(entry.event for entry in await self.log(turn))

    async def log(self, turn: str) -> list[Entry]:
        return [entry async for entries in self.engine.follow(ANN, turn) for entry in entries]

    async def seen_until(self, turn: str, text: str, person: Person = ANN) -> list[Entry]:
        """The log up to the moment at which this text stands there."""
        seen: list[Entry] = []
        async with aclosing(self.engine.follow(person, turn)) as news:
            async for entries in news:
                seen += entries
                if "".join(e.event.text for e in seen if isinstance(e.event, Text)).endswith(text):
                    return seen
        raise AssertionError(f"the answer ended without {text!r}")

    async def ended(self, turn: str) -> View:
        """The view of a turn that ends without anybody following it."""
        while (await self.reports.get()).turn != turn:
            pass
        return (await self.engine.turn(ANN, turn))[1]

    async def reported(self, turns: int) -> list[TurnReport]:
        """The reports of so many turns, as they end."""
        return [await self.reports.get() for _ in range(turns)]

    async def transcript(self, thread: str = "t1") -> list[Exchange]:
        return await self.engine.transcript(ANN, f"acme:web:{thread}")


class Stage:
    """Opens engines, one after the other, on one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @asynccontextmanager
    async def story(
        self,
        model: Model,
        *,
        rules: Rules | None = None,
        knowledge: Knowledge | None = None,
        store: Store | None = None,
        grace_s: float = 0.0,
        report: Callable[[TurnReport], None] | None = None,
    ) -> AsyncIterator[Story]:
        store = store or SqliteStore(self.folder)
        await store.open()
        reports: asyncio.Queue[TurnReport] = asyncio.Queue()
        engine = Engine(
            store=store,
            model=model,
            knowledge=knowledge,
            rules=rules or Rules(retry_first_s=0.0),
            report=report or reports.put_nowait,
        )
        await engine.start()
        try:
            async with asyncio.timeout(20):
                yield Story(engine, store, reports)
        finally:
            await engine.close(grace_s)
            await store.close()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)
