"""What the anthropic model asks for, and how it is set up; no network."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from penstock.core.events import Passage
from penstock.core.prompt import FileText, Prompt
from penstock.core.question import Message
from penstock.errors import ConfigError, ModelRefused
from penstock.models.anthropic import Anthropic, encode, url_of, version_of
from penstock.models.http import Http
from penstock.models.messages.families import family_of
from penstock.models.messages.request import request

ASK = (Message("user", "Hi"),)
NEW, OLD = "claude-haiku-5-5", "claude-haiku-4-5"
KEPT = {"type": "ephemeral"}


def body(prompt: Prompt, model: str = NEW, *, caching: bool = False) -> dict[str, Any]:
    asked = request(prompt, family_of(model), caching=caching)
    decoded: dict[str, Any] = msgspec.json.decode(encode(asked, model))
    return decoded


def test_the_least_that_is_asked() -> None:
    assert body(Prompt(ASK)) == {
        "model": NEW,
        "stream": True,
        "max_tokens": 32_000,
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_instructions_and_passages_stand_beside_the_thread_and_not_in_it() -> None:
    prompt = Prompt(
        (Message("user", "Grüße 🗼"), Message("assistant", "Hi"), *ASK),
        instructions="Be brief.",
        passages=(Passage("a.md", "Pumps hum."),),
    )

    sent = body(prompt)

    assert [line["role"] for line in sent["messages"]] == ["user", "assistant", "user"]
    assert sent["system"].startswith("Be brief.\n\n")
    assert "Pumps hum." in sent["system"]


def test_with_caching_the_instructions_and_the_thread_are_kept() -> None:
    prompt = Prompt((Message("user", "a"), Message("assistant", "b"), *ASK), instructions="Be brief.")

    sent = body(prompt, caching=True)

    assert sent["system"] == [{"type": "text", "text": "Be brief.", "cache_control": KEPT}]
    assert sent["cache_control"] == KEPT


@pytest.mark.parametrize(
    "material", [{"passages": (Passage("a.md", "Pumps hum."),)}, {"files": (FileText("a.md", "Pumps hum."),)}]
)
def test_what_only_this_question_brings_is_not_kept(material: dict[str, Any]) -> None:
    sent = body(Prompt(ASK, instructions="Be brief.", **material), caching=True)

    assert sent["system"][0] == {"type": "text", "text": "Be brief.", "cache_control": KEPT}
    assert "Pumps hum." in sent["system"][1]["text"]
    assert "cache_control" not in sent["system"][1]
    assert "cache_control" not in sent


def test_without_instructions_there_is_nothing_to_mark() -> None:
    sent = body(Prompt(ASK, passages=(Passage("a.md", "Pumps hum."),)), caching=True)

    assert "Pumps hum." in sent["system"]
    assert "system" not in body(Prompt(ASK, instructions=" \n"), caching=True)


def test_empty_lines_which_are_refused_are_left_out_and_an_empty_question_is_named() -> None:
    prompt = Prompt((Message("user", "a"), Message("assistant", " \n"), Message("user", "")))

    assert [line["content"] for line in body(prompt)["messages"]] == ["a", "(no text)"]


def test_known_wishes_are_passed_on_and_nothing_can_change_the_stream() -> None:
    thinking = {"type": "adaptive", "display": "summarized"}
    wishes: dict[str, object] = {
        "thinking": thinking, "output_config": {"effort": "low"}, "service_tier": "auto", "metadata": None,
        "stream": False, "model": "other", "messages": [], "system": "x", "seed": 7, "unheard": 1,
    }  # fmt: skip

    sent = body(Prompt(ASK, options=wishes))

    assert set(sent) == {
        "model", "stream", "max_tokens", "messages", "thinking", "output_config", "service_tier"
    }  # fmt: skip
    assert sent["thinking"] == thinking
    assert sent["stream"] is True
    assert sent["model"] == NEW


@pytest.mark.parametrize(
    ("wishes", "limit"),
    [
        ({"max_tokens": 9}, 9),
        ({"max_completion_tokens": 9}, 9),
        ({"thinking": {"type": "enabled", "budget_tokens": 40_000}}, 72_000),
        ({"thinking": {"type": "adaptive"}}, 32_000),
        ({"thinking": {"type": "enabled", "budget_tokens": 2_000}, "max_tokens": 3_000}, 3_000),
    ],
)
def test_the_limit_that_every_request_needs_leaves_room_for_thoughts(
    wishes: dict[str, object], limit: int
) -> None:
    assert body(Prompt(ASK, options=wishes), OLD)["max_tokens"] == limit


@pytest.mark.parametrize(
    ("stop", "sent"),
    [("END", ["END"]), (["END", "\n"], ["END"]), ("\n", None), ([], None), (("a", "b"), ["a", "b"])],
)
def test_stops_go_by_their_name_here_and_without_blank_ones_which_are_refused(
    stop: object, sent: object
) -> None:
    assert body(Prompt(ASK, options={"stop": stop})).get("stop_sequences") == sent


def test_only_tools_that_anthropic_runs_itself_are_passed_on() -> None:
    search = {"type": "web_search_20260209", "name": "web_search", "max_uses": 3}
    ours = [
        {"name": "look", "input_schema": {}},
        {"type": "function", "function": {}},
        {"type": "bash_20250124"},
        3,
    ]

    assert body(Prompt(ASK, options={"tools": [search, *ours]}))["tools"] == [search]
    assert "tools" not in body(Prompt(ASK, options={"tools": ours}))
    assert "tools" not in body(Prompt(ASK, options={"tools": "all"}))


def test_a_temperature_is_sent_only_to_models_and_by_the_version_that_take_it() -> None:
    prompt = Prompt(ASK, options={"temperature": 0.2, "top_p": None})

    old, new, plain = (
        request(p, family_of(name)) for p, name in ((prompt, OLD), (prompt, NEW), (Prompt(ASK), OLD))
    )

    assert old.body["temperature"] == 0.2
    assert "temperature" not in new.body
    assert (old.dropped, new.dropped) == ((), ("temperature",))
    assert [version_of(asked) for asked in (old, new, plain)] == ["2023-06-01", "2026-10-21", "2026-10-21"]


def test_a_wish_that_is_nothing_to_claude_is_named_among_the_dropped() -> None:
    options: dict[str, object] = {
        "nonsense": 3,
        "seed": None,
        "stop": "END",
        "max_tokens": 9,
        "tools": [],
        "top_p": 0.9,
    }

    assert request(Prompt(ASK, options=options), family_of(OLD)).dropped == ("nonsense",)


def test_of_temperature_and_top_p_which_exclude_each_other_the_first_is_sent() -> None:
    prompt = Prompt(ASK, options={"temperature": 0.2, "top_p": 0.9})

    old, other = (request(prompt, family_of(name)) for name in (OLD, "qwen3:8b"))

    assert ("top_p" in old.body, old.dropped) == (False, ("top_p",))
    assert (other.body["top_p"], other.dropped) == (0.9, ())


@pytest.mark.parametrize("value", [object(), "\ud83d", {1: {2, 3}, "x": object()}])
def test_a_wish_that_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(ModelRefused, match="JSON"):
        body(Prompt(ASK, options={"metadata": value}))


@pytest.mark.parametrize(
    ("model", "window", "sampling"),
    [
        ("claude-haiku-5-5", 1_000_000, False),
        ("claude-fable-5-2", 1_000_000, False),
        ("claude-opus-4-8", 1_000_000, False),
        ("claude-opus-4-6", 1_000_000, True),
        ("claude-sonnet-4-6", 1_000_000, True),
        ("claude-sonnet-4-5-20250929", 200_000, True),
        ("claude-opus-4-20250514", 200_000, True),
        ("claude-haiku-4-5@20251001", 200_000, True),
        ("anthropic/claude-opus-4.7", 1_000_000, False),
        ("us.anthropic.claude-sonnet-5-v1:0", 1_000_000, False),
        ("claude-of-tomorrow", 200_000, False),
        ("qwen3:8b", 4_096, True),
    ],
)
def test_the_family_is_known_by_every_name_a_model_has(model: str, window: int, sampling: bool) -> None:
    assert family_of(model).window_tokens == window
    assert family_of(model).sampling is sampling


def test_a_model_is_set_up_without_a_loop_and_shows_no_key() -> None:
    model = Anthropic(NEW, api_key=" sk-ant-abc\n", http=Http(), window_tokens=9)

    assert model.name == "anthropic/claude-haiku-5-5"
    assert model.window_tokens == 9
    assert "sk-ant-abc" not in repr(model)


@pytest.mark.parametrize(
    "base_url",
    ["https://h.example/a", "https://h.example/a/", "https://h.example/a/v1", "https://h.example/a/v1/"],
)
def test_a_base_url_is_understood_with_and_without_its_version(base_url: str) -> None:
    assert url_of(base_url) == "https://h.example/a/v1/messages"


@pytest.mark.parametrize(
    "base_url", ["", "api.anthropic.com", "ftp://h", "http://", "http://h:x", "http://h?a=b"]
)
def test_a_base_url_that_is_none_is_a_problem_of_the_settings(base_url: str) -> None:
    with pytest.raises(ConfigError, match="https://host"):
        Anthropic(NEW, base_url=base_url, http=Http())


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\nb", "sk-ü"])
def test_a_key_that_cannot_be_one_is_a_problem_of_the_settings_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Anthropic(NEW, api_key=key, http=Http())

    assert "sk-" not in str(raised.value)
