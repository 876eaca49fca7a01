"""What can go wrong around the file: each is one sentence and its remedy, and nothing is half-written."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from penstock.core.events import Text
from penstock.core.ports import Batch
from penstock.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked, StoreTaken
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.translation import translated
from penstock.testing.promises.vocabulary import (
    LEASE_S,
    THREAD,
    ask,
    start,
    texts,
    turn_of,
    words,
)


async def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A process of its own, so that it can be killed, or limited."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- Who may open it ----------------------------------------------------------


async def test_a_second_engine_on_one_file_is_refused(tmp_path: Path) -> None:
    first, second = SqliteStore(tmp_path), SqliteStore(tmp_path)
    await first.open()

    with pytest.raises(StoreTaken, match="in use by another Penstock: stop that one"):
        await second.open()

    await first.close()
    await second.open()
    await second.close()


async def test_the_file_is_free_again_after_a_failed_start(tmp_path: Path) -> None:
    (tmp_path / "penstock.db").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(StoreCorrupt, match="put a backup in its place"):
        await SqliteStore(tmp_path).open()

    (tmp_path / "penstock.db").unlink()
    store = SqliteStore(tmp_path)
    await store.open()
    await store.close()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="file is a file, and should be a folder: move it away"):
        await SqliteStore(tmp_path / "file" / "store").open()
    with pytest.raises(StoreError, match="file is a file, and should be a folder: move it away"):
        await SqliteStore(tmp_path / "file").open()


def test_a_disk_that_is_read_only_is_told_as_what_it_is(tmp_path: Path) -> None:
    read_only = translated(OSError(errno.EROFS, "Read-only file system"), tmp_path / "penstock.db")

    assert "read-only" in str(read_only)
    assert "another folder with --data" in str(read_only)


async def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "penstock.db").mkdir()

    with pytest.raises(StoreError, match=r"penstock\.db cannot be opened for writing"):
        await SqliteStore(tmp_path).open()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(StoreError, match="let this user write"):
        asyncio.run(SqliteStore(tmp_path).open())


# --- A full disk --------------------------------------------------------------


async def test_a_full_database_refuses_whole_calls_and_works_again_when_there_is_room(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "before")], LEASE_S)
    await _limit_pages(store, 1)

    with pytest.raises(StoreFull, match="no space left"):
        await store.turns.append(
            [words(begun.lease, 2, "small"), words(begun.lease, 3, "x" * 100_000)], LEASE_S
        )
    with pytest.raises(StoreFull):
        await ask(store, "q2", text="y" * 100_000)
    assert await texts(store, turn_of("q1")) == ["before"]
    assert await store.threads.turns_after(THREAD) == [turn_of("q1")]

    await _limit_pages(store, 1_000_000)
    await store.turns.append([words(begun.lease, 2, "x" * 100_000)], LEASE_S)
    assert not (await ask(store, "q2", text="y" * 100_000)).repeat
    await store.close()


async def _limit_pages(store: SqliteStore, pages: int) -> None:
    """SQLite keeps what is there when that is more."""
    await store.database.write(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    )


# The largest size of a file stands in for a full disk: the operating system refuses the write.
_FULL = """
import asyncio, resource, sys
from pathlib import Path
from penstock.errors import StoreFull
from penstock.stores.sqlite import SqliteStore
from penstock.stores.sqlite.translation import translated
from penstock.testing.promises.vocabulary import LEASE_S, ask, start, texts, turn_of, words

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    begun = await start(store)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
    written = 0
    try:
        while True:
            await store.turns.append([words(begun.lease, written + 1, "x" * 50_000)], LEASE_S)
            written += 1
    except StoreFull as exc:
        print("refused:", exc)
    try:
        await ask(store, "q2", text="y" * 100_000)
    except StoreFull:
        print("refused again")
    try:
        await store.blobs.put(b"z" * 1_000_000)
    except StoreFull:
        print("and files, too")
    assert len(await texts(store, turn_of("q1"))) == written
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await store.turns.append([words(begun.lease, written + 1, "x" * 50_000)], LEASE_S)
    assert not (await ask(store, "q2", text="y" * 100_000)).repeat
    await store.close()
    await store.open()
    assert len(await texts(store, turn_of("q1"))) == written + 1
    await store.close()
    print("works again")

asyncio.run(main())
"""


async def test_a_disk_that_takes_no_more_is_told_and_survived(tmp_path: Path) -> None:
    full = await run(_FULL, tmp_path)

    assert full.stderr == ""
    first, *rest = full.stdout.splitlines()
    assert first.startswith("refused: There is no space left for")
    assert rest == ["refused again", "and files, too", "works again"]


# --- Held by somebody else, or damaged ----------------------------------------


async def test_a_locked_database_is_told_and_works_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, busy_s=0.05)
    await store.open()
    begun = await start(store)

    with closing(sqlite3.connect(store.database.file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreLocked, match="held by another program: close that"):
            await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
        with pytest.raises(StoreLocked):
            await ask(store, "q2")
        assert await texts(store, turn_of("q1")) == [], "reading goes on"

    await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
    assert not (await ask(store, "q2")).repeat
    await store.close()


async def test_a_database_locked_at_the_start_is_told(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, busy_s=0.05)
    await store.open()
    await store.close()

    with closing(sqlite3.connect(tmp_path / "penstock.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreLocked):
            await store.open()

    await store.open()
    await store.close()


async def test_a_database_damaged_in_the_middle_is_told(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    begun = await start(store)
    await store.turns.append([Batch(begun.lease, 1, [Text("x" * 100) for _ in range(500)])], LEASE_S)
    await store.close()
    file = tmp_path / "penstock.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    with pytest.raises(StoreCorrupt, match="damaged"):
        await store.open()


async def test_a_batch_that_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "a")], LEASE_S)
    await store.database.write(lambda connection: connection.execute("UPDATE log SET payload = x'7b'"))

    with pytest.raises(StoreCorrupt, match="damaged"):
        await store.turns.read(turn_of("q1"))

    await store.close()
