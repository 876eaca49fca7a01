"""Under which name a model's answers are counted."""

from __future__ import annotations

from penstock.engine.run import known_as


def test_a_model_has_one_name_whatever_its_provider_calls_it() -> None:
    asked = "openai/gpt-4.1-mini"

    assert known_as("gpt-4.1-mini", asked) == asked
    assert known_as("gpt-4.1-mini-2025-04-14", asked) == asked
    assert known_as("", asked) == asked


def test_of_several_models_the_one_that_answered_is_counted() -> None:
    asked = "openai/gpt-4.1-mini, anthropic/claude-haiku-5-5"

    assert known_as("claude-haiku-5-5", asked) == "anthropic/claude-haiku-5-5"
    assert known_as("", asked) == asked
    assert known_as("gpt-4.1-mini", "openai/gpt-4.1-mini, openai/gpt-4.1") == "openai/gpt-4.1-mini"
    assert known_as("gpt-4.1-mini", "openai/gpt-4.1, openai/gpt-4.1-mini") == "openai/gpt-4.1-mini"


def test_a_model_that_is_somebody_elses_keeps_its_own_name() -> None:
    assert known_as("storyteller", "function/tell") == "storyteller"
    assert known_as("demo", "demo") == "demo"
