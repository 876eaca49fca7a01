"""The file and the two threads that touch it: one writes, the other reads.

Every job that waits for the writer goes into one transaction, so that questions that
arrive together share one flush to the disk. Each job has a savepoint of its own: one
that fails hurts no other. A job runs to its end even if its caller has gone.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

import filelock

from penstock.errors import StoreError, StoreTaken
from penstock.stores.sqlite.schema import migrate
from penstock.stores.sqlite.translation import translated

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# The first with RETURNING.
_OLDEST_SQLITE = (3, 35)

# How many jobs share a transaction: enough to share a flush, few enough that nobody waits long.
_MOST_WRITES = 256
_MOST_READS = 16


class _Job(Generic[T_co]):
    """Something to do with a connection, and who waits for what comes of it."""

    __slots__ = ("_act", "_error", "_future", "_result", "durable", "loop")

    def __init__(self, act: Callable[[sqlite3.Connection], T_co], durable: bool) -> None:
        self.loop = asyncio.get_running_loop()
        self.durable = durable
        self._act = act
        self._future: asyncio.Future[T_co] = self.loop.create_future()
        self._error: Exception | None = None

    @property
    def future(self) -> asyncio.Future[T_co]:
        return self._future

    def run(self, connection: sqlite3.Connection, file: Path) -> Exception | None:
        try:
            self._result = self._act(connection)
        except Exception as exc:
            self._error = translated(exc, file)
            return exc
        return None

    def fail(self, error: Exception) -> None:
        self._error = error

    def settle(self) -> None:
        if self._future.done():
            return
        if self._error:
            self._future.set_exception(self._error)
        else:
            self._future.set_result(self._result)


_Queue = SimpleQueue[_Job[object] | None]
"""None is the end."""


class Database:
    def __init__(self, folder: Path, *, busy_s: float = 5.0) -> None:
        self.folder = folder
        self.file = folder / "penstock.db"
        self._busy_s = busy_s
        self._held = ExitStack()
        self._queues: tuple[_Queue, _Queue] | None = None
        self._threads: list[threading.Thread] = []

    async def open(self) -> None:
        if self._queues:
            return
        writer, reader, self._held = await asyncio.to_thread(self._connect)
        writes: _Queue = SimpleQueue()
        reads: _Queue = SimpleQueue()
        self._queues = writes, reads
        self._threads = [
            threading.Thread(target=self._write_all, args=(writer, writes), name="sqlite-write", daemon=True),
            threading.Thread(target=self._read_all, args=(reader, reads), name="sqlite-read", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    async def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        if not self._queues:
            return
        queues, self._queues = self._queues, None
        for queue in queues:
            queue.put(None)
        await asyncio.shield(asyncio.to_thread(self._let_go))

    async def write(self, act: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """What `act` returns, once it is committed; with `durable`, once it would survive a power cut."""
        job = _Job(act, durable)
        self._opened()[0].put(job)
        return await job.future

    async def read(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """What `act` returns; everything it reads is of one moment."""
        job = _Job(act, durable=False)
        self._opened()[1].put(job)
        return await job.future

    def _opened(self) -> tuple[_Queue, _Queue]:
        if not self._queues:
            raise StoreError(f"The store in {self.folder} is closed: open it first.")
        return self._queues

    # --- Opening and closing ---------------------------------------------------

    def _connect(self) -> tuple[sqlite3.Connection, sqlite3.Connection, ExitStack]:
        """Both connections, and what closes them and lets go of the lock."""
        refuse_if_too_old(sqlite3.sqlite_version_info)
        with ExitStack() as held:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                held.enter_context(self._lock())
                # Left in the reverse order: the reader's connection closes first, so that the
                # writer's is the last one and folds the write-ahead log into the file.
                writer = held.enter_context(closing(self._connection()))
                _prepare_writer(writer)
                migrate(writer)
                reader = held.enter_context(closing(self._connection()))
                reader.execute("PRAGMA query_only = ON")
                reader.execute(_CACHE)
            except filelock.Timeout:
                raise StoreTaken(
                    f"{self.folder} is in use by another Penstock: stop that one, or give this one "
                    "a folder of its own."
                ) from None
            except Exception as exc:
                raise translated(exc, self.file) from exc
            return writer, reader, held.pop_all()

    def _lock(self) -> filelock.BaseFileLock:
        # Taken in one thread and let go in another, so it must not be thread-local.
        return filelock.FileLock(self.folder / "penstock.lock", timeout=0, thread_local=False)

    def _connection(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.file,
            timeout=self._busy_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )

    def _let_go(self) -> None:
        for thread in self._threads:
            thread.join()
        self._held.close()

    # --- In the threads --------------------------------------------------------

    def _write_all(self, connection: sqlite3.Connection, queue: _Queue) -> None:
        synchronous = ""
        for jobs in _groups(queue, _MOST_WRITES):
            wanted = "FULL" if any(job.durable for job in jobs) else "NORMAL"
            if wanted != synchronous:
                # SQLite ignores this inside a transaction.
                connection.execute(f"PRAGMA synchronous = {wanted}")
                synchronous = wanted
            self._run(connection, "BEGIN IMMEDIATE", jobs)
            _deliver(jobs)

    def _read_all(self, connection: sqlite3.Connection, queue: _Queue) -> None:
        for jobs in _groups(queue, _MOST_READS):
            self._run(connection, "BEGIN", jobs)
            _deliver(jobs)

    def _run(self, connection: sqlite3.Connection, begin: str, jobs: list[_Job[object]]) -> None:
        try:
            connection.execute(begin)
            for job in jobs:
                self._run_one(connection, job)
            connection.execute("COMMIT")
        except Exception as exc:
            # Nothing of this group was kept: even what was refused may have been, in view of the rest.
            for job in jobs:
                job.fail(translated(exc, self.file))
            _roll_back(connection)

    def _run_one(self, connection: sqlite3.Connection, job: _Job[object]) -> None:
        connection.execute("SAVEPOINT job")
        error = job.run(connection, self.file)
        if error:
            if not connection.in_transaction:
                # A full disk and its like: SQLite has rolled everything back on its own.
                raise error
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")


def refuse_if_too_old(version: tuple[int, ...]) -> None:
    if version < _OLDEST_SQLITE:
        raise StoreError(
            f"This Python brings SQLite {'.'.join(map(str, version))}: use one with SQLite 3.35 or newer."
        )


# In KiB, negative as SQLite wants it. Its default of 2 MB for each connection would be most of what a
# hundred open streams cost, and the system keeps the pages anyway.
_CACHE = "PRAGMA cache_size = -256"


def _prepare_writer(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(_CACHE)
    # What is forgotten is overwritten, not only unlinked.
    connection.execute("PRAGMA secure_delete = ON")
    # After a burst, the write-ahead log gives its space back.
    connection.execute("PRAGMA journal_size_limit = 67108864")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # SQLite rolls back by itself after an error this grave.


def _groups(queue: _Queue, most: int) -> Iterable[list[_Job[object]]]:
    """All jobs that wait, up to `most`, again and again until the end."""
    while job := queue.get():
        jobs = [job]
        try:
            while len(jobs) < most and (job := queue.get_nowait()):
                jobs.append(job)
        except Empty:
            pass
        yield jobs
        if job is None:
            return


def _deliver(jobs: list[_Job[object]]) -> None:
    """Hand the results back with one wake-up per event loop."""
    for loop in {job.loop for job in jobs}:
        theirs = [job for job in jobs if job.loop is loop]
        try:
            loop.call_soon_threadsafe(_settle, theirs)
        except RuntimeError:
            pass  # That loop is closed: nobody waits any more.


def _settle(jobs: list[_Job[object]]) -> None:
    for job in jobs:
        job.settle()
