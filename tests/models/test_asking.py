"""What every provider is asked alike, whatever it calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.models import anthropic, openai
from penstock.models.asking import by_name
from penstock.models.bedrock.converse import Converse
from penstock.models.bedrock.ids import parse
from penstock.models.bedrock.invoke import Invoke
from penstock.models.messages.families import family_of
from penstock.models.messages.request import request
from penstock.models.pydantic_ai.model import settings

ASK = (Message("user", "Hi"),)
CLAUDE = "anthropic.claude-haiku-4-5-20251001-v1:0"


def json(body: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(body)
    return decoded


LIMITS: dict[str, Callable[[Prompt], object]] = {
    "openai": lambda prompt: json(openai.encode(prompt, "gpt-4o"))["max_tokens"],
    "anthropic": lambda prompt: json(
        anthropic.encode(request(prompt, family_of("claude-haiku-4-5")), "claude-haiku-4-5")
    )["max_tokens"],
    "bedrock": lambda prompt: json(Converse(parse(CLAUDE)).asked(prompt).body)["inferenceConfig"][
        "maxTokens"
    ],
    "claude by invoke": lambda prompt: json(Invoke(parse(CLAUDE)).asked(prompt).body)["max_tokens"],
    "llama by invoke": lambda prompt: json(Invoke(parse("meta.llama3-8b")).asked(prompt).body)["max_gen_len"],
    "pydantic_ai": lambda prompt: settings(prompt)["max_tokens"],
}


@pytest.mark.parametrize("provider", LIMITS)
def test_a_clients_limit_counts_before_the_owners_whatever_name_that_goes_by(provider: str) -> None:
    # Doors hand on a client's under `max_tokens`; the owner's stands in `model_options`.
    wishes: dict[str, object] = {"max_completion_tokens": 500, "max_tokens": 9}

    assert LIMITS[provider](Prompt(ASK, options=wishes)) == 9


@pytest.mark.parametrize("provider", LIMITS)
def test_a_limit_is_understood_by_its_newer_name_too(provider: str) -> None:
    wishes: dict[str, object] = {"max_completion_tokens": 500, "max_tokens": None}

    assert LIMITS[provider](Prompt(ASK, options=wishes)) == 500


def test_a_model_is_of_the_family_with_the_longest_name_that_its_own_begins_with() -> None:
    families = {"gpt-4": 1, "gpt-4o": 2, "o1": 3}

    assert by_name(families, "gpt-4o-mini") == 2
    assert by_name(families, "gpt-4-turbo") == 1
    assert by_name(families, "llama") is None
