"""What the storyteller tells: the same events for the same question, in every life of the server.

Every word names its question and its place, so that one that is lost, doubled or in another
answer shows. A question that begins with "hold" is told to its middle and then waits for a signal.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

from penstock.core.events import Cited, Event, Passage, Reasoning, Retracted, Status, Text, Usage

HELD_BACK = "hold"


class Script(msgspec.Struct, frozen=True):
    """How one life of the server goes.

    With `statement`, it kills itself `after_ms` after the `nth` SQL statement that contains these
    words has begun ("" stands for every statement; None: it does not kill itself).
    """

    life: int
    pace_ms: float = 4.0
    statement: str | None = None
    nth: int = 1
    after_ms: float = 0.0


class Call(msgspec.Struct, frozen=True):
    """A line of the model's own diary: it was called, or it has told all, at this monotonic time."""

    question: str
    life: int
    what: str
    at_s: float


class Folder:
    """Where the storyteller finds its script and keeps its diary."""

    def __init__(self, path: Path) -> None:
        self._script = path / "script.json"
        self._diary = path / "diary.jsonl"

    def hand_out(self, script: Script) -> None:
        self._script.write_bytes(msgspec.json.encode(script))

    @property
    def script(self) -> Script:
        return msgspec.json.decode(self._script.read_bytes(), type=Script)

    def note(self, call: Call) -> None:
        # One write to the end of the file: a kill leaves a line whole or not at all.
        with self._diary.open("ab", buffering=0) as diary:
            diary.write(msgspec.json.encode(call) + b"\n")

    @property
    def diary(self) -> list[Call]:
        lines = self._diary.read_bytes().splitlines() if self._diary.exists() else []
        return [msgspec.json.decode(line, type=Call) for line in lines]

    def calls(self, question: str) -> list[Call]:
        """Every time the model was asked this, in order."""
        return [call for call in self.diary if (call.question, call.what) == (question, "called")]


def story(question: str) -> list[Event]:
    return list(_told(question, random.Random(question)))


def _told(question: str, chance: random.Random) -> Iterator[Event]:
    count = 6 if question.startswith(HELD_BACK) else chance.choice([1, 10, 80, 200])
    if chance.random() < 0.5:
        yield Status("Thinking…")
    for n in range(chance.choice([0, 0, 4, 20])):
        yield Reasoning(f"{question}?{n} ")
    said = 0
    for n in range(count):
        word = f"{question}.{n}🚰 "
        yield Text(word)
        said += len(word)
        if n == count // 2 and count > 6:
            yield Cited(1, Passage(f"{question}.md", f"about {question}"))
            if chance.random() < 0.3:
                yield Retracted(said // 2, "on second thoughts")
    yield Usage("storyteller", input_tokens=len(question), output_tokens=count)
