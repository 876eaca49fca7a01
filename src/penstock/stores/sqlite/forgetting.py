"""Forgetting: everything goes in one transaction, and tombstones of the questions' ids stay.

Files lie outside the database. They are noted as doomed in that transaction and deleted
after it, or at the next start if the program dies in between.
"""

from __future__ import annotations

import sqlite3

from penstock.core.question import Person, persons_shelf
from penstock.stores.folder import FolderBlobs
from penstock.stores.sqlite.receiving import tombstone
from penstock.stores.sqlite.shelf import delete_prefix

_TURNS = "(SELECT seq FROM turns WHERE thread = :thread)"
_QUESTIONS = f"(SELECT id FROM questions WHERE turn IN {_TURNS})"

# Whoever names a row goes before the row.
_REMOVALS = (
    f"INSERT OR IGNORE INTO doomed SELECT sha256 FROM files WHERE question IN {_QUESTIONS}",
    f"DELETE FROM files WHERE question IN {_QUESTIONS}",
    f"DELETE FROM questions WHERE turn IN {_TURNS}",
    f"DELETE FROM log WHERE turn IN {_TURNS}",
    f"DELETE FROM views WHERE turn IN {_TURNS}",
    "DELETE FROM turns WHERE thread = :thread",
    "DELETE FROM threads WHERE key = :thread",
)
_NOBODYS = "SELECT sha256 FROM doomed WHERE sha256 NOT IN (SELECT sha256 FROM files)"


def forget(connection: sqlite3.Connection, thread: str) -> list[str]:
    """The ids of the turns that were removed, in order."""
    named = {"thread": thread}
    turns = [
        id for (id,) in connection.execute("SELECT id FROM turns WHERE thread = ? ORDER BY seq", (thread,))
    ]
    _bury(connection, named)
    for removal in _REMOVALS:
        connection.execute(removal, named)
    delete_prefix(connection, f"thread/{thread}/")
    return turns


def forget_person(connection: sqlite3.Connection, person: Person) -> list[str]:
    threads = connection.execute(
        "SELECT key FROM threads WHERE tenant = ? AND owner = ? ORDER BY created_s, key",
        (person.tenant, person.id),
    ).fetchall()
    turns = [turn for (thread,) in threads for turn in forget(connection, thread)]
    delete_prefix(connection, persons_shelf(person))
    return turns


def older_than(connection: sqlite3.Connection, when_s: float) -> list[str]:
    """The threads without a question since `when_s`."""
    rows = connection.execute("SELECT key FROM threads WHERE asked_s < ? ORDER BY asked_s", (when_s,))
    return [key for (key,) in rows]


def forget_older(connection: sqlite3.Connection, threads: list[str], when_s: float) -> int:
    """Forget those of `threads` in which nobody has asked meanwhile. Returns how many."""
    sql = "SELECT 1 FROM threads WHERE key = ? AND asked_s < ?"
    still = [thread for thread in threads if connection.execute(sql, (thread, when_s)).fetchone()]
    for thread in still:
        forget(connection, thread)
    return len(still)


def delete_doomed(connection: sqlite3.Connection, blobs: FolderBlobs) -> None:
    for (sha256,) in connection.execute(_NOBODYS).fetchall():
        blobs.remove(sha256)
    connection.execute("DELETE FROM doomed")


def _bury(connection: sqlite3.Connection, named: dict[str, str]) -> None:
    questions = connection.execute(f"SELECT id FROM questions WHERE turn IN {_TURNS}", named).fetchall()
    connection.executemany(
        "INSERT OR IGNORE INTO tombstones (question) VALUES (?)", [(tombstone(id),) for (id,) in questions]
    )
