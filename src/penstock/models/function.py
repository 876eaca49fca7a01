"""Any async generator function is a model: it is given the question and yields words or events.

Bring your own: a chain, an agent, another SDK. Its clean end is its end mark; an `async def`
that returns one text will do, too. Of what it raises the log gets kind and place, and nobody
its words, because they may hold anything.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from penstock.core import fault
from penstock.core.events import (
    Event,
    Failed,
    Finished,
    Restarted,
    Stopped,
    Text,
    Unknown,
    Waiting,
)
from penstock.core.prompt import Prompt
from penstock.errors import ConfigError, ModelError

Answering = Callable[[Any], AsyncIterator[str | Event] | Awaitable[str]]
"""Takes the Prompt, or only the question's text if its parameter is annotated `str`."""

# These are the engine's to say.
_NOT_A_MODELS = (Failed, Restarted, Stopped, Unknown, Waiting)

# --- Wire: plain data in, plain data out --------------------------------------


def decode(piece: object, who: str) -> Event | None:
    """What the function yielded, as an event; None when it is an empty text. Raises ModelError."""
    match piece:
        case "":
            return None
        case str():
            return Text(_whole(piece, who))
        case _ if isinstance(piece, Event) and not isinstance(piece, _NOT_A_MODELS):
            return piece
    raise ModelError(f"{who} yielded {type(piece).__name__}: text or a model's events are wanted")


def _whole(text: str, who: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ModelError(f"{who} yielded half a character (a lone surrogate)") from None
    return text


def wants_text(fn: Answering) -> bool:
    """Raises ConfigError when this function cannot be asked anything."""
    if inspect.isgeneratorfunction(fn):
        raise ConfigError("A model function must not block: write it with `async def`.")
    try:
        parameters = list(inspect.signature(fn).parameters.values())
        inspect.signature(fn).bind(object())
    except (TypeError, ValueError):
        raise ConfigError(
            "A model function takes one argument: the Prompt, or the question as str."
        ) from None
    return parameters[0].annotation in (str, "str")


# --- I/O: as little as possible -----------------------------------------------


class Function:
    """A model made of a function.

    The window is generous, because only the function knows what it does with a long prompt.
    """

    def __init__(self, fn: Answering, *, name: str = "", window_tokens: int = 128_000) -> None:
        self._fn = fn
        self._wants_text = wants_text(fn)
        self._name = f"function/{name or getattr(fn, '__name__', type(fn).__name__)}"
        self._window_tokens = window_tokens

    @property
    def name(self) -> str:
        return self._name

    @property
    def window_tokens(self) -> int:
        return self._window_tokens

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        with _translated(self._name):
            async with AsyncExitStack() as stack:
                async for piece in await self._pieces(prompt, stack):
                    event = decode(piece, self._name)
                    if event is not None:
                        yield event
                    if type(event) is Finished:
                        return
            yield Finished()

    async def _pieces(self, prompt: Prompt, stack: AsyncExitStack) -> AsyncIterator[object]:
        answer = self._fn(prompt.question if self._wants_text else prompt)
        if inspect.isawaitable(answer):
            return _once(await answer)
        # Whoever stops reading us stops the function, too.
        if (close := getattr(answer, "aclose", None)) is not None:
            stack.push_async_callback(close)
        return answer


async def _once(text: object) -> AsyncIterator[object]:
    yield text


@contextmanager
def _translated(who: str) -> Iterator[None]:
    """A stranger's errors become ours here, and nowhere else."""
    try:
        yield
    except ModelError:
        raise
    except Exception as exc:
        raise ModelError(f"{who} failed with {fault.told(exc)}") from exc
