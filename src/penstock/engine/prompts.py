"""What the model is asked: instructions, the thread so far, passages and files, trimmed to its window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from penstock.core import fault, prompt
from penstock.core.events import Noted, Passage, Status
from penstock.core.ports import Blobs, Exchange, Knowledge, Model, Threads
from penstock.core.prompt import FileText, Prompt
from penstock.core.question import File, Message, Person
from penstock.core.standing import standing
from penstock.engine.journal import Journal
from penstock.engine.live import Live
from penstock.engine.rules import Rules
from penstock.errors import LeaseLost, ModelRefused

# A search that takes longer than this is worth a word to the reader.
_SEARCH_QUIETLY_S = 0.25
_SEARCHING = "Looking in the documents…"


class SearchFailed(ModelRefused):
    code = "search_failed"
    for_reader = "The documents could not be searched. Please ask again."


class Prompts:
    """Builds prompts: holds what goes into them that is not the turn's own."""

    def __init__(
        self,
        *,
        model: Model,
        knowledge: Knowledge | None,
        threads: Threads,
        blobs: Blobs,
        rules: Rules,
        journal: Journal,
        today: Callable[[Person], str],
    ) -> None:
        self._model = model
        self._knowledge = knowledge
        self._threads = threads
        self._blobs = blobs
        self._rules = rules
        self._journal = journal
        self._today = today

    async def build(self, live: Live) -> Prompt:
        """What the model is asked, thread and files trimmed to its window; trimming is noted in the log."""
        questions = live.claim.questions
        text = "\n\n".join(q.text for q in questions if q.text)
        history = [line for q in questions for line in q.history]
        orders = [self._rules.instructions, *(m.text for m in history if m.role == "system")]
        earlier = [] if live.claim.first else await self._earlier(live)
        built = prompt.build(
            instructions=prompt.dated("\n\n".join(filter(None, orders)), self._today(questions[0].person)),
            turns=[*earlier, *prompt.grouped([m for m in history if m.role != "system"])],
            question=text,
            window_tokens=self._model.window_tokens,
            passages=await self._passages(live, text),
            files=[await self._file(f) for q in questions for f in q.files],
            options={
                **self._rules.options,
                **{name: value for q in questions for name, value in q.options.items()},
            },
        )
        if built.trimmed:
            await self._journal.commit(live, Noted("trimmed", {**built.trimmed}))
        return built.prompt

    async def _earlier(self, live: Live) -> list[list[Message]]:
        return [lines for exchange in await self._standing(live) if (lines := _lines(exchange))]

    async def _standing(self, live: Live) -> list[Exchange]:
        """The turns before this one that were not replaced, by this one or another."""
        most = self._rules.transcript_turns
        found: list[Exchange] = []
        stand: list[Exchange] = []
        before = live.turn
        while page := await self._threads.transcript(live.thread, before=before, limit=most):
            found = [*page, *found]
            before = page[0].turn.id
            stand = standing(found, replaced=live.claim.turn.replaces)
            if len(stand) >= most or len(page) < most:
                break
        return stand[-most:]

    async def _passages(self, live: Live, query: str) -> Sequence[Passage]:
        if self._knowledge is None or not query:
            return ()
        search = asyncio.ensure_future(self._knowledge.search(query, self._rules.passages))
        try:
            done, _ = await asyncio.wait([search], timeout=_SEARCH_QUIETLY_S)
            if not done:
                await self._journal.commit(live, Status(_SEARCHING))
            return await search
        except (LeaseLost, asyncio.CancelledError):
            raise
        except Exception as exc:
            raise SearchFailed(fault.told(exc)) from exc
        finally:
            search.cancel()

    async def _file(self, file: File) -> FileText:
        data = await self._blobs.get(file.sha256)
        if data is None:
            return FileText(file.name, "(this file is no longer there)")
        return FileText(file.name, data.decode("utf-8", "replace"))


def _lines(exchange: Exchange) -> list[Message]:
    """An earlier turn as a model reads it; one without an answer is left out, for models want pairs."""
    if not exchange.view.text:
        return []
    asked = [Message("user", q.text) for q in exchange.questions]
    return [*asked, Message("assistant", exchange.view.text)]
