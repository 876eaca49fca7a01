"""Passages of local files, kept in an SQLite file of their own and found by full-text search.

The file is opened for each question: that costs less than a millisecond, sees a new index at once, and lets
another process write meanwhile (WAL).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from penstock.core.events import Passage
from penstock.core.words import keywords
from penstock.knowledge import contents, indexing, naming, ranking, tables
from penstock.knowledge.contents import Contents
from penstock.knowledge.indexing import Progress, Report
from penstock.knowledge.walk import Broken

# Enough for a page of small print; the rarest words of a longer question decide.
_MAX_KEYWORDS = 400
_MAX_SOUGHT = 48
# From how many passages, by SQLite's own ranking, the best are chosen.
_CANDIDATES = 60


class Local:
    """Fills `core.ports.Knowledge`. The file at `path` need not exist: then nothing is found."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._broken: tuple[Broken, ...] = ()

    async def search(self, query: str, limit: int) -> list[Passage]:
        # Most assistants have no index, and no question should wait for a thread to learn that.
        if not self.path.exists():
            return []
        return await asyncio.to_thread(self._search, query, limit)

    def index(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> Report:
        """Bring the index up to date with the files below `paths`; what lies elsewhere stays as it is.

        Safe while others search. Raises StoreError when the index itself cannot be written.
        """
        return self._noted(indexing.index(self.path, paths, progress))

    def keep(self, paths: Iterable[str | os.PathLike[str]], *, alone: bool) -> Report:
        """The same for the paths that the settings name; `alone`: what they named formerly is forgotten."""
        return self._noted(indexing.index(self.path, paths, lambda _: None, by="settings", alone=alone))

    def _noted(self, report: Report) -> Report:
        self._broken = report.broken
        return report

    def named_by_settings(self) -> list[str]:
        """The paths that the settings named when they were last read. Raises StoreError."""
        with tables.reading(self.path) as db:
            return naming.read(db)["settings"] if db else []

    def check(self) -> None:
        """Raises StoreCorrupt when the index is damaged anywhere."""
        tables.check(self.path)

    def discard(self) -> None:
        """Delete the index. Raises StoreError when that cannot be."""
        tables.discard(self.path)

    def passages(self) -> int:
        """How many passages there are to search."""
        with tables.reading(self.path) as db:
            return indexing.count(db) if db else 0

    async def contents(self) -> Contents:
        """What is indexed, and what could not be when this was last asked to. Raises StoreError."""
        return await asyncio.to_thread(self._contents)

    def _contents(self) -> Contents:
        with tables.reading(self.path) as db:
            return contents.read(db, self._broken) if db else Contents(broken=contents.unread(self._broken))

    def _search(self, query: str, limit: int) -> list[Passage]:
        wanted = keywords(query)
        if not wanted or limit < 1:
            return []
        with tables.reading(self.path) as db:
            return _best(db, dict(list(wanted.items())[:_MAX_KEYWORDS]), limit) if db else []


# --- Wire: words into a query, rows into passages -----------------------------


def match(wanted: Mapping[str, float], known: Iterable[str]) -> str:
    """The FTS5 query for any of the weightiest words that the index knows.

    Terms hold only letters and digits, and are quoted, so nothing in a question is taken for syntax.
    """
    sought = sorted(known, key=lambda word: (-wanted[word], word))[:_MAX_SOUGHT]
    return " OR ".join(f'"{word}"' for word in sought)


def ranked(wanted: Mapping[str, float], rows: Iterable[tuple[str, str, str, str, str, int]]) -> list[Passage]:
    """The rows that fit, best first, each text once; equals in the order of their sources."""
    scored = sorted(
        (-ranking.score(wanted, above.split(), within.split()), source, place, heading, text)
        for source, heading, text, above, within, place in rows
    )
    found: dict[str, Passage] = {}
    for score, source, _, heading, text in scored:
        if score < 0:
            found.setdefault(text, Passage(source=source, text=text, heading=heading, score=round(-score, 4)))
    return list(found.values())


# --- I/O ----------------------------------------------------------------------

_CANDIDATE_ROWS = """
WITH best AS MATERIALIZED (
    SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 4.0, 1.0), rowid LIMIT ?
)
SELECT files.source, passages.heading, passages.text, words.heading, words.body, passages.place
FROM best JOIN passages ON passages.id = best.rowid
JOIN words ON words.rowid = best.rowid
JOIN files ON files.id = passages.file
"""


def _best(db: sqlite3.Connection, keywords: Mapping[str, float], limit: int) -> list[Passage]:
    with tables.snapshot(db):
        known = dict(_known(db, keywords))
        if not known:
            return []
        wanted = ranking.weights(keywords, known, indexing.count(db))
        rows = db.execute(_CANDIDATE_ROWS, (match(wanted, known), max(_CANDIDATES, 3 * limit)))
        return ranked(wanted, rows)[:limit]


def _known(db: sqlite3.Connection, keywords: Iterable[str]) -> Iterator[tuple[str, int]]:
    for word in keywords:
        yield from db.execute("SELECT term, doc FROM vocabulary WHERE term = ?", (word,))
