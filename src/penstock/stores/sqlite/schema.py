"""The tables, as a list of migrations: in order, forward only, each in one transaction.

`PRAGMA user_version` says how many have been applied. A migration that was released is
never edited; the next change is appended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from penstock.core.titles import title_of
from penstock.core.words import fold
from penstock.errors import StoreCorrupt

Migration = tuple[str | Callable[[sqlite3.Connection], None], ...]
"""Statements, and what SQL cannot say, that lead from one version to the next."""


class _Body(msgspec.Struct):
    """What this file needs of a question."""

    text: str


_decode_body = msgspec.json.Decoder(_Body).decode


def _entitle(connection: sqlite3.Connection) -> None:
    """Threads from before there were titles are called by their first question, and all can be found."""
    connection.create_function("penstock_fold", 1, fold)
    connection.create_function("penstock_text", 1, lambda body: _decode_body(body).text)
    connection.create_function("penstock_title", 1, lambda body: title_of(_decode_body(body).text))
    for statement in _ENTITLE:
        connection.execute(statement)


_ENTITLE = (
    """
    UPDATE threads SET title = coalesce((
        SELECT penstock_title(q.body) FROM turns t JOIN questions q ON q.turn = t.seq
        WHERE t.thread = threads.key ORDER BY t.seq, q.place LIMIT 1), '')
    """,
    "INSERT INTO findable SELECT key, 0, penstock_fold(title) FROM threads",
    """
    INSERT INTO findable SELECT t.thread, q.place, penstock_fold(penstock_text(q.body))
    FROM questions q JOIN turns t ON t.seq = q.turn ORDER BY q.place
    """,
)


MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE threads (
            key       TEXT NOT NULL PRIMARY KEY,
            tenant    TEXT NOT NULL,
            owner     TEXT NOT NULL,
            created_s REAL NOT NULL,
            asked_s   REAL NOT NULL          -- when the newest question came
        ) WITHOUT ROWID
        """,
        "CREATE INDEX threads_by_owner ON threads (tenant, owner)",
        "CREATE INDEX threads_by_age ON threads (asked_s)",
        # `seq` is the order in which turns came. `begins` is JSON: [[attempt, first number], ...].
        # `left_s`: until then, the last calls of a worker that vanished may still land.
        """
        CREATE TABLE turns (
            seq        INTEGER PRIMARY KEY,
            id         TEXT NOT NULL UNIQUE,
            thread     TEXT NOT NULL,
            tenant     TEXT NOT NULL,
            person     TEXT NOT NULL,
            asked_s    REAL NOT NULL,
            state      TEXT NOT NULL DEFAULT 'queued',
            stop_by    TEXT NOT NULL DEFAULT '',
            attempt    INTEGER NOT NULL DEFAULT 0,
            given_back INTEGER NOT NULL DEFAULT 0,
            fence      INTEGER NOT NULL DEFAULT 0,
            until_s    REAL NOT NULL DEFAULT 0,
            left_s     REAL NOT NULL DEFAULT 0,
            last       INTEGER NOT NULL DEFAULT 0,
            begins     TEXT NOT NULL DEFAULT '[]'
        )
        """,
        "CREATE INDEX turns_of_thread ON turns (thread)",
        "CREATE INDEX turns_unfinished ON turns (thread) WHERE state IN ('queued', 'running')",
        "CREATE INDEX turns_queued ON turns (seq) WHERE state = 'queued'",
        "CREATE INDEX turns_running ON turns (seq) WHERE state = 'running'",
        "CREATE INDEX turns_queued_of_person ON turns (tenant, person) WHERE state = 'queued'",
        """
        CREATE TABLE questions (
            place  INTEGER PRIMARY KEY,
            id     TEXT NOT NULL UNIQUE,
            turn   INTEGER NOT NULL,         -- turns.seq
            digest TEXT NOT NULL,
            body   BLOB NOT NULL
        )
        """,
        "CREATE INDEX questions_of_turn ON questions (turn)",
        # A row is a batch: events `first` to `last`. Appended in the order of time, so that all live
        # turns write to the same pages; the index finds a turn's rows again.
        """
        CREATE TABLE log (
            place   INTEGER PRIMARY KEY,
            turn    INTEGER NOT NULL,
            first   INTEGER NOT NULL,
            last    INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            version INTEGER NOT NULL,
            payload BLOB NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX log_of_turn ON log (turn, first)",
        "CREATE TABLE views (turn INTEGER PRIMARY KEY, view BLOB NOT NULL)",
        "CREATE TABLE files (question TEXT NOT NULL, sha256 TEXT NOT NULL)",
        "CREATE INDEX files_of_question ON files (question)",
        "CREATE INDEX files_by_content ON files (sha256)",
        # Files whose question was forgotten, until they are deleted from the folder, too.
        "CREATE TABLE doomed (sha256 TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID",
        # Hashes of the ids: an id may name a person.
        "CREATE TABLE tombstones (question BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE budgets (name TEXT NOT NULL PRIMARY KEY, full_again_s REAL NOT NULL) WITHOUT ROWID",
        # AUTOINCREMENT: a version never comes back, not even after the document was deleted.
        # Keys are UTF-8 bytes, so that a prefix ends before prefix + 0xff, whatever follows it.
        """
        CREATE TABLE shelf (
            version INTEGER PRIMARY KEY AUTOINCREMENT,
            key     BLOB NOT NULL UNIQUE,
            value   BLOB NOT NULL,
            until_s REAL NOT NULL            -- 0: for good
        )
        """,
        "CREATE INDEX shelf_by_end ON shelf (until_s) WHERE until_s > 0",
    ),
    (
        "ALTER TABLE threads ADD COLUMN title TEXT NOT NULL DEFAULT ''",
        # When it was put in the bin; 0: it is not there.
        "ALTER TABLE threads ADD COLUMN binned_s REAL NOT NULL DEFAULT 0",
        # In the order in which they are listed.
        "DROP INDEX threads_by_owner",
        "CREATE INDEX threads_by_owner ON threads (tenant, owner, asked_s)",
        "CREATE INDEX threads_in_bin ON threads (binned_s) WHERE binned_s > 0",
        # The titles (place 0) and questions of threads, folded as core/words.py does, so that SQLite
        # can search them alone, without Python's lock.
        "CREATE TABLE findable (thread TEXT NOT NULL, place INTEGER NOT NULL, folded TEXT NOT NULL)",
        "CREATE UNIQUE INDEX findable_of_thread ON findable (thread, place)",
        # 0: unfinished, or ended before ends were timed.
        "ALTER TABLE turns ADD COLUMN ended_s REAL NOT NULL DEFAULT 0",
        "ALTER TABLE turns ADD COLUMN replaces TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX turns_stopped ON turns (seq) WHERE state = 'stopped'",
        "CREATE INDEX turns_failed ON turns (seq) WHERE state = 'failed'",
        # 0: written before batches were timed.
        "ALTER TABLE log ADD COLUMN at_s REAL NOT NULL DEFAULT 0",
        _entitle,
    ),
)


def migrate(connection: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring the database to the newest version. Raises StoreCorrupt when it is newer, or not ours."""
    version = version_of(connection)
    if version > len(migrations):
        raise StoreCorrupt(
            f"The database was written by a newer Penstock (schema {version}, this one knows "
            f"{len(migrations)}): upgrade Penstock."
        )
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise StoreCorrupt("penstock.db belongs to another program: give Penstock a folder of its own.")
    for number, statements in enumerate(migrations[version:], start=version + 1):
        _apply(connection, number, statements)


def version_of(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _apply(connection: sqlite3.Connection, number: int, statements: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in statements:
            step(connection) if callable(step) else connection.execute(step)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
