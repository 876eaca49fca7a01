"""What a simulated API has to know: its requests, its words for an answer, its words for what goes wrong."""

from __future__ import annotations

from typing import Protocol

from penstock.sim.answer import Answer
from penstock.sim.asked import Asked, Request
from penstock.sim.steps import Say, Steps


class Call(Protocol):
    """A request that is understood, and its API's words for an answer."""

    @property
    def asked(self) -> Asked: ...
    def streamed(self, answer: Answer) -> Steps: ...
    def whole(self, answer: Answer) -> Steps: ...


class Api(Protocol):
    """For one request: its id, where the API gives one, is part of it."""

    def call(self, request: Request) -> Call | Steps:
        """The call it makes, or the response if there is nothing to ask a model. Raises Wrong."""

    def refused(self, kind: str, message: str = "", *, retry_after_s: float | None = None) -> Steps | None:
        """The whole response, or nothing if that is not what the API refuses."""

    def interrupted(self, kind: str) -> Say | None:
        """What is said within the stream."""
