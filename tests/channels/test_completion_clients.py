"""The official openai clients, for Python and for Node, read what the HTTP channel writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import openai
import pytest

from penstock.channels.http import BEAT, Completion, models, refusal, whole
from penstock.core.events import Cited, Event, Failed, Finished, Passage, Reasoning, Text, Usage
from penstock.core.turn import fold
from penstock.errors import TooManyQueued
from tests.channels.official_clients import Page, run, serving
from tests.channels.turn_logs import TURN, log

EVENTS = (
    Reasoning("Hm"),
    Text("Grüße aus "),
    Text("Paris 🙂\u2028"),
    Cited(1, Passage("a.md", "…", "France")),
    Usage("m", 3, 4),
    Finished("length"),
)
TEXT = "Grüße aus Paris 🙂\u2028"
ASKED: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "?"}]}


def streamed(*events: Event) -> bytes:
    completion = Completion(TURN, "demo", 17, include_usage=True)
    return completion.opening() + BEAT + b"".join(completion.encode([e]) for e in log(*events))


@contextmanager
def answering(page: Page) -> Iterator[str]:
    pages: Mapping[str, Page] = {
        "/v1/chat/completions": page,
        "/v1/models": Page(models(["demo", "openai:gpt"], 17), "application/json"),
    }
    with serving(pages) as url:
        yield f"{url}/v1"


@contextmanager
def python_client(page: Page) -> Iterator[openai.OpenAI]:
    with answering(page) as url, openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client:
        yield client


def node_client(page: Page, **request: Any) -> Any:
    with answering(page) as url:
        return run("openai.mjs", {"baseURL": url, "request": {**ASKED, **request}})


def test_python_reads_a_stream() -> None:
    with python_client(Page(streamed(*EVENTS))) as client:
        chunks = list(client.chat.completions.create(**ASKED, stream=True))

    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == TEXT
    assert deltas[1].model_dump()["reasoning_content"] == "Hm"
    assert chunks[-2].choices[0].finish_reason == "length"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 7


def test_pythons_helper_puts_the_answer_together() -> None:
    with (
        python_client(Page(streamed(*EVENTS[:-1], Finished()))) as client,
        client.chat.completions.stream(**ASKED, stream_options={"include_usage": True}) as stream,
    ):
        completion = stream.get_final_completion()

    assert completion.choices[0].message.content == TEXT


def test_python_reads_an_answer_in_one_piece() -> None:
    with python_client(Page(whole(fold(EVENTS), TURN, "demo", 17), "application/json")) as client:
        completion = client.chat.completions.create(**ASKED)

    assert completion.choices[0].message.content == TEXT
    assert completion.model_dump()["penstock"]["citations"][0]["source"] == "a.md"


def test_python_raises_for_a_failure_in_the_middle_after_the_words_so_far() -> None:
    page = Page(streamed(Text("Pa"), Failed("model_cut", "Cut off.", "ref-7")))
    with python_client(page) as client:
        stream = client.chat.completions.create(**ASKED, stream=True)
        heard = [next(stream).choices[0].delta.content for _ in range(2)]
        with pytest.raises(openai.APIError, match=r"Cut off\..* turn t1") as caught:
            next(stream)

    assert heard == ["", "Pa"]
    assert caught.value.code == "model_cut"
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["turn"] == "t1"


def test_python_knows_our_refusals_as_its_own() -> None:
    refused = refusal(TooManyQueued("3 wait"))
    with (
        python_client(Page(refused.body, "application/json", refused.status, refused.headers)) as client,
        pytest.raises(openai.RateLimitError) as caught,
    ):
        client.chat.completions.create(**ASKED)

    assert caught.value.code == "too_many_queued"


def test_both_list_the_models() -> None:
    with python_client(Page(b"")) as client:
        assert [model.id for model in client.models.list()] == ["demo", "openai:gpt"]
    with answering(Page(b"")) as url:
        assert run("openai.mjs", {"baseURL": url, "models": True})["models"] == ["demo", "openai:gpt"]


def test_node_reads_a_stream() -> None:
    found = node_client(Page(streamed(*EVENTS)), stream=True)

    assert "error" not in found
    deltas = [choice["delta"] for chunk in found["chunks"] for choice in chunk["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == TEXT
    assert found["chunks"][-1]["usage"]["total_tokens"] == 7


def test_node_reads_an_answer_in_one_piece() -> None:
    found = node_client(Page(whole(fold(EVENTS), TURN, "demo", 17), "application/json"))

    assert found["completion"]["choices"][0]["message"]["content"] == TEXT


def test_node_raises_for_a_failure_in_the_middle_after_the_words_so_far() -> None:
    found = node_client(Page(streamed(Text("Pa"), Failed("model_cut", "Cut off."))), stream=True)

    assert found["chunks"][-1]["choices"][0]["delta"]["content"] == "Pa"
    assert found["error"]["code"] == "model_cut"
    assert found["error"]["body"]["turn"] == "t1"


def test_node_knows_our_refusals_as_its_own() -> None:
    refused = refusal(TooManyQueued("3 wait"))

    found = node_client(Page(refused.body, "application/json", refused.status, refused.headers))

    assert (found["error"]["name"], found["error"]["status"]) == ("RateLimitError", 429)
    assert json.loads(refused.body)["error"]["message"] in found["error"]["message"]
