"""Which model answers, and the model of that name.

Several names, separated by commas, are one model that falls back in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from penstock.assistant.providers import PROVIDERS
from penstock.core.ports import Model
from penstock.errors import ConfigError
from penstock.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.agent import AbstractAgent

Given: TypeAlias = "str | Model | Callable[[Any], Any] | AbstractAgent[Any, Any]"
"""What a program may hand over as its model."""


class Choice(NamedTuple):
    """Which model answers, and why that one, in words for people. `given`: the program made it itself."""

    name: str
    why: str
    given: bool = False


async def chosen(settings: Settings) -> Choice:
    if settings.model:
        return Choice(", ".join(names(settings.model)), "the settings name it")
    if settings.openai_api_key:
        return Choice("openai/gpt-4.1-mini", "OPENAI_API_KEY is set and no model is named")
    if settings.openai_base_url:
        raise ConfigError(
            "OPENAI_BASE_URL is set, but no model is named. Name one: --model openai/NAME, or model in "
            "penstock.toml."
        )
    if settings.anthropic_api_key:
        return Choice("anthropic/claude-haiku-5-5", "ANTHROPIC_API_KEY is set and no model is named")
    from penstock.models import ollama

    models = await ollama.models_at(settings.ollama_url)
    if models:
        where = settings.ollama_url
        return Choice(f"ollama/{models[0]}", f"no model is named, and Ollama answers at {where}")
    why = "no model is named, neither OPENAI_API_KEY nor ANTHROPIC_API_KEY is set, and "
    if models is not None:
        return Choice("demo", f"{why}Ollama has no model: `ollama pull` one")
    return Choice("demo", f"{why}no Ollama answers")


def build_model(name: str, settings: Settings) -> Model:
    """The model of that name, or of these. Raises ConfigError with the names there are."""
    match [_provided(one, settings) for one in names(name)]:
        case [model]:
            return model
        case models:
            return _fallback(models, settings)


def names(model: str) -> list[str]:
    """The names in `model = "anthropic/…, openai/…"`, each once."""
    return list(dict.fromkeys(_slashed(name.strip()) for name in model.split(",") if name.strip()))


def check_names(settings: Settings) -> None:
    """Raises ConfigError when the settings name a model of a provider that there is not."""
    there = {*PROVIDERS, *(point.name for point in entry_points(group="penstock.models"))}
    providers = [name.partition("/")[0] for name in names(settings.model)]
    if unknown := [provider for provider in providers if provider not in there]:
        raise ConfigError("\n".join(map(_no_provider, unknown)))


def given_model(given: Any, settings: Settings) -> Model:
    """What a program hands over, as a Model; several fall back in their order. Raises ConfigError."""
    match given:
        case str():
            return build_model(given, settings)
        case list() | tuple():
            return _fallback([given_model(one, settings) for one in given], settings)
        case _ if callable(getattr(given, "stream", None)):
            model: Model = given
            return model
        case _ if is_agent(given):
            return _agent(given)
    from penstock.models.function import Function

    return Function(given)


def _agent(agent: AbstractAgent[Any, Any]) -> Model:
    try:
        from penstock.models.pydantic_ai import PydanticAgent
    except ImportError as exc:
        raise ConfigError("This pydantic-ai is too old: 2.68 or newer is needed.") from exc
    return PydanticAgent(agent)


def is_agent(thing: object) -> bool:
    """Whether it is an Agent of pydantic-ai, which need not be installed for the question."""
    return any(
        kind.__name__ == "AbstractAgent" and kind.__module__.startswith("pydantic_ai.")
        for kind in type(thing).__mro__
    )


def _provided(name: str, settings: Settings) -> Model:
    provider, _, model = name.partition("/")
    if provider in PROVIDERS:
        return PROVIDERS[provider](model, settings)
    for point in entry_points(group="penstock.models", name=provider):
        built: Model = point.load()(model)
        return built
    raise ConfigError(_no_provider(provider))


def _no_provider(provider: str) -> str:
    others = sorted(point.name for point in entry_points(group="penstock.models"))
    return (
        f"There is no model provider {provider!r}. There are: {', '.join([*sorted(PROVIDERS), *others])}. "
        "A model is named provider/name, for example openai/gpt-4.1-mini."
    )


def _fallback(models: list[Model], settings: Settings) -> Model:
    from penstock.models.fallback import Fallback

    return Fallback(models, first_token_s=settings.first_token_timeout_s)


def _slashed(name: str) -> str:
    """`openai:gpt-…` is `openai/gpt-…`; a colon after the slash is the model's own (ollama/llama3:8b)."""
    provider, colon, model = name.partition(":")
    return f"{provider}/{model}" if colon and "/" not in provider else name
