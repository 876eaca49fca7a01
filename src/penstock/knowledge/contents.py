"""What an index holds, for its owner: every document with when it was read, and what could not be."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from penstock.knowledge import indexing, naming, tables
from penstock.knowledge.walk import Broken

# A page that names more than these helps nobody.
_MOST_DOCUMENTS = 5_000

_DOCUMENTS = """
SELECT files.source, files.path, count(passages.id), files.size, files.read_ns / 1e9
FROM files LEFT JOIN passages ON passages.file = files.id
GROUP BY files.id ORDER BY files.source, files.path LIMIT ?
"""


class Document(msgspec.Struct, frozen=True):
    """`source` is what readers are shown; `read_s` is when it was last read."""

    source: str
    path: str
    passages: int
    size_bytes: int
    read_s: float


class Named(msgspec.Struct, frozen=True):
    """A file or folder that was asked for, by "settings" or by "hand" (`penstock index`)."""

    path: str
    by: str


class Unread(msgspec.Struct, frozen=True):
    """What could not be read when this process last looked."""

    path: str
    reason: str


class Contents(msgspec.Struct, frozen=True):
    """`files` counts the documents, of which the first few thousand are listed, by their source."""

    files: int = 0
    passages: int = 0
    documents: tuple[Document, ...] = ()
    named: tuple[Named, ...] = ()
    broken: tuple[Unread, ...] = ()


@runtime_checkable
class Listing(Protocol):
    """A Knowledge that can say what it holds, as our own can; the port asks nobody to."""

    async def contents(self) -> Contents:
        """Raises StoreError."""
        ...


def read(db: sqlite3.Connection, broken: Sequence[Broken]) -> Contents:
    with tables.snapshot(db):
        (files,) = db.execute("SELECT count(*) FROM files").fetchone()
        return Contents(
            files=files,
            passages=indexing.count(db),
            documents=tuple(Document(*row) for row in db.execute(_DOCUMENTS, (_MOST_DOCUMENTS,))),
            named=tuple(Named(path, by) for by, paths in naming.read(db).items() for path in paths),
            broken=unread(broken),
        )


def unread(broken: Sequence[Broken]) -> tuple[Unread, ...]:
    return tuple(Unread(*one) for one in broken)
