"""An Agent of pydantic-ai behind the official SDKs, simulated: an answer that was cut off is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anthropic
import openai
import pytest
from pydantic_ai import Agent
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.bedrock import BedrockProvider
from pydantic_ai.providers.openai import OpenAIProvider

from penstock.core.events import Event, Finished
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.core.turn import fold
from penstock.errors import ModelCut, ModelError
from penstock.models.pydantic_ai import PydanticAgent
from penstock.sim import Bedrock, OpenAI, Simulation, simulate
from penstock.sim.simulator import Simulator
from tests.models.test_pydantic_ai import until_it_breaks
from tests.sim.clients import boto

SAID = "Zürich is the largest city of Switzerland, and lies at the end of a lake."
CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"


async def heard(model: Model, asked: str) -> tuple[list[Event], ModelError | None]:
    prompt = Prompt((Message("user", f"Where is Zürich? [simulate: {asked}]" if asked else "Where?"),))
    return await until_it_breaks(PydanticAgent(Agent(model)).stream(prompt))


async def at_openai(simulation: Simulation, asked: str) -> tuple[list[Event], ModelError | None]:
    async with openai.AsyncOpenAI(base_url=f"{simulation.url}/v1", api_key="any", max_retries=0) as client:
        return await heard(OpenAIChatModel("gpt-4.1", provider=OpenAIProvider(openai_client=client)), asked)


async def at_anthropic(simulation: Simulation, asked: str) -> tuple[list[Event], ModelError | None]:
    async with anthropic.AsyncAnthropic(base_url=simulation.url, api_key="any", max_retries=0) as client:
        provider = AnthropicProvider(anthropic_client=client)
        return await heard(AnthropicModel("claude-sonnet-5", provider=provider), asked)


async def at_bedrock(simulation: Simulation, asked: str) -> tuple[list[Event], ModelError | None]:
    with boto(simulation) as client:
        provider = BedrockProvider(bedrock_client=client)
        return await heard(BedrockConverseModel(CLAUDE, provider=provider), asked)


Ask = Callable[[Simulation, str], Awaitable[tuple[list[Event], ModelError | None]]]
PROVIDERS = pytest.mark.parametrize(
    ("simulator", "ask"),
    [(OpenAI, at_openai), (OpenAI, at_anthropic), (Bedrock, at_bedrock)],
    ids=["openai", "anthropic", "bedrock"],
)


@PROVIDERS
async def test_an_answer_that_its_provider_ends_is_whole(simulator: type[Simulator], ask: Ask) -> None:
    async with simulate(simulator(say=SAID)) as simulation:
        events, error = await ask(simulation, "")

    assert error is None
    assert fold(events).text == SAID
    assert events[-1] == Finished()


@PROVIDERS
@pytest.mark.parametrize("fault", ["half-frame:4", "end-early", "cut:1500"])
async def test_half_an_answer_is_cut_off_and_not_complete(
    simulator: type[Simulator], ask: Ask, fault: str
) -> None:
    async with simulate(simulator(say=SAID)) as simulation:
        events, error = await ask(simulation, fault)

    assert type(error) is ModelCut
    assert (said := fold(events).text)
    assert SAID.startswith(said)
    assert not any(isinstance(event, Finished) for event in events)
