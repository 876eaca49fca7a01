"""The assistant file of a server that is to be killed: `penstock serve storyteller.py`.

It is the person's own program in that process, so it can kill the process from within, at a
moment that no clock could hit twice: so many SQL statements after the start.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from sqlite3 import Connection

from penstock import Assistant
from penstock.core.events import Event, Text
from tests.faults.story import HELD_BACK, Call, Folder, Script, story

FOLDER = Folder(Path(os.environ["STORY_FOLDER"]))
SCRIPT = FOLDER.script


async def tell(question: str) -> AsyncIterator[Event]:
    FOLDER.note(Call(question, SCRIPT.life, "called", time.monotonic()))
    chance = random.Random(f"{question} {SCRIPT.life}")
    go_on = _released() if question.startswith(HELD_BACK) else None
    words = 0
    for event in story(question):
        if type(event) is Text and (words := words + 1) == 4 and go_on:
            await go_on.wait()
        await asyncio.sleep(chance.random() * SCRIPT.pace_ms / 1000)
        yield event
    FOLDER.note(Call(question, SCRIPT.life, "told", time.monotonic()))


def _released() -> asyncio.Event:
    go_on = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, go_on.set)
    return go_on


# --- The end of this life -------------------------------------------------------


def killed_by(script: Script) -> Callable[[str], None]:
    """Called with every SQL statement before it is executed, in whichever thread that is."""
    left = script.nth

    def heard(statement: str) -> None:
        nonlocal left
        if script.statement is None or script.statement not in statement:
            return
        left -= 1
        if left == 0 and script.after_ms:
            threading.Timer(script.after_ms / 1000, _killed).start()
        elif left == 0:
            _killed()

    return heard


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _watch_sqlite(heard: Callable[[str], None]) -> None:
    """https://docs.python.org/3/library/sqlite3.html#sqlite3.connect, "Auditing events".

    The store opens the writer's connection first and the reader's next. A connection cannot be used
    inside its own event yet, so the writer's is taken hold of when the reader's is about to be made.
    """
    made: list[Connection] = []

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        match event, arguments:
            case "sqlite3.connect", _ if made:
                made.pop().set_trace_callback(heard)
            case "sqlite3.connect", _:
                # The port is taken by now: who knocks from here on waits and is not refused.
                os.write(1, b"knock\n")
            case "sqlite3.connect/handle", (Connection() as connection,):
                made.append(connection)

    sys.addaudithook(audit)


_watch_sqlite(killed_by(SCRIPT))
assistant = Assistant(model=tell)
