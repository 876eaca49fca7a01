"""OpenAI's API and Anthropic's, simulated at one address: their paths and headers tell them apart."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from penstock.sim.answer import some_id
from penstock.sim.anthropic import AnthropicApi
from penstock.sim.api import Api
from penstock.sim.asked import Request
from penstock.sim.openai.api import OpenAIApi
from penstock.sim.simulator import Simulator


class OpenAI(Simulator, frozen=True, kw_only=True):
    """For `simulate`, and behind `penstock sim openai`. Speaks Anthropic's API as well."""

    kind: ClassVar[str] = "openai"

    def api(self, request: Request) -> Api:
        id = some_id(Random(f"{self.seed} {request.path} {request.body!r}"))
        is_anthropic = request.path.startswith("/v1/messages") or "anthropic-version" in request.headers
        return AnthropicApi(f"req_{id}") if is_anthropic else OpenAIApi(f"req_{id}")
