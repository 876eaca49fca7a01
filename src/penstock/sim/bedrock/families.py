"""The families of models behind InvokeModel: how each is asked, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from penstock.sim.answer import Answer
from penstock.sim.anthropic.events import Event
from penstock.sim.asked import Asked
from penstock.sim.bedrock import messages as of_messages
from penstock.sim.bedrock import prompts as of_prompts
from penstock.sim.steps import Hold


class Family(NamedTuple):
    read: Callable[[Any, str, bool], Asked]
    """Body, model, streamed. Raises Wrong."""
    chunks: Callable[[Answer, str], Iterable[Event | Hold]]
    whole: Callable[[Answer, str], dict[str, Any]]


FAMILIES = {
    "anthropic": Family(of_messages.read_anthropic, of_messages.anthropic, of_messages.anthropic_whole),
    "anthropic legacy": Family(
        of_prompts.read_legacy,
        of_prompts.legacy,
        lambda answer, model: of_prompts.legacy_end(answer, answer.text),
    ),
    "nova": Family(of_messages.read_nova, of_messages.nova, of_messages.nova_whole),
    "titan": Family(of_prompts.read_titan, of_prompts.titan, of_prompts.titan_whole),
    "llama": Family(of_prompts.read_llama, of_prompts.llama, of_prompts.llama_whole),
    "cohere": Family(of_prompts.read_cohere, of_prompts.cohere, of_prompts.cohere_whole),
    "mistral": Family(
        of_prompts.read_mistral,
        of_prompts.mistral,
        lambda answer, model: of_prompts.mistral_end(answer, answer.text),
    ),
}
