"""What the native API's clients send and get, as values; openapi.py describes them from here."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from penstock.core.cursor import Cursor
from penstock.core.ports import Exchange, Received, TurnInfo
from penstock.core.question import Thread
from penstock.core.turn import ENDED, Citation, State, View
from penstock.engine.feedback import Feedback, Rating
from penstock.server.desk import asked_id, thread_name

# --- In -----------------------------------------------------------------------


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question. `id` is chosen by the client, so that it may be sent again without being asked twice;
    `replaces` is the turn of the thread that it is asked instead of."""

    text: str
    id: str | None = None
    replaces: str | None = None


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`deleted`: into the bin, or out of it again."""

    title: str | None = None
    deleted: bool | None = None


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rating: Rating
    remark: str = ""


# --- Out ----------------------------------------------------------------------


class Accepted(msgspec.Struct, frozen=True):
    """What became of the question. `ahead`: how many answers come first."""

    turn: str
    thread: str
    state: State
    ahead: int
    repeat: bool
    cursor: str
    events: str


class Answer(msgspec.Struct, frozen=True):
    """A turn as it stands. `epoch` rises whenever text that was there is taken back."""

    turn: str
    thread: str
    state: State
    text: str
    reasoning: str
    status: str
    citations: tuple[Citation, ...]
    finish: str | None
    stopped_by: str
    error_code: str
    error: str
    reference: str
    epoch: int


class StopNoted(msgspec.Struct, frozen=True):
    """The order is written down; the turn's events tell when it has been carried out."""

    turn: str
    state: State


class Asked(msgspec.Struct, frozen=True):
    id: str
    text: str


class Rated(msgspec.Struct, frozen=True):
    rating: Rating
    remark: str


class Turn(msgspec.Struct, frozen=True):
    """`replaces`: the turn that it was asked instead of, or "". Times are seconds since the epoch, 0 for
    what has not been; `model` is "" as long as none has said what it used."""

    questions: list[Asked]
    answer: Answer
    replaces: str
    asked_s: float
    ended_s: float
    model: str
    feedback: Rated | None


class Transcript(msgspec.Struct, frozen=True):
    """The newest turns of a thread, oldest first.

    `cursor`: follow the thread from there for what is not in here; null when it has no turns. `earlier`: pass
    it as `before` to read on backwards. `shared`: the token of its link.
    """

    thread: str
    title: str
    shared: str | None
    cursor: str | None
    turns: list[Turn]
    earlier: str | None


class ThreadItem(msgspec.Struct, frozen=True):
    """A thread in a list. Times are seconds since the epoch."""

    thread: str
    title: str
    created_s: float
    asked_s: float


class Threads(msgspec.Struct, frozen=True):
    """Newest question first. `more`: pass it as `before` to read on; null at the end."""

    threads: list[ThreadItem]
    more: str | None


class Link(msgspec.Struct, frozen=True):
    """Where anybody who has it may read the thread: a page, below where this is mounted."""

    token: str
    path: str


class SharedThread(msgspec.Struct, frozen=True):
    """What a link shows: the turns that stand."""

    title: str
    turns: list[Turn]


# --- From the engine's values ---------------------------------------------------


def accepted(received: Received, root: str) -> Accepted:
    """`root`: where we are mounted."""
    info = received.turn
    return Accepted(
        turn=info.id,
        thread=thread_name(info.thread),
        state=info.state,
        ahead=received.ahead,
        repeat=received.repeat,
        cursor=str(Cursor(info.id)),
        events=f"{root}/api/turns/{info.id}/events",
    )


def answer(info: TurnInfo, view: View) -> Answer:
    return Answer(
        turn=info.id,
        thread=thread_name(info.thread),
        state=info.state,
        text=view.text,
        reasoning=view.reasoning,
        status=view.status,
        citations=view.citations,
        finish=view.finish,
        stopped_by=view.stopped_by,
        error_code=view.error_code,
        error=view.error,
        reference=view.reference,
        epoch=view.epoch,
    )


def turn(exchange: Exchange, given: Feedback | None = None) -> Turn:
    info, view = exchange.turn, exchange.view
    return Turn(
        questions=[Asked(asked_id(q.id), q.text) for q in exchange.questions],
        answer=answer(info, view),
        replaces=info.replaces,
        asked_s=info.asked_s,
        ended_s=info.ended_s,
        model=view.usage.model,
        feedback=Rated(given.rating, given.remark) if given else None,
    )


def transcript(
    thread: Thread,
    found: list[Exchange],
    ratings: Mapping[str, Feedback],
    *,
    token: str | None,
    more: bool,
) -> Transcript:
    """`more`: others come before these."""
    return Transcript(
        thread=thread_name(thread.key),
        title=thread.title,
        shared=token,
        cursor=_cursor(found),
        turns=[turn(exchange, ratings.get(exchange.turn.id)) for exchange in found],
        earlier=found[0].turn.id if more else None,
    )


def _cursor(found: list[Exchange]) -> str | None:
    """The beginning of the first turn that has not ended, of which only the questions were told; else the end
    of the last."""
    for exchange in found:
        if exchange.turn.state not in ENDED:
            return str(Cursor(exchange.turn.id))
    return str(_end(found[-1].turn)) if found else None


def _end(info: TurnInfo) -> Cursor:
    return Cursor(info.id, info.attempt, info.last)


def listed(thread: Thread) -> ThreadItem:
    return ThreadItem(thread_name(thread.key), thread.title, thread.created_s, thread.asked_s)


def shared(thread: Thread, exchanges: list[Exchange]) -> SharedThread:
    """Without the thread's name and what was thought of its answers: a link shows what was said."""
    turns = [turn(exchange) for exchange in exchanges]
    return SharedThread(thread.title, [_nameless(one) for one in turns])


def _nameless(one: Turn) -> Turn:
    return msgspec.structs.replace(one, answer=msgspec.structs.replace(one.answer, thread=""))
