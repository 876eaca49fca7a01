"""The file in which passages are kept: its tables, and how it is opened to read and to write.

It holds hardly anything that could not be read again from the documents, so an index of another version is
emptied and filled anew; only the first is carried on, which had all but `named`. Only a file that is ours is
touched.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from penstock.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked

VERSION = 2
"""Raised when the tables, the splitting (`loaders`) or the terms (`core.words`) change."""

_WITHOUT_NAMED = 1

# "PnKn", so that the index is told from any other database. https://www.sqlite.org/fileformat.html#application_id
_APPLICATION_ID = 0x506E4B6E
_WAIT_S = 30.0
_MAX_CHECKED_BYTES = 100_000_000

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
# The paths that were asked for, and by whom: "hand" (`penstock index`) or "settings".
_NAMED = """
CREATE TABLE named (
    path TEXT NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (path, by)
) STRICT, WITHOUT ROWID
"""
_NAMES = ("vocabulary", "words", "passages", "files", "named")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that only reads, or None when there is no index of ours yet."""
    if not path.is_file():
        yield None
        return
    with _translated(path), closing(_to_read(path)) as db:
        yield db if _is_ours(db, _WITHOUT_NAMED, VERSION) else None


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    with _translated(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(_connect(path, "rwc")) as db:
            _prepare(db, path)
            yield db


def check(path: Path) -> None:
    """Raises StoreCorrupt when the file is damaged anywhere: a question would be late to find out."""
    # It reads everything, at some hundred megabytes a second.
    if path.is_file() and path.stat().st_size > _MAX_CHECKED_BYTES:
        return
    with reading(path) as db:
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0] if db else "ok"
    if found != "ok":
        raise _damaged(path, found)


def discard(path: Path) -> None:
    """Delete the file, and what SQLite puts beside it."""
    with _translated(path):
        for ending in ("-wal", "-shm", "-journal", ""):
            path.with_name(path.name + ending).unlink(missing_ok=True)


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


def _is_ours(db: sqlite3.Connection, *versions: int) -> bool:
    return _pragma(db, "application_id") == _APPLICATION_ID and _pragma(db, "user_version") in versions


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables, or those that are missing; empty an index of another version."""
    if not _is_ours(db, VERSION):
        with transaction(db):
            if _is_ours(db, _WITHOUT_NAMED):
                _carry_on(db)
            elif not _is_ours(db, VERSION):
                _make(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")


def _carry_on(db: sqlite3.Connection) -> None:
    db.execute(_NAMED)
    db.execute(f"PRAGMA user_version = {VERSION}")


def _make(db: sqlite3.Connection, path: Path) -> None:
    anything = db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    if anything and _pragma(db, "application_id") != _APPLICATION_ID:
        raise StoreError(f"{path} is another program's database, not an index: name another file.")
    for name in _NAMES:
        db.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in (*_TABLES.split(";\n"), _NAMED):
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
        raise _of_system(error, path) from error


def _of_system(error: OSError, path: Path) -> StoreError:
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        taken = next((place for place in path.parents if place.is_file()), path.parent)
        return StoreError(
            f"{taken} is a file, and should be a folder: move it away, or name another folder with --data."
        )
    return StoreError(f"{path} cannot be made ({error.strerror}): name another folder with --data.")


def _ours(error: sqlite3.Error, path: Path) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return StoreFull(f"There is no space left to write {path}: make room, then index again.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLocked(f"Another program has held {path} for {_WAIT_S:.0f} seconds: try again.")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return _damaged(path, str(error))
    return StoreError(f"{path} cannot be used: {error}.")


def _damaged(path: Path, why: str) -> StoreCorrupt:
    return StoreCorrupt(f"{path} is damaged ({' '.join(why.split())}): delete it, then index again.")
