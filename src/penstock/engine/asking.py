"""A question on its way in: written down, its turn begun; what it replaces stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from penstock.core.cursor import Cursor
from penstock.core.overlap import Overlap
from penstock.core.ports import Received, Store
from penstock.core.question import Question
from penstock.core.standing import standing
from penstock.core.titles import title_of
from penstock.engine.bells import Bells
from penstock.engine.dispatcher import Dispatcher
from penstock.engine.rules import Rules
from penstock.engine.transcripts import unfinished, whole
from penstock.errors import NotFound, StoreError

log = logging.getLogger("penstock.engine")


class Asked(NamedTuple):
    """What became of a question, and the cursor from which to read its answer."""

    received: Received
    cursor: Cursor


class Asking:
    def __init__(
        self, *, store: Store, dispatcher: Dispatcher, bells: Bells, rules: Rules, new_id: Callable[[], str]
    ) -> None:
        self._turns = store.turns
        self._threads = store.threads
        self._dispatcher = dispatcher
        self._bells = bells
        self._rules = rules
        self._new_id = new_id

    async def receive(self, question: Question, overlap: Overlap | None) -> Asked:
        received = await self._turns.receive(
            question,
            self._new_id(),
            overlap=_beside(question, overlap or self._rules.overlap),
            limits=self._rules.limits,
            lease_s=self._rules.lease_s if self._dispatcher.has_room else 0.0,
        )
        for turn in received.stop:
            await self._dispatcher.stop(turn, "interrupted")
        if received.claim is not None:
            # Nothing of its thread is unfinished before it.
            self._dispatcher.start(received.claim)
        else:
            if question.replaces:
                await self._stop_replaced(question, received.turn.id)
            self._dispatcher.look()
        self._bells.ring(question.thread)
        if question.replaces:
            await self._keep_title_true(question, received.turn.id)
        return Asked(received, Cursor(received.turn.id))

    async def _stop_replaced(self, question: Question, by: str) -> None:
        """Also for a repeat: whoever asked first may have died before it came to this."""
        replaced = await unfinished(self._threads, question.thread, since=question.replaces, until=by)
        for turn in replaced:
            await self._dispatcher.stop(turn, "replaced")

    async def _keep_title_true(self, question: Question, by: str) -> None:
        """A thread that is called by its first question is called by what was asked instead of that, or
        lists and links would go on showing what somebody took back."""
        try:
            if await self._was_title(question, by):
                await self._threads.rename(question.thread, title_of(question.text))
        except (NotFound, StoreError) as exc:
            # The question is written down, and that counts.
            log.warning("a thread was not named anew", extra={"turn": by, "error": exc.code})

    async def _was_title(self, question: Question, by: str) -> bool:
        """Whether the thread is called by what this question replaces, and begins with it."""
        thread = await self._threads.get(question.thread)
        earlier = await whole(self._threads, question.thread, until=by)
        if thread is None or standing(earlier, replaced=question.replaces):
            return False
        replaced = [e.questions[0].text for e in earlier if e.turn.id == question.replaces]
        return thread.title in map(title_of, replaced)


def _beside(question: Question, overlap: Overlap) -> Overlap:
    """What is under way in a thread that refuses overlap makes room for what replaces it."""
    return "queue" if question.replaces and overlap == "reject" else overlap
