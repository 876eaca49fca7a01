"""The providers of models there are, by name: what the settings say in, a model out.

A new one is a function here and a line in PROVIDERS. Its adapter's file is imported when it is
asked for. Strangers enter by the entry point `penstock.models`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from penstock.core.ports import Model
from penstock.errors import ConfigError
from penstock.settings import Settings, aws_environ

if TYPE_CHECKING:
    from penstock.models.bedrock.converse import Converse
    from penstock.models.bedrock.invoke import Invoke

Builder = Callable[[str, Settings], Model]
"""Makes the model of that name, the one after `provider/`; it may be empty. Raises ConfigError."""


def build_openai(model: str, settings: Settings) -> Model:
    from penstock.models.http import Http
    from penstock.models.openai import BASE_URL, OpenAI

    if not model:
        raise ConfigError("Which of OpenAI's models? Name it: openai/gpt-4.1-mini, for example.")
    if not settings.openai_api_key and not settings.openai_base_url:
        raise ConfigError(
            f"The model openai/{model} needs OPENAI_API_KEY (or OPENAI_BASE_URL, for another server)."
        )
    return OpenAI(
        model,
        base_url=settings.openai_base_url or BASE_URL,
        api_key=settings.openai_api_key.reveal() or None,
        http=Http(connect_timeout_s=settings.connect_timeout_s),
        window_tokens=settings.window_tokens or None,
    )


def build_anthropic(model: str, settings: Settings) -> Model:
    from penstock.models.anthropic import BASE_URL, Anthropic
    from penstock.models.http import Http

    if not model:
        raise ConfigError("Which of Anthropic's models? Name it: anthropic/claude-haiku-5-5, for example.")
    if not settings.anthropic_api_key and not settings.anthropic_base_url:
        raise ConfigError(
            f"The model anthropic/{model} needs ANTHROPIC_API_KEY (or ANTHROPIC_BASE_URL, for another "
            "server)."
        )
    return Anthropic(
        model,
        base_url=settings.anthropic_base_url or BASE_URL,
        api_key=settings.anthropic_api_key.reveal() or None,
        http=Http(connect_timeout_s=settings.connect_timeout_s),
        caching=settings.prompt_caching,
        window_tokens=settings.window_tokens or None,
    )


def build_ollama(model: str, settings: Settings) -> Model:
    from penstock.models.http import Http
    from penstock.models.openai import OpenAI

    if not model:
        raise ConfigError("Which of Ollama's models? Name it: ollama/llama3.2, for example.")
    return OpenAI(
        model,
        base_url=f"{settings.ollama_url}/v1",
        provider="ollama",
        http=Http(connect_timeout_s=settings.connect_timeout_s),
        window_tokens=settings.window_tokens or None,
    )


def build_bedrock(model: str, settings: Settings) -> Model:
    from penstock.models.bedrock.converse import Converse

    return _bedrock(Converse, model, settings)


def build_bedrock_invoke(model: str, settings: Settings) -> Model:
    from penstock.models.bedrock.invoke import Invoke

    return _bedrock(Invoke, model, settings)


def _bedrock(api: type[Converse] | type[Invoke], model: str, settings: Settings) -> Model:
    from penstock import http
    from penstock.aws import credentials
    from penstock.aws.endpoints import endpoint
    from penstock.aws.http import Service
    from penstock.models.bedrock import Bedrock, ids
    from penstock.models.bedrock.guardrail import named as guardrail_named

    if not model:
        raise ConfigError(
            f"Which of Bedrock's models? Name it: {api.provider}/anthropic.claude-haiku-4-5-20251001-v1:0, "
            "for example, or an inference profile, or an ARN."
        )
    named = ids.parse(model, settings.bedrock_base_model)
    environ = aws_environ(settings)
    region = named.region or credentials.region(environ)
    url = endpoint("bedrock-runtime", region, environ)
    client = http.Client(connect_timeout_s=settings.connect_timeout_s)
    key = settings.bedrock_api_key.reveal()
    guardrail = guardrail_named(
        settings.bedrock_guardrail,
        mode=settings.bedrock_guardrail_mode,
        trace=settings.bedrock_guardrail_trace,
    )
    return Bedrock(
        named,
        api=api(named, guardrail=guardrail, caching=settings.prompt_caching),
        service=Service(
            "bedrock-runtime",
            # An endpoint of one's own may do without; a signature may not.
            region=region or "us-east-1",
            client=client,
            credentials=None if key else credentials.chain(environ, client),
            bearer=key,
            endpoint_url=url,
        ),
        owned=client,
        secret=key,
        window_tokens=settings.window_tokens or None,
    )


def build_demo(model: str, settings: Settings) -> Model:
    from penstock.models.demo import Demo

    return Demo()


PROVIDERS: dict[str, Builder] = {
    "bedrock": build_bedrock,
    "bedrock_invoke": build_bedrock_invoke,
    "anthropic": build_anthropic,
    "demo": build_demo,
    "ollama": build_ollama,
    "openai": build_openai,
}
