"""What the routes under /api/admin answer, as values; openapi.py describes them from here.

Times in `_s` are seconds since the epoch, 0 for what has not been. `more`: pass it as `before` to read on;
null at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import asdict

from penstock.core.events import Passage
from penstock.core.ports import Listed, TurnInfo
from penstock.core.question import Thread, thread_parts
from penstock.core.turn import State
from penstock.engine.feedback import Rating
from penstock.engine.owner import Rated, Transcript
from penstock.engine.timeline import Moment, Timeline, Tried
from penstock.knowledge.contents import Contents
from penstock.server import shapes
from penstock.settings import InForce

# --- Turns --------------------------------------------------------------------


class TurnFacts(msgspec.Struct, frozen=True):
    """`key` is the thread's whole key, `thread` its name. `tries` are the attempts that count: not those that
    were given back unharmed. `here`: this process answers it now."""

    turn: str
    key: str
    tenant: str
    channel: str
    thread: str
    state: State
    asked_s: float
    ended_s: float
    attempts: int
    tries: int
    stop_by: str
    here: bool


class TurnRow(TurnFacts, frozen=True, kw_only=True):
    """`model` is "" before the end, `error_code` unless it failed. `title` is the conversation's, `question`
    the question's beginning. `reference` is what a reader is told of a failure, and the turn's id."""

    person: str
    name: str
    model: str
    title: str
    question: str
    error_code: str
    reference: str


class TurnRows(msgspec.Struct, frozen=True):
    """Newest first. `running` and `readers` are this process's, `queued` the store's."""

    turns: list[TurnRow]
    more: str | None
    running: int
    queued: int
    readers: int


class TurnTimeline(msgspec.Struct, frozen=True):
    turn: TurnFacts
    attempts: tuple[Tried, ...]
    moments: tuple[Moment, ...]


def facts(info: TurnInfo, *, here: bool) -> TurnFacts:
    tenant, channel, name = thread_parts(info.thread)
    return TurnFacts(
        turn=info.id,
        key=info.thread,
        tenant=tenant,
        channel=channel,
        thread=name,
        state=info.state,
        asked_s=info.asked_s,
        ended_s=info.ended_s,
        attempts=info.attempt,
        tries=info.tries,
        stop_by=info.stop_by,
        here=here,
    )


def turn_row(listed: Listed, *, here: bool) -> TurnRow:
    person = listed.person
    known = asdict(facts(listed.turn, here=here))
    return TurnRow(
        **known,
        person=person.id,
        name=person.name,
        model=listed.model,
        title=listed.title,
        question=listed.question,
        error_code=listed.error_code,
        reference=listed.turn.id,
    )


def timeline(told: Timeline, *, here: bool) -> TurnTimeline:
    return TurnTimeline(facts(told.turn, here=here), told.attempts, told.moments)


# --- Threads and feedback -----------------------------------------------------


class ThreadRow(msgspec.Struct, frozen=True):
    """`owner` is a person's id; `binned_s`: when it was deleted, if that can still be undone."""

    key: str
    tenant: str
    channel: str
    thread: str
    owner: str
    title: str
    created_s: float
    asked_s: float
    binned_s: float


class ThreadRows(msgspec.Struct, frozen=True):
    """Newest question first."""

    threads: list[ThreadRow]
    more: str | None


class OwnersTranscript(msgspec.Struct, frozen=True):
    """The newest turns of a thread, oldest first, those that were replaced among them. `earlier`: pass it as
    `before` to read on backwards."""

    thread: ThreadRow
    turns: list[shapes.Turn]
    earlier: str | None


class FeedbackRow(msgspec.Struct, frozen=True):
    turn: str
    key: str
    tenant: str
    channel: str
    thread: str
    person: str
    title: str
    rating: Rating
    remark: str
    rated_s: float


class FeedbackRows(msgspec.Struct, frozen=True):
    """Newest first."""

    feedback: list[FeedbackRow]
    more: str | None


def thread_row(thread: Thread) -> ThreadRow:
    tenant, channel, name = thread_parts(thread.key)
    return ThreadRow(
        key=thread.key,
        tenant=tenant,
        channel=channel,
        thread=name,
        owner=thread.owner,
        title=thread.title,
        created_s=thread.created_s,
        asked_s=thread.asked_s,
        binned_s=thread.binned_s,
    )


def transcript(found: Transcript, *, limit: int) -> OwnersTranscript:
    shown = found.exchanges[-limit:]
    return OwnersTranscript(
        thread=thread_row(found.thread),
        turns=[shapes.turn(exchange, found.feedback.get(exchange.turn.id)) for exchange in shown],
        earlier=shown[0].turn.id if len(found.exchanges) > limit else None,
    )


def feedback_row(rated: Rated) -> FeedbackRow:
    tenant, channel, name = thread_parts(rated.thread.key)
    return FeedbackRow(
        turn=rated.turn,
        key=rated.thread.key,
        tenant=tenant,
        channel=channel,
        thread=name,
        person=rated.thread.owner,
        title=rated.thread.title,
        rating=rated.feedback.rating,
        remark=rated.feedback.remark,
        rated_s=rated.feedback.at_s,
    )


# --- Knowledge and settings ---------------------------------------------------


class KnowledgeContents(Contents, frozen=True, kw_only=True):
    """`kind`: "program" for a Knowledge of the program's own that can be searched and no more."""

    kind: Literal["local", "program"]


class FoundPassages(msgspec.Struct, frozen=True):
    """Best first, with the scores by which they are. `took_s` is how many seconds the search took."""

    passages: Sequence[Passage]
    took_s: float


class ModelChosen(msgspec.Struct, frozen=True):
    name: str
    why: str


class SettingsInForce(msgspec.Struct, frozen=True):
    settings: list[InForce]
    version: str
    model: ModelChosen


def knowledge(contents: Contents | None) -> KnowledgeContents:
    found: dict[str, Any] = asdict(contents or Contents())
    return KnowledgeContents(**found, kind="local" if contents else "program")
