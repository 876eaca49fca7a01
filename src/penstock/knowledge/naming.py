"""Who named which paths: the settings forget what they name no more; what `penstock index` read stays."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from penstock.knowledge.walk import is_below

By = Literal["hand", "settings"]
"""Who names the paths to read: `penstock index`, or the settings."""


def dropped(
    known: Iterable[str], named: Mapping[By, Sequence[str]], roots: Sequence[str], by: By
) -> list[str]:
    """The files to which only paths led that `by` names no more, now that it names `roots`."""
    former = [root for root in named[by] if root not in roots]
    kept = [*roots, *(root for other, theirs in named.items() if other != by for root in theirs)]
    return [path for path in known if is_below(path, former) and not is_below(path, kept)]


# --- I/O ----------------------------------------------------------------------


def read(db: sqlite3.Connection) -> dict[By, list[str]]:
    named: dict[By, list[str]] = {"hand": [], "settings": []}
    # An index of the first version, where nobody could write since, has no such table.
    if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'named'").fetchone():
        for path, by in db.execute("SELECT path, by FROM named"):
            named[by].append(path)
    return named


def write(db: sqlite3.Connection, roots: Sequence[str], by: By, *, alone: bool) -> None:
    """Remember the paths that are there; `alone`: instead of those that `by` named formerly."""
    if alone:
        db.execute("DELETE FROM named WHERE by = ?", (by,))
    for path in filter(_is_text, roots):
        if os.path.lexists(path):
            db.execute("INSERT OR IGNORE INTO named VALUES (?, ?)", (path, by))
        else:
            db.execute("DELETE FROM named WHERE path = ? AND by = ?", (path, by))


def _is_text(path: str) -> bool:
    """A name that is no UTF-8 text leads to no file that could be read, nor can SQLite keep it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
