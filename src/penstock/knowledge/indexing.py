"""Bringing an index up to date: what is new or changed is read, what is gone is forgotten.

A file is unchanged when its size and time are, or else its bytes. What cannot be read is reported
and not quoted any more; it stops nothing else.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePath
from typing import Literal, NamedTuple

from penstock.core.words import terms
from penstock.knowledge import loaders, naming, tables
from penstock.knowledge.loaders import Piece, Unreadable
from penstock.knowledge.naming import By
from penstock.knowledge.walk import Broken, File, Found, find, is_below, said

MAX_FILE_BYTES = 5_000_000

# One transaction writes this many files: few syncs, and other writers wait less than a second.
_BATCH_FILES = 100
# A file may change twice within one tick of its clock (2 s on FAT), so a time that was this fresh when
# the file was read proves nothing.
_TICK_NS = 2_000_000_000


class Progress(NamedTuple):
    """`done` of `total` files are looked at; `path` is the last one."""

    done: int
    total: int
    path: str


class Report(NamedTuple):
    """What an indexing did, each file once, by its path.

    `passed_over` counts files that are no documents, by their names; `passages` is how many the
    index holds now, from these paths and all others.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    broken: tuple[Broken, ...]
    passed_over: int
    passages: int


def index(
    path: Path,
    paths: Iterable[str | os.PathLike[str]],
    progress: Callable[[Progress], None],
    *,
    by: By = "hand",
    alone: bool = False,
) -> Report:
    """`alone`: what `by` named formerly is forgotten, unless somebody else named it, too.

    Raises StoreError when the index itself cannot be written.
    """
    found = find(paths)
    with tables.writing(path) as db:
        known = _known(db)
        changes = _changes(found.files, known, progress)
        did: list[_Change] = []
        while batch := list(islice(changes, _BATCH_FILES)):
            with tables.transaction(db):
                for change in batch:
                    _write(db, change)
            did += [change._replace(pieces=()) for change in batch]
        with tables.transaction(db):
            gone = _gone(known, found)
            if alone:
                gone += naming.dropped(known, naming.read(db), found.roots, by)
            for file in gone:
                _remove(db, file)
            naming.write(db, found.roots, by, alone=alone)
        return _report(did, gone, found, count(db))


def count(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM passages").fetchone()[0])


class _Known(NamedTuple):
    """A file as it was when it was last read."""

    size: int
    mtime_ns: int
    read_ns: int
    sha256: bytes
    source: str


class _Change(NamedTuple):
    """What has become of a file. "seen" is the same text at another time; only new text has pieces."""

    file: File
    kind: Literal["added", "changed", "seen", "unchanged", "broken"]
    read_ns: int = 0
    sha256: bytes = b""
    pieces: tuple[Piece, ...] = ()
    why: str = ""


def _changes(
    files: list[File], known: Mapping[str, _Known], progress: Callable[[Progress], None]
) -> Iterator[_Change]:
    for number, file in enumerate(files, 1):
        yield _change(file, known.get(file.path))
        progress(Progress(number, len(files), file.path))


def _change(file: File, known: _Known | None) -> _Change:
    if known and _is_same(file, known):
        return _Change(file, "unchanged")
    if file.size > MAX_FILE_BYTES:
        why = f"it is too large ({file.size / 1e6:.1f} MB; at most {MAX_FILE_BYTES / 1e6:.0f} MB are read)"
        return _Change(file, "broken", why=why)
    read_ns = time.time_ns()
    try:
        data = _read(file.path)
        digest = hashlib.sha256(data).digest()
        if known and digest == known.sha256:
            return _Change(file, "seen", read_ns, digest)
        pieces = tuple(loaders.load(data, file.path))
    except OSError as error:
        return _Change(file, "broken", why=said(error))
    except Unreadable as error:
        return _Change(file, "broken", why=str(error))
    return _Change(file, "changed" if known else "added", read_ns, digest, pieces)


def _is_same(file: File, known: _Known) -> bool:
    settled = known.mtime_ns < known.read_ns - _TICK_NS
    before = (known.size, known.mtime_ns, known.source)
    return settled and before == (file.size, file.mtime_ns, file.source)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        # It may have grown since its size was looked at.
        return file.read(MAX_FILE_BYTES)


def _gone(known: Mapping[str, _Known], found: Found) -> list[str]:
    there = {file.path for file in found.files}
    return [path for path in known if path not in there and is_below(path, found.roots)]


def _report(did: list[_Change], gone: list[str], found: Found, passages: int) -> Report:
    def those(*kinds: str) -> tuple[str, ...]:
        return tuple(change.file.path for change in did if change.kind in kinds)

    broken = [Broken(change.file.path, change.why) for change in did if change.kind == "broken"]
    # A path that was asked for and is no more is no fault if its files were known: they count as removed.
    broken += [
        fault
        for fault in found.broken
        if os.path.lexists(fault.path) or not any(is_below(path, (fault.path,)) for path in gone)
    ]
    return Report(
        added=those("added"),
        changed=those("changed"),
        unchanged=those("unchanged", "seen"),
        removed=tuple(gone),
        broken=tuple(sorted(broken)),
        passed_over=found.passed_over,
        passages=passages,
    )


# --- I/O ----------------------------------------------------------------------


def _known(db: sqlite3.Connection) -> dict[str, _Known]:
    rows = db.execute("SELECT path, size, mtime_ns, read_ns, sha256, source FROM files")
    return {path: _Known(*rest) for path, *rest in rows}


def _write(db: sqlite3.Connection, change: _Change) -> None:
    match change.kind:
        case "broken":
            _remove(db, change.file.path)
        case "seen":
            db.execute(
                "UPDATE files SET size = ?, mtime_ns = ?, read_ns = ?, source = ? WHERE path = ?",
                (
                    change.file.size,
                    change.file.mtime_ns,
                    change.read_ns,
                    change.file.source,
                    change.file.path,
                ),
            )
        case "added" | "changed":
            _remove(db, change.file.path)
            _add(db, change)


def _remove(db: sqlite3.Connection, path: str) -> None:
    for (file,) in db.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchall():
        db.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM passages WHERE file = ?)", (file,))
        db.execute("DELETE FROM passages WHERE file = ?", (file,))
        db.execute("DELETE FROM files WHERE id = ?", (file,))


def _add(db: sqlite3.Connection, change: _Change) -> None:
    file = change.file
    (number,) = db.execute(
        "INSERT INTO files (path, source, size, mtime_ns, read_ns, sha256)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (file.path, file.source, file.size, file.mtime_ns, change.read_ns, change.sha256),
    ).fetchone()
    name = PurePath(file.path).stem
    for place, piece in enumerate(change.pieces):
        (passage,) = db.execute(
            "INSERT INTO passages (file, place, heading, text) VALUES (?, ?, ?, ?) RETURNING id",
            (number, place, piece.heading, piece.text),
        ).fetchone()
        db.execute(
            "INSERT INTO words (rowid, heading, body) VALUES (?, ?, ?)",
            (passage, _terms(f"{name} {piece.heading}"), _terms(piece.text)),
        )


def _terms(text: str) -> str:
    return " ".join(terms(text))
