"""Lists: a person's threads, found again by words, and the owner's list of turns."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple, get_args

import msgspec

from penstock.core.ports import Listed
from penstock.core.question import Person, Thread
from penstock.core.turn import State
from penstock.stores.sqlite.rows import COLUMNS, THREAD_COLUMNS, TurnRow, encode_json, thread_by_key

# A search reads this many threads, in about 10 ms, and then other readers have a turn.
_THREADS_AT_ONCE = 2_000

_OF_A_PERSON = "tenant = :tenant AND owner = :owner"
# `asked_s` alone is what the indexes are ordered by, as far as SQLite sees.
_LISTED = """
SELECT {columns} FROM threads h WHERE {who} AND binned_s = 0
AND substr(key, 1, length(:prefix)) = :prefix AND asked_s <= :asked_s AND (asked_s, key) < (:asked_s, :key)
"""
_NEWEST_FIRST = " ORDER BY asked_s DESC, key DESC LIMIT :limit"
# All in SQLite: rows that went through Python would each cost a wait for its lock.
_FOUND = """
AND asked_s >= :until_s AND (asked_s, key) >= (:until_s, :until_key)
AND EXISTS (
    SELECT 1 FROM findable f WHERE f.thread = h.key AND instr(f.folded, :longest)
    AND NOT EXISTS (SELECT 1 FROM json_each(:words) w WHERE instr(f.folded, w.value) = 0))
"""

_NEWEST = """
SELECT * FROM (
    SELECT t.seq FROM turns t CROSS JOIN threads h ON h.key = t.thread
    WHERE {which} AND h.binned_s = 0
    AND t.seq < CASE WHEN :before = '' THEN 9223372036854775807
        ELSE (SELECT seq FROM turns WHERE id = :before) END
    ORDER BY t.seq DESC LIMIT :limit)
"""
# The states stand as literals, for the partial indexes.
_NEWEST_OF = {state: _NEWEST.format(which=f"t.state = '{state}'") for state in get_args(State)}
_RECENT = f"""
SELECT {COLUMNS},
    json_extract(CAST(q.body AS TEXT), '$.person'),
    coalesce(json_extract(CAST(v.view AS TEXT), '$.usage.model'), ''),
    h.title, substr(json_extract(CAST(q.body AS TEXT), '$.text'), 1, 200),
    coalesce(json_extract(CAST(v.view AS TEXT), '$.error_code'), '')
FROM turns t LEFT JOIN views v ON v.turn = t.seq
JOIN threads h ON h.key = t.thread
JOIN questions q ON q.place = (SELECT min(place) FROM questions WHERE turn = t.seq)
WHERE t.seq IN ({{newest}}) ORDER BY t.seq DESC LIMIT :limit
"""


class Place(NamedTuple):
    """In the list of threads: those after it are older."""

    asked_s: float
    key: str


# Before and after whatever a clock says.
_BEGIN = Place(1e300, "")
_END = Place(-1e300, "")


class Wanted(NamedTuple):
    """Whose threads, what their keys begin with, and how many."""

    person: Person | None
    prefix: str
    limit: int

    def sql(self, columns: str, found: str = "") -> str:
        who = _OF_A_PERSON if self.person else "TRUE"
        return _LISTED.format(columns=columns, who=who) + found + _NEWEST_FIRST

    def named(self, place: Place) -> dict[str, object]:
        tenant, owner = (self.person.tenant, self.person.id) if self.person else ("", "")
        return {
            "tenant": tenant,
            "owner": owner,
            "prefix": self.prefix,
            "asked_s": place.asked_s,
            "key": place.key,
            "limit": self.limit,
        }


_decode_person = msgspec.json.Decoder(Person).decode


# --- Threads ------------------------------------------------------------------


def place_of(connection: sqlite3.Connection, thread: str) -> Place | None:
    """Where this thread stands; the beginning, when none is named."""
    if not thread:
        return _BEGIN
    found = thread_by_key(connection, thread)
    return Place(found.asked_s, found.key) if found else None


def page(connection: sqlite3.Connection, wanted: Wanted, before: str) -> list[Thread]:
    if (place := place_of(connection, before)) is None:
        return []
    rows = connection.execute(wanted.sql(THREAD_COLUMNS), wanted.named(place))
    return [Thread(*row) for row in rows]


def search(
    connection: sqlite3.Connection, wanted: Wanted, place: Place, words: Sequence[str]
) -> tuple[list[Thread], Place | None]:
    """Those of one stretch in which the words, folded, are found, and from where to go on (None: it was
    the last)."""
    until = _stretch(connection, wanted, place)
    named = {
        **wanted.named(place),
        "until_s": until.asked_s,
        "until_key": until.key,
        "longest": max(words, key=len),
        "words": encode_json(words).decode(),
    }
    found = [Thread(*row) for row in connection.execute(wanted.sql(THREAD_COLUMNS, _FOUND), named)]
    return found, until if until is not _END else None


def _stretch(connection: sqlite3.Connection, wanted: Wanted, place: Place) -> Place:
    """The last of the next few."""
    sql = wanted.sql("asked_s, key") + " OFFSET :skip"
    named = {**wanted.named(place), "limit": 1, "skip": _THREADS_AT_ONCE - 1}
    row = connection.execute(sql, named).fetchone()
    return Place(*row) if row else _END


# --- Turns --------------------------------------------------------------------


def recent(connection: sqlite3.Connection, states: Sequence[State], before: str, limit: int) -> list[Listed]:
    newest = [_NEWEST_OF[state] for state in dict.fromkeys(states)] or [_NEWEST.format(which="TRUE")]
    sql = _RECENT.format(newest=" UNION ALL ".join(newest))
    rows = connection.execute(sql, {"before": before, "limit": limit})
    return [
        Listed(TurnRow._make(turn).info, _decode_person(person), model, title, question, error_code)
        for *turn, person, model, title, question, error_code in rows
    ]
