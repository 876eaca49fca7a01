"""OpenAI's API and Anthropic's, simulated at one address: their paths and headers tell them apart."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from penstock.sim.answer import some_id
from penstock.sim.anthropic import AnthropicDesk
from penstock.sim.asked import Request
from penstock.sim.manner import Clerk, Manner
from penstock.sim.openai_chat import OpenAIDesk


class OpenAI(Manner, frozen=True, kw_only=True):
    """For `simulate`, and behind `penstock sim openai`. Speaks Anthropic's API as well."""

    kind: ClassVar[str] = "openai"

    def clerk(self, request: Request) -> Clerk:
        id = some_id(Random(f"{self.seed} {request.path} {request.body!r}"))
        is_anthropic = request.path.startswith("/v1/messages") or "anthropic-version" in request.headers
        return AnthropicDesk(f"req_{id}") if is_anthropic else OpenAIDesk(f"req_{id}")
