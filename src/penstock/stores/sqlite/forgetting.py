"""Forgetting: everything goes in one transaction, and tombstones of the questions' ids stay.

Files lie outside the database. They are noted as doomed in that transaction and deleted
after it, or at the next start if the program dies in between.
"""

from __future__ import annotations

import sqlite3
from typing import Literal

from penstock.core.question import Person
from penstock.core.shelves import of_thread, of_turn, persons_shelf, share_key, shared_key, threads_shelf
from penstock.stores.folder import FolderBlobs
from penstock.stores.sqlite.receiving import tombstone
from penstock.stores.sqlite.shelf import delete_keys, delete_prefix, value_of

_TURNS = "(SELECT seq FROM turns WHERE thread = :thread)"
_QUESTIONS = f"(SELECT id FROM questions WHERE turn IN {_TURNS})"

# Whoever names a row goes before the row.
_REMOVALS = (
    f"INSERT OR IGNORE INTO doomed SELECT sha256 FROM files WHERE question IN {_QUESTIONS}",
    f"DELETE FROM files WHERE question IN {_QUESTIONS}",
    f"DELETE FROM questions WHERE turn IN {_TURNS}",
    f"DELETE FROM log WHERE turn IN {_TURNS}",
    f"DELETE FROM views WHERE turn IN {_TURNS}",
    "DELETE FROM findable WHERE thread = :thread",
    "DELETE FROM turns WHERE thread = :thread",
    "DELETE FROM threads WHERE key = :thread",
)
_NOBODYS = "SELECT sha256 FROM doomed WHERE sha256 NOT IN (SELECT sha256 FROM files)"

Kind = Literal["quiet", "binned"]
_OVERDUE: dict[Kind, str] = {"quiet": "asked_s < ?", "binned": "binned_s > 0 AND binned_s < ?"}


def forget(connection: sqlite3.Connection, thread: str) -> list[str]:
    """The ids of the turns that were removed, in order."""
    named = {"thread": thread}
    turns = [
        id for (id,) in connection.execute("SELECT id FROM turns WHERE thread = ? ORDER BY seq", (thread,))
    ]
    _bury(connection, named)
    for removal in _REMOVALS:
        connection.execute(removal, named)
    _clear_shelf(connection, thread, turns)
    return turns


def _clear_shelf(connection: sqlite3.Connection, thread: str, turns: list[str]) -> None:
    # Its link first, which says what the link is.
    if token := value_of(connection, shared_key(thread)):
        delete_keys(connection, [share_key(token.decode("utf-8", "replace"))])
    delete_keys(connection, [*of_thread(thread), *(key for turn in turns for key in of_turn(turn))])
    delete_prefix(connection, threads_shelf(thread))


def forget_person(connection: sqlite3.Connection, person: Person) -> list[str]:
    threads = connection.execute(
        "SELECT key FROM threads WHERE tenant = ? AND owner = ? ORDER BY created_s, key",
        (person.tenant, person.id),
    ).fetchall()
    turns = [turn for (thread,) in threads for turn in forget(connection, thread)]
    delete_prefix(connection, persons_shelf(person))
    return turns


def overdue(connection: sqlite3.Connection, kind: Kind, before_s: float) -> list[str]:
    """The threads that are to be forgotten."""
    rows = connection.execute(f"SELECT key FROM threads WHERE {_OVERDUE[kind]}", (before_s,))
    return [key for (key,) in rows]


def forget_overdue(
    connection: sqlite3.Connection, threads: list[str], kind: Kind, before_s: float
) -> list[str]:
    """Forget those of `threads` that nobody has asked in, or restored, meanwhile. Returns the turns' ids."""
    sql = f"SELECT 1 FROM threads WHERE key = ? AND {_OVERDUE[kind]}"
    still = [thread for thread in threads if connection.execute(sql, (thread, before_s)).fetchone()]
    return [turn for thread in still for turn in forget(connection, thread)]


def delete_doomed(connection: sqlite3.Connection, blobs: FolderBlobs) -> None:
    for (sha256,) in connection.execute(_NOBODYS).fetchall():
        blobs.remove(sha256)
    connection.execute("DELETE FROM doomed")


def _bury(connection: sqlite3.Connection, named: dict[str, str]) -> None:
    questions = connection.execute(f"SELECT id FROM questions WHERE turn IN {_TURNS}", named).fetchall()
    connection.executemany(
        "INSERT OR IGNORE INTO tombstones (question) VALUES (?)", [(tombstone(id),) for (id,) in questions]
    )
