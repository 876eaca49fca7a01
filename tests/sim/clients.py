"""The unmodified clients, asking a simulator."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import anthropic
import boto3  # type: ignore[import-untyped]
import openai
from botocore.config import Config  # type: ignore[import-untyped]

from penstock.sim import Simulation

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}


@functools.cache
def session() -> Any:
    """One for all tests, because it reads megabytes."""
    return boto3.Session(aws_access_key_id="any", aws_secret_access_key="any", region_name="us-east-1")


@contextmanager
def boto(simulation: Simulation, *, read_timeout_s: float = 30, tries: int = 1) -> Iterator[Any]:
    """boto3's client for bedrock-runtime, which blocks: for a thread."""
    config = Config(read_timeout=read_timeout_s, retries={"total_max_attempts": tries, "mode": "standard"})
    with closing(session().client("bedrock-runtime", endpoint_url=simulation.url, config=config)) as client:
        yield client


class Heard(NamedTuple):
    """What came of a stream: its events, and what it ended with."""

    events: list[dict[str, Any]]
    error: Exception | None = None

    @property
    def text(self) -> str:
        found = (event.get("contentBlockDelta", {}).get("delta", {}).get("text") for event in self.events)
        return "".join(filter(None, found))

    def of(self, type: str) -> list[Any]:
        return [event[type] for event in self.events if type in event]

    @property
    def usage(self) -> dict[str, int]:
        (metadata,) = self.of("metadata")
        usage: dict[str, int] = metadata["usage"]
        return usage


async def converse(
    simulation: Simulation, question: str = "?", *, read_timeout_s: float = 30, tries: int = 1, **request: Any
) -> Heard:
    """ConverseStream, read to its end."""

    def ask() -> Heard:
        events: list[dict[str, Any]] = []
        with boto(simulation, read_timeout_s=read_timeout_s, tries=tries) as client:
            try:
                response = client.converse_stream(
                    **{"modelId": CLAUDE, "messages": [user(question)], **request}
                )
                with closing(response["stream"]) as stream:
                    events.extend(stream)
            except Exception as exc:
                return Heard(events, exc)
        return Heard(events)

    return await asyncio.to_thread(ask)


async def call(simulation: Simulation, operation: str, **request: Any) -> Any:
    """An operation that is not streamed."""

    def ask() -> Any:
        with boto(simulation) as client:
            response = getattr(client, operation)(**request)
            if operation == "invoke_model":
                return json.loads(response["body"].read())
            return response

    return await asyncio.to_thread(ask)


async def invoke(simulation: Simulation, model: str, body: object) -> list[dict[str, Any]]:
    """The chunks of InvokeModelWithResponseStream."""

    def ask() -> list[dict[str, Any]]:
        with boto(simulation) as client:
            response = client.invoke_model_with_response_stream(modelId=model, body=json.dumps(body))
            with closing(response["body"]) as stream:
                return [json.loads(event["chunk"]["bytes"]) for event in stream]

    return await asyncio.to_thread(ask)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def of_openai(simulation: Simulation, *, tries: int = 1, timeout_s: float = 30) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"{simulation.url}/v1", api_key="any", max_retries=tries - 1, timeout=timeout_s
    )


def of_anthropic(
    simulation: Simulation, *, tries: int = 1, timeout_s: float = 30
) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(
        base_url=simulation.url, api_key="any", max_retries=tries - 1, timeout=timeout_s
    )
