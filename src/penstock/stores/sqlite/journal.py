"""Writing to the logs of turns, and reading them.

Whoever writes must hold the turn: it is running under the writer's fence. A lease that has
lapsed holds on until somebody else takes the turn, or it ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from penstock.core.cursor import Begun
from penstock.core.events import VERSION, Entry, decode_batch, encode_batch
from penstock.core.ports import Batch, Lease, Orders, Page, Written
from penstock.core.turn import ENDED, State, View
from penstock.errors import NotFound, StoreError
from penstock.stores.sqlite.rows import (
    LOST,
    HeldRow,
    TurnRow,
    encode_begins,
    encode_json,
    held_by_id,
    turn_by_id,
)

# Many rows with each statement, because Python lets go of its lock for every one, and must win it back from
# a busy loop: written row by row, the journal of a hundred live turns cost ten times as much.
_INSERT = "INSERT INTO log (turn, first, last, attempt, version, at_s, payload) VALUES {rows}"
_ADVANCE = """
UPDATE turns SET attempt = new.column1, last = new.column2, begins = new.column3, until_s = new.column4
FROM (VALUES {rows}) AS new WHERE seq = new.column5
"""
_RENEW = "UPDATE turns SET until_s = ? WHERE seq IN (SELECT value FROM json_each(?))"
# Few sizes, so that their statements stay prepared.
_ROWS_AT_ONCE = (64, 16, 4, 1)
# From the batch that holds the number asked for.
_ROWS = """
SELECT first, attempt, version, payload FROM log
WHERE turn = :turn AND last > :after
AND first >= (SELECT coalesce(max(first), 0) FROM log WHERE turn = :turn AND first <= :after + 1)
ORDER BY first
"""
_WRITTEN = "SELECT at_s, first, attempt, version, payload FROM log WHERE turn = ? ORDER BY first"

Payload = tuple[Batch, bytes]
"""A batch, and its events as they are stored: encoded before it waits for the writer."""

_LogRow = tuple[int, int, int, int, int, float, bytes]


def payloads(batches: Sequence[Batch]) -> list[Payload]:
    return [(batch, encode_batch(batch.events)) for batch in batches]


# --- Append and renew ---------------------------------------------------------


def append(
    connection: sqlite3.Connection, payloads: Sequence[Payload], now_s: float, lease_s: float
) -> list[Orders]:
    until_s = now_s + lease_s
    turns = held_by_id(connection, [batch.lease.turn for batch, _ in payloads])
    written: dict[str, HeldRow] = {}
    rows: list[_LogRow] = []
    orders = []
    for batch, payload in payloads:
        id = batch.lease.turn
        turn = _held(written.get(id) or turns.get(id), batch.lease)
        if turn is None:
            orders.append(LOST)
            continue
        if turn.last + 1 == batch.first:
            turn = _advanced(turn, batch, payload, now_s, rows)
        else:
            # The rows before it may be among those that are only now being written.
            _insert(connection, rows)
            _refuse_unless_written(connection, turn, batch)
        written[id] = turn
        orders.append(Orders(until_s, False, turn.stop_by))
    _insert(connection, rows)
    advanced = [(t.attempt, t.last, t.begins_json, until_s, t.seq) for t in written.values()]
    _execute_rows(connection, _ADVANCE, advanced)
    return orders


def renew(
    connection: sqlite3.Connection, leases: Sequence[Lease], now_s: float, lease_s: float
) -> list[Orders]:
    until_s = now_s + lease_s
    turns = held_by_id(connection, [lease.turn for lease in leases])
    held = [_held(turns.get(lease.turn), lease) for lease in leases]
    seqs = [turn.seq for turn in held if turn]
    connection.execute(_RENEW, (until_s, encode_json(seqs).decode()))
    return [Orders(until_s, stop_by=turn.stop_by) if turn else LOST for turn in held]


def _held(turn: HeldRow | None, lease: Lease) -> HeldRow | None:
    """The turn, if this lease still holds it."""
    return turn if turn and turn.state == "running" and turn.fence == lease.fence else None


def _advanced(turn: HeldRow, batch: Batch, payload: bytes, now_s: float, rows: list[_LogRow]) -> HeldRow:
    """The turn after this batch, whose row is put to the others."""
    attempt = batch.lease.attempt
    if attempt < turn.attempt:
        raise StoreError(f"Attempt {attempt} of turn {turn.id} is over: attempt {turn.attempt} has begun.")
    if not batch.events:
        return turn._replace(attempt=attempt)
    last = batch.first + len(batch.events) - 1
    rows.append((turn.seq, batch.first, last, attempt, VERSION, now_s, payload))
    begins, begins_json = turn.begins, turn.begins_json
    if not begins or begins[-1].attempt != attempt:
        begins_json = encode_begins((*begins, Begun(attempt, batch.first)))
    return turn._replace(attempt=attempt, last=last, begins_json=begins_json)


def _insert(connection: sqlite3.Connection, rows: list[_LogRow]) -> None:
    _execute_rows(connection, _INSERT, rows)
    rows.clear()


def _execute_rows(connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    """One statement for as many rows as fit, with `{rows}` in it for their places."""
    at = 0
    for size in _ROWS_AT_ONCE:
        while len(rows) - at >= size:
            some = rows[at : at + size]
            connection.execute(_for_rows(sql, size, len(some[0])), [*chain.from_iterable(some)])
            at += size


@cache
def _for_rows(sql: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.format(rows=", ".join([row] * rows))


def _refuse_unless_written(connection: sqlite3.Connection, turn: HeldRow, batch: Batch) -> None:
    if not batch.events or not _was_written(connection, turn, batch):
        raise StoreError(
            f"The log of turn {turn.id} goes on at {turn.last + 1}, this batch begins at {batch.first}."
        )


def _was_written(connection: sqlite3.Connection, turn: HeldRow | TurnRow, batch: Batch) -> bool:
    """No other fence ever wrote under the same attempt, so the entries tell."""
    wanted = [
        Entry(number, batch.lease.attempt, event) for number, event in enumerate(batch.events, batch.first)
    ]
    return _entries(connection, turn.seq, batch.first - 1, len(wanted))[: len(wanted)] == wanted


# --- Finish -------------------------------------------------------------------


def finish(
    connection: sqlite3.Connection, payload: Payload, state: State, view: View, now_s: float
) -> Orders:
    batch = payload[0]
    turn = turn_by_id(connection, batch.lease.turn)
    if turn is None:
        return LOST
    if _finished_before(connection, turn, batch, state):
        return Orders(stop_by=turn.stop_by)
    (orders,) = append(connection, [payload], now_s, 0.0)
    if orders.lost:
        return LOST
    _let_go(connection, turn.seq, state, view, now_s)
    return Orders(stop_by=orders.stop_by)


def _finished_before(connection: sqlite3.Connection, turn: TurnRow, batch: Batch, state: State) -> bool:
    return (
        turn.state == state
        and turn.fence == batch.lease.fence
        and turn.last == batch.first + len(batch.events) - 1
        and _was_written(connection, turn, batch)
    )


def _let_go(connection: sqlite3.Connection, seq: int, state: State, view: View, now_s: float) -> None:
    ended = state in ENDED
    connection.execute(
        "UPDATE turns SET state = ?, given_back = given_back + ?, until_s = 0, ended_s = ? WHERE seq = ?",
        (state, 0 if ended else 1, now_s if ended else 0.0, seq),
    )
    if ended:
        connection.execute("INSERT INTO views (turn, view) VALUES (?, ?)", (seq, encode_json(view)))


# --- Read ---------------------------------------------------------------------


def read(connection: sqlite3.Connection, id: str, after: int, limit: int) -> Page:
    turn = turn_by_id(connection, id)
    if turn is None:
        raise NotFound("There is no such answer.")
    return Page(turn.info, _entries(connection, turn.seq, after, limit))


def written(connection: sqlite3.Connection, id: str) -> list[Written]:
    turn = turn_by_id(connection, id)
    if turn is None:
        raise NotFound("There is no such answer.")
    return [
        Written(at_s, first, attempt, tuple(decode_batch(payload, version)))
        for at_s, first, attempt, version, payload in connection.execute(_WRITTEN, (turn.seq,))
    ]


def _entries(connection: sqlite3.Connection, seq: int, after: int, limit: int) -> list[Entry]:
    """Entries after number `after`, in whole batches until there are `limit`."""
    entries: list[Entry] = []
    for batch in _batches(connection, seq, after):
        entries += (entry for entry in batch if entry.number > after)
        if len(entries) >= limit:
            break
    return entries


def _batches(connection: sqlite3.Connection, seq: int, after: int) -> Iterator[list[Entry]]:
    rows = connection.execute(_ROWS, {"turn": seq, "after": after})
    for first, attempt, version, payload in rows:
        events = decode_batch(payload, version)
        yield [Entry(number, attempt, event) for number, event in enumerate(events, first)]
