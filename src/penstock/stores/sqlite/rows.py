"""Rows of the tables, and the values that the rest of Penstock sees in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from penstock.core.cursor import Begun
from penstock.core.ports import Orders, TurnInfo
from penstock.core.question import Question, Thread
from penstock.core.turn import State

_decode_begins = msgspec.json.Decoder(tuple[Begun, ...]).decode
_decode_question = msgspec.json.Decoder(Question).decode
encode_json = msgspec.json.Encoder().encode

LOST = Orders(lost=True)


class TurnRow(NamedTuple):
    """A row of `turns`; `COLUMNS` selects it."""

    seq: int
    id: str
    thread: str
    state: State
    attempt: int
    last: int
    begins_json: str
    asked_s: float
    given_back: int
    stop_by: str
    fence: int
    until_s: float
    left_s: float
    ended_s: float
    replaces: str

    @property
    def begins(self) -> tuple[Begun, ...]:
        return _decode_begins(self.begins_json)

    @property
    def info(self) -> TurnInfo:
        return TurnInfo(
            id=self.id,
            thread=self.thread,
            state=self.state,
            attempt=self.attempt,
            last=self.last,
            begins=self.begins,
            asked_s=self.asked_s,
            given_back=self.given_back,
            stop_by=self.stop_by,
            ended_s=self.ended_s,
            replaces=self.replaces,
        )


class HeldRow(NamedTuple):
    """What writing to a turn's log needs of its row."""

    seq: int
    id: str
    state: State
    attempt: int
    last: int
    begins_json: str
    stop_by: str
    fence: int

    @property
    def begins(self) -> tuple[Begun, ...]:
        return _decode_begins(self.begins_json)


COLUMNS = (
    "t.seq, t.id, t.thread, t.state, t.attempt, t.last, t.begins, t.asked_s, t.given_back, t.stop_by, "
    "t.fence, t.until_s, t.left_s, t.ended_s, t.replaces"
)
_BY_ID = f"SELECT {COLUMNS} FROM turns t WHERE t.id = ?"
_BY_SEQ = f"SELECT {COLUMNS} FROM turns t WHERE t.seq = ?"
# One row for all live turns: Python lets go of its lock for each, and a busy loop takes it every time.
_HELD = """
SELECT json_group_array(json_array(t.seq, t.id, t.state, t.attempt, t.last, t.begins, t.stop_by, t.fence))
FROM json_each(?) wanted CROSS JOIN turns t ON t.id = wanted.value
"""
_decode_held = msgspec.json.Decoder(list[HeldRow]).decode
THREAD_COLUMNS = "key, tenant, owner, created_s, asked_s, title, binned_s"
_THREAD = f"SELECT {THREAD_COLUMNS} FROM threads WHERE key = ?"
_QUESTIONS = "SELECT body FROM questions WHERE turn = ? ORDER BY place"


def turn_by_id(connection: sqlite3.Connection, id: str) -> TurnRow | None:
    row = connection.execute(_BY_ID, (id,)).fetchone()
    return TurnRow._make(row) if row else None


def held_by_id(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, HeldRow]:
    """Those that there are."""
    (rows,) = connection.execute(_HELD, (encode_json(ids).decode(),)).fetchone()
    return {row.id: row for row in _decode_held(rows)}


def turn_by_seq(connection: sqlite3.Connection, seq: int) -> TurnRow:
    return TurnRow._make(connection.execute(_BY_SEQ, (seq,)).fetchone())


def encode_begins(begins: Sequence[Begun]) -> str:
    return encode_json(begins).decode()


def questions_of(connection: sqlite3.Connection, seq: int) -> tuple[Question, ...]:
    return tuple(_decode_question(body) for (body,) in connection.execute(_QUESTIONS, (seq,)))


def thread_by_key(connection: sqlite3.Connection, key: str) -> Thread | None:
    row = connection.execute(_THREAD, (key,)).fetchone()
    return Thread(*row) if row else None
