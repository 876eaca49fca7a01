"""What an earlier process left, however it ended."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from penstock.core.question import File
from penstock.stores.sqlite import SqliteStore
from penstock.testing.clock import FakeClock
from penstock.testing.promises.vocabulary import (
    LEASE_S,
    THREAD,
    ask,
    claim,
    question,
    start,
    texts,
    turn_of,
    words,
)


async def test_a_new_process_takes_over_at_once_and_knows_how_long_to_keep_still(tmp_path: Path) -> None:
    clock = FakeClock()
    earlier = SqliteStore(tmp_path, clock=clock)
    await earlier.open()
    begun = await start(earlier)
    await earlier.close()

    for _ in range(2):
        store = SqliteStore(tmp_path, clock=clock)
        await store.open()
        await store.close()
    await store.open()
    taken = await claim(store)
    await store.close()

    assert taken.left_until_s == begun.until_s
    assert taken.turn.attempt == 2


async def killed_after(lines: int, program: str, folder: Path) -> list[str]:
    """What a process said before it was killed, at whatever it was doing after so many lines."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    said = [await process.stdout.readline() for _ in range(lines)]
    process.kill()
    rest = await process.stdout.read()
    await process.wait()
    return b"".join((*said, rest)).decode().splitlines()


_KILLED = """
import asyncio, sys
from pathlib import Path
from penstock.stores.sqlite import SqliteStore
from penstock.testing.promises.vocabulary import LEASE_S, ask, start, words

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    begun = await start(store)
    await store.turns.append([words(begun.lease, 1, "a", "b")], LEASE_S)
    await ask(store, "q2")
    print("asked both", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_what_was_received_outlives_a_killed_process(tmp_path: Path) -> None:
    assert await killed_after(1, _KILLED, tmp_path) == ["asked both"]

    store = SqliteStore(tmp_path)
    await store.open()
    taken = await claim(store)
    said = await texts(store, turn_of("q1"))
    repeat = await ask(store, "q2")
    await store.close()

    assert (taken.turn.id, taken.questions, said) == (turn_of("q1"), (question("q1"),), ["a", "b"])
    assert (repeat.repeat, repeat.ahead) == (True, 1)


_BUSY = """
import asyncio, sys
from pathlib import Path
from penstock.stores.sqlite import SqliteStore
from penstock.testing.promises.vocabulary import LEASE_S, end, start, words

async def talk(store, name):
    for n in range(10_000):
        id = f"{name}-{n}"
        begun = await start(store, id, thread=f"acme:web:{name}")
        print("asked", id, flush=True)
        await store.turns.append([words(begun.lease, 1, "a", "b")], LEASE_S)
        await end(store, begun.lease, 3, text="ab")
        print("ended", id, flush=True)

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    await asyncio.gather(*(talk(store, f"talk{n}") for n in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 40, 133, 700])
async def test_whatever_it_was_doing_when_it_was_killed_what_it_promised_is_kept(
    lines: int, tmp_path: Path
) -> None:
    said = [line.split() for line in await killed_after(lines, _BUSY, tmp_path)]
    # The last line may have been cut by the kill.
    whole = [words for words in said if len(words) == 2 and words[1].count("-") == 1][:-1]

    store = SqliteStore(tmp_path)
    await store.open()
    states = {id: (await store.turns.read(turn_of(id))).turn.state for _, id in whole}
    logs = {id: await texts(store, turn_of(id)) for verb, id in whole if verb == "ended"}
    check = await store.database.read(
        lambda connection: connection.execute("PRAGMA integrity_check").fetchone()
    )
    await store.close()

    assert all(states[id] == "done" for verb, id in whole if verb == "ended")
    assert all(log == ["a", "b"] for log in logs.values())
    assert check == ("ok",)


async def test_files_doomed_when_the_process_died_are_deleted_at_the_next_start(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    sha256 = await store.blobs.put(b"secret")
    await store.turns.receive(question(files=(File(sha256, "a", "text/plain", 6),)), "t1")
    await store.database.write(lambda connection: connection.execute("DELETE FROM files"))
    await store.database.write(
        lambda connection: connection.execute("INSERT INTO doomed VALUES (?)", (sha256,))
    )
    await store.close()

    await store.open()

    assert await store.blobs.get(sha256) is None
    await store.close()


async def test_forgotten_words_are_nowhere_in_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    begun = (await store.turns.receive(question(text="a secret wish"), "t1", lease_s=LEASE_S)).claim
    assert begun is not None
    await store.turns.append([words(begun.lease, 1, "a secret answer")], LEASE_S)
    await store.threads.forget(THREAD)
    await store.close()

    assert b"secret" not in (tmp_path / "penstock.db").read_bytes()
