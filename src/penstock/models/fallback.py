"""Several models as one: the next is asked while nothing of an answer has been shown.

Once there are words it is too late to change the voice, and a failure goes up. Whatever
a model failed of, another may do better: it is not busy, has another key, holds more, or minds
the question less. Each change is noted in the turn's log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from penstock.core.events import Event, Noted, Usage
from penstock.core.ports import Model
from penstock.core.prompt import Prompt
from penstock.errors import ConfigError, ModelBusy, ModelCut, ModelError, ModelStalled

log = logging.getLogger("penstock.models")

# --- The rules ----------------------------------------------------------------


def is_shown(event: Event) -> bool:
    """Whether a reader sees it, or the end of the answer by it."""
    return not isinstance(event, Noted | Usage)


def most_hopeful(errors: Sequence[ModelError]) -> ModelError:
    """Of what all models said, that after which asking again is soonest worth it; of equals the first."""
    return min(errors, key=_hopelessness)


def _hopelessness(error: ModelError) -> tuple[bool, bool, float]:
    # One that was silent may come back, but waiting for it has cost its time already.
    wait_s = error.retry_after_s if isinstance(error, ModelBusy) else None
    return not error.try_again, isinstance(error, ModelStalled), wait_s or 0.0


# --- I/O: as little as possible -----------------------------------------------


class Fallback:
    """Tries its models in order, each time from the first one on.

    `first_token_s` is what the engine allows all of them together: every model but the last may
    be silent for its share of it, the last for what is left.
    """

    def __init__(self, models: Sequence[Model], *, first_token_s: float = 60.0) -> None:
        if not models:
            raise ConfigError("No model is named. Name one: openai/gpt-4.1-mini, for example.")
        self._models = tuple(models)
        self._share_s = first_token_s / len(models)

    @property
    def name(self) -> str:
        return ", ".join(model.name for model in self._models)

    @property
    def window_tokens(self) -> int:
        """The smallest, because the prompt is made once and any of them may have to answer it."""
        return min(model.window_tokens for model in self._models)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        errors: list[ModelError] = []
        for model, other in zip(self._models, (*self._models[1:], None), strict=True):
            shown = False
            try:
                async with aclosing(_begun(model, prompt, self._share_s if other else None)) as events:
                    async for event in events:
                        shown = shown or is_shown(event)
                        yield event
                return
            except ModelError as exc:
                if shown:
                    raise
                errors.append(exc)
            if other is not None:
                yield _changed(model, other, errors[-1])
        if len(errors) > 1:
            pairs = zip(self._models, errors, strict=True)
            said = ", ".join(f"{model.name} {exc.code}" for model, exc in pairs)
            log.warning("every model failed before its first word", extra={"errors": said})
        raise most_hopeful(errors)

    async def close(self) -> None:
        """Close them all, also when one cannot be closed."""
        async with AsyncExitStack() as stack:
            for model in self._models:
                if (close := getattr(model, "close", None)) is not None:
                    stack.push_async_callback(close)


def _changed(model: Model, other: Model, error: ModelError) -> Noted:
    tried = {"from": model.name, "to": other.name, "error": error.code}
    log.warning("a model failed before its first word; asking the next", extra={**tried, "why": str(error)})
    return Noted("fallback", {**tried})


async def _begun(model: Model, prompt: Prompt, patience_s: float | None) -> AsyncGenerator[Event]:
    """What the model says. Raises ModelStalled and ModelCut for one that says nothing to anybody."""
    loop = asyncio.get_running_loop()
    until_s = None if patience_s is None else loop.time() + patience_s
    async with _closing(model.stream(prompt)) as events:
        while (event := await _next(events, until_s)) is not None:
            yield event
            if is_shown(event):
                async for later in events:
                    yield later
                return
    raise ModelCut(f"{model.name} ended its stream without saying anything")


async def _next(events: AsyncIterator[Event], until_s: float | None) -> Event | None:
    try:
        async with asyncio.timeout_at(until_s) as patience:
            return await anext(events, None)
    except TimeoutError:
        if patience.expired():
            raise ModelStalled("it said nothing in its share of the time before the first word") from None
        raise


@asynccontextmanager
async def _closing(events: AsyncIterator[Event]) -> AsyncIterator[AsyncIterator[Event]]:
    """Close what the model opened: a model that is left must not go on and be paid for."""
    try:
        yield events
    finally:
        if (close := getattr(events, "aclose", None)) is not None:
            await close()
