"""A conversation as AG-UI messages, and the ids they go by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypedDict

from penstock.core.ports import Exchange


class Line(TypedDict):
    """A message of the conversation as AG-UI shows it."""

    id: str
    role: Literal["user", "assistant", "reasoning"]
    content: str


class Asked(NamedTuple):
    """What a turn answers, for readers that did not ask it. `replaces`: the turn that it was asked instead
    of, or ""; `asked_s` in seconds since the epoch."""

    questions: Sequence[Line]
    replaces: str
    asked_s: float


def asked(exchange: Exchange) -> Asked:
    return Asked(_questions(exchange), exchange.turn.replaces, exchange.turn.asked_s)


def _questions(exchange: Exchange) -> list[Line]:
    return [{"id": q.id, "role": "user", "content": q.text} for q in exchange.questions]


def message_id(turn: str, epoch: int) -> str:
    return f"{turn}:{epoch}"


def reasoning_id(turn: str, epoch: int) -> str:
    return f"{turn}:{epoch}:reasoning"


def lines(exchanges: Sequence[Exchange], until: str = "") -> list[Line]:
    """A transcript as messages; with `until`, up to that turn's questions, without its answer."""
    found: list[Line] = []
    for exchange in exchanges:
        found += _questions(exchange)
        if exchange.turn.id == until:
            break
        turn, view = exchange.turn.id, exchange.view
        if view.reasoning:
            found.append(reasoning_line(turn, view.epoch, view.reasoning))
        if view.text:
            found.append(answer_line(turn, view.epoch, view.text))
    return found


def answer_line(turn: str, epoch: int, text: str) -> Line:
    return {"id": message_id(turn, epoch), "role": "assistant", "content": text}


def reasoning_line(turn: str, epoch: int, text: str) -> Line:
    return {"id": reasoning_id(turn, epoch), "role": "reasoning", "content": text}
