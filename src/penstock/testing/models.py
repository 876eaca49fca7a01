"""Models that say what a test wrote down, when the test lets them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from penstock.core.events import Event, Finished, Text
from penstock.core.prompt import Prompt


class Hold:
    """In a script: wait until the test calls `go_on`."""


HOLD = Hold()

Line = Event | str | Exception | Hold
"""An event, words, an error to raise, or a place to wait."""


class ScriptedModel:
    """Plays one script for each time it is asked, and the last one again and again.

    `ScriptedModel(["Pa", HOLD, "ris"])` says "Pa", waits for `go_on()`, says "ris" and
    finishes. A script that ends with an error or an event of its own choice gets no
    `Finished` added; `cut=True` adds none anywhere.
    """

    def __init__(
        self, *scripts: Sequence[Line], name: str = "scripted", window_tokens: int = 8_000, cut: bool = False
    ) -> None:
        self.asked: list[Prompt] = []
        self.closed = 0
        self._scripts = [_finished(script) if not cut else list(script) for script in scripts]
        self._name = name
        self._window_tokens = window_tokens
        self._gate = asyncio.Semaphore(0)
        self._waiting = asyncio.Event()

    @property
    def name(self) -> str:
        return self._name

    @property
    def window_tokens(self) -> int:
        return self._window_tokens

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        script = self._scripts[min(len(self.asked), len(self._scripts) - 1)]
        self.asked.append(prompt)
        try:
            for line in script:
                match line:
                    case Hold():
                        self._waiting.set()
                        await self._gate.acquire()
                    case str():
                        yield Text(line)
                    case Exception():
                        raise line
                    case _:
                        yield line
        finally:
            self.closed += 1

    def go_on(self) -> None:
        self._gate.release()

    async def holding(self) -> None:
        """Return when it waits to be let on."""
        await self._waiting.wait()
        self._waiting.clear()


def _finished(script: Sequence[Line]) -> list[Line]:
    ends = script and isinstance(script[-1], Exception | Finished)
    return [*script] if ends else [*script, Finished()]
