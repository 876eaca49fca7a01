"""An Agent of pydantic-ai is a model: its text, its thoughts, and the names of the tools it uses.

The agent keeps its own instructions and tools, and runs them itself; ours come on top. Of a
tool only the name is shown, for its arguments and results may hold anything. Imported only
when there is an Agent; pydantic-ai 2.68 is needed.
https://pydantic.dev/docs/ai/core-concepts/agent/#streaming-all-events
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any, cast

from pydantic_ai import exceptions as theirs
from pydantic_ai.agent import AbstractAgent
from pydantic_ai.capabilities import ReinjectSystemPrompt
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.run import AgentRunResultEvent
from pydantic_ai.settings import ModelSettings

from penstock.core import fault
from penstock.core.events import Event
from penstock.core.prompt import Prompt, limit_of, stops_of, system_text
from penstock.errors import (
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
)
from penstock.models import asking, complaint
from penstock.models.complaint import Complaint
from penstock.models.hiding import NOTHING_HIDDEN, Hidden
from penstock.models.pydantic_ai.events import Reading

# What an agent holds whose model does not say.
_WINDOW_TOKENS = 128_000

# --- Wire: what it is asked -----------------------------------------------------

# What is called the same there; a limit and stop words are not.
_OPTIONS = ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty", "logit_bias")


def history(prompt: Prompt) -> list[ModelMessage]:
    """The thread before the question."""
    return [
        ModelRequest([UserPromptPart(line.text)])
        if line.role == "user"
        else ModelResponse([TextPart(line.text)])
        for line in prompt.messages[:-1]
    ]


def settings(prompt: Prompt) -> ModelSettings:
    wishes = prompt.options
    found = {name: wishes.get(name) for name in _OPTIONS}
    found |= {"max_tokens": limit_of(wishes), "stop_sequences": stops_of(wishes) or None}
    return cast(ModelSettings, {name: value for name, value in found.items() if value is not None})


# --- Wire: how it fails ---------------------------------------------------------


def error(
    exc: BaseException, who: str, *, begun: bool = False, hidden: Hidden = NOTHING_HIDDEN
) -> ModelError:
    """Their error as ours, by what the caller does next. Their words may quote people, and stay out.

    `begun`: words have come already, so that a connection that breaks is an answer cut off.
    """
    said = f"{who} failed with {type(exc).__name__}"
    match exc:
        case ModelError():
            return exc
        case theirs.FallbackExceptionGroup(exceptions=[*_, last]):
            return error(last, who, begun=begun, hidden=hidden)
        case theirs.ModelHTTPError(status_code=status):
            word = exc.provider_error_code or exc.provider_error_type or ""
            return complaint.error(
                Complaint(word=word, number=status), who=who, retry_after_s=exc.retry_after, hidden=hidden
            )
        case theirs.ModelRateLimitError() | theirs.ModelUnavailableError():
            return ModelBusy(said, retry_after_s=exc.retry_after)
        case theirs.ConcurrencyLimitExceeded():
            return ModelBusy(said)
        case theirs.ModelTimeoutError() | theirs.ModelRequestTimeout() | theirs.RunTimedOut():
            return ModelStalled(said)
        case theirs.ModelConnectionError() if begun:
            return ModelCut(said)
        case theirs.ModelConnectionError() | theirs.ModelServerError():
            return ModelUnreachable(said)
        case (
            theirs.ModelAuthenticationError()
            | theirs.ModelNotFoundError()
            | theirs.ModelQuotaExceededError()
            | theirs.UserError()
        ):
            return ModelMisconfigured(said)
        case theirs.ModelRequestRejectedError() | theirs.ContentFilterError() | theirs.UsageLimitExceeded():
            return ModelRefused(said)
        case _:
            # A tool's, say: its author needs the place.
            return ModelError(f"{who} failed with {fault.told(exc)}")


# --- I/O: as little as possible -----------------------------------------------------


class PydanticAgent:
    """An Agent as a model. `deps` is handed to its tools, as to `Agent.run`."""

    def __init__(self, agent: AbstractAgent[Any, Any], *, deps: Any = None, window_tokens: int = 0) -> None:
        self._agent = agent
        self._deps = deps
        model = agent.model
        self._name = f"pydantic-ai/{agent.name or getattr(model, 'model_name', model) or 'agent'}"
        self._window_tokens = window_tokens or getattr(model, "context_window", None) or _WINDOW_TOKENS

    @property
    def name(self) -> str:
        return self._name

    @property
    def window_tokens(self) -> int:
        return self._window_tokens

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        reading = Reading(self._name)
        with _translated(self._name, reading, prompt):
            # Leaving it cancels the run and waits until that is over.
            async with self._agent.run_stream_events(
                prompt.question,
                message_history=history(prompt),
                instructions=system_text(prompt) or None,
                model_settings=settings(prompt),
                deps=self._deps,
                # A system_prompt is otherwise sent only where there is no history.
                capabilities=[ReinjectSystemPrompt(id=None)],
                infer_name=False,
            ) as events:
                async for event in events:
                    if isinstance(event, AgentRunResultEvent):
                        for ours in reading.end(event.result, events.usage):
                            yield ours
                    else:
                        for ours in reading.events(event):
                            yield ours


@contextmanager
def _translated(who: str, reading: Reading, prompt: Prompt) -> Iterator[None]:
    """A stranger's errors become ours here, and nowhere else."""
    try:
        yield
    except Exception as exc:
        hidden = Hidden(said=asking.said(prompt))
        raise error(exc, who, begun=reading.has_spoken, hidden=hidden) from exc
