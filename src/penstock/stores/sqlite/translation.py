"""SQLite's errors become ours here, and nowhere else: one sentence and its remedy."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import msgspec

from penstock.errors import PenstockError, StoreCorrupt, StoreError, StoreFull, StoreLocked

_FULL = "There is no space left for {file}: free some. Nothing was half-written."
_LOCKED = "{file} is held by another program: close that (a database browser, a backup) and try again."
_CORRUPT = "{file} is damaged or not a database: put a backup in its place, or move it away to begin anew."
_NO_FOLDER = "{taken} is a file, and should be a folder: move it away, or name another folder with --data."
_READ_ONLY = "{file} lies where nothing can be written (read-only): name another folder with --data."
_FORBIDDEN = "{file} cannot be opened for writing: let this user write in its folder."

# By primary result code: https://www.sqlite.org/rescode.html
_BY_CODE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFull, _FULL),
    sqlite3.SQLITE_BUSY: (StoreLocked, _LOCKED),
    sqlite3.SQLITE_LOCKED: (StoreLocked, _LOCKED),
    sqlite3.SQLITE_PROTOCOL: (StoreLocked, _LOCKED),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, _CORRUPT),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, _CORRUPT),
    sqlite3.SQLITE_READONLY: (StoreError, _FORBIDDEN),
    sqlite3.SQLITE_CANTOPEN: (StoreError, _FORBIDDEN),
    sqlite3.SQLITE_PERM: (StoreError, _FORBIDDEN),
}
# What SQLite says when a quota, or a limit on a file's size, is reached; only ENOSPC is SQLITE_FULL.
_NO_ROOM = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})


def translated(error: Exception, file: Path) -> Exception:
    """Our error for SQLite's; ours, and faults of the program, stay what they are."""
    match error:
        case PenstockError():
            return error
        case sqlite3.Error():
            ours = _ours(error, file)
        case msgspec.DecodeError():
            ours = StoreCorrupt(_CORRUPT.format(file=file))
        case OSError():
            ours = _of_system(error, file)
        case _:
            return error
    ours.__cause__ = error
    return ours


def _of_system(error: OSError, file: Path) -> StoreError:
    match error.errno:
        case errno.EEXIST | errno.ENOTDIR:
            taken = next((place for place in file.parents if place.is_file()), file.parent)
            return StoreError(_NO_FOLDER.format(taken=taken))
        case errno.EROFS:
            return StoreError(_READ_ONLY.format(file=file))
        case errno.ENOSPC | errno.EDQUOT:
            return StoreFull(_FULL.format(file=file))
    return StoreError(
        f"{file} cannot be used ({error.strerror}): let this user write in its folder, or name another with "
        "--data."
    )


def _ours(error: sqlite3.Error, file: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _NO_ROOM:
        return StoreFull(_FULL.format(file=file))
    # The low byte is the primary code, the rest says more about it.
    kind, sentence = _BY_CODE.get(code & 0xFF, (StoreError, "{file} could not be used: " + str(error) + "."))
    return kind(sentence.format(file=file))
