"""The file in which passages are kept: its tables, and how it is opened to read and to write.

It holds nothing that could not be read again from the documents, so there are no migrations: an index
of another version is emptied and filled anew. Only a file that is ours is touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from penstock.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked

VERSION = 1
"""Raised when the tables, the splitting (`loaders`) or the terms (`core.words`) change."""

# "PnKn", so that the index is told from any other database. https://www.sqlite.org/fileformat.html#application_id
_APPLICATION_ID = 0x506E4B6E
_WAIT_S = 30.0

# `words` gets text whose terms were found by us, with spaces between them; the ascii tokenizer leaves all
# that is not ASCII as it is. https://www.sqlite.org/fts5.html#ascii_tokenizer
_TABLES = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    read_ns INTEGER NOT NULL,
    sha256 BLOB NOT NULL
) STRICT;
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES files (id),
    place INTEGER NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX passages_of_file ON passages (file);
CREATE VIRTUAL TABLE words USING fts5 (heading, body, tokenize = 'ascii');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);
"""
_NAMES = ("vocabulary", "words", "passages", "files")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that only reads, or None when there is no index of ours yet."""
    if not path.is_file():
        yield None
        return
    with _translated(path), closing(_to_read(path)) as db:
        yield db if _is_ours(db) else None


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    with _translated(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(_connect(path, "rwc")) as db:
            _prepare(db, path)
            yield db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """Everything read within is of one moment, whoever writes meanwhile."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=_WAIT_S, isolation_level=None)


def _to_read(path: Path) -> sqlite3.Connection:
    db = _connect(path, "ro")
    try:
        db.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        db.close()
        # Where nobody can write (a container image), SQLite cannot make the files that readers and
        # writers share, and need not. https://www.sqlite.org/wal.html#read_only_databases
        if error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            return _connect(path, "ro&immutable=1")
        raise
    return db


def _is_ours(db: sqlite3.Connection) -> bool:
    return _pragma(db, "application_id") == _APPLICATION_ID and _pragma(db, "user_version") == VERSION


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables; empty an index of another version."""
    if not _is_ours(db):
        with transaction(db):
            if not _is_ours(db):
                _make(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")


def _make(db: sqlite3.Connection, path: Path) -> None:
    anything = db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    if anything and _pragma(db, "application_id") != _APPLICATION_ID:
        raise StoreCorrupt(f"{path} is another program's database, not an index: name another file.")
    for name in _NAMES:
        db.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in _TABLES.split(";\n"):
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {VERSION}")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's errors become ours here, each with its remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise _ours(error, path) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror or error}.") from error


def _ours(error: sqlite3.Error, path: Path) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return StoreFull(f"There is no space left to write {path}: make room, then index again.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLocked(f"Another program has held {path} for {_WAIT_S:.0f} seconds: try again.")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StoreCorrupt(f"{path} is damaged ({error}): delete it, then index again.")
    return StoreError(f"{path} cannot be used: {error}.")
