"""The default store: one SQLite file in a folder, owned by one process.

Questions are on the disk when `receive` returns. The logs of all live turns are written
together, about every 100 ms, and less often when there are many. database.py has the threads
and transactions, schema.py the tables; the other files are one subject each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from penstock.stores.folder import FolderBlobs
from penstock.stores.sqlite.database import Database
from penstock.stores.sqlite.shelf import SqliteBudgets, SqliteShelf
from penstock.stores.sqlite.threads import SqliteThreads
from penstock.stores.sqlite.turns import SqliteTurns


class SqliteStore:
    """`busy_s` is how long to wait for another program that holds the file, before StoreLocked."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time, busy_s: float = 5.0) -> None:
        self.database = Database(folder, busy_s=busy_s)
        self.blobs = FolderBlobs(folder / "blobs")
        self.turns = SqliteTurns(self.database, clock)
        self.threads = SqliteThreads(self.database, self.blobs, clock)
        self.shelf = SqliteShelf(self.database, clock)
        self.budgets = SqliteBudgets(self.database, clock)

    async def open(self) -> None:
        await self.database.open()
        try:
            await self.turns.take_back()
            await self.threads.delete_doomed()
        except BaseException:
            await self.database.close()
            raise

    async def close(self) -> None:
        await self.database.close()
