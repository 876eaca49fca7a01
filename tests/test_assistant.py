"""Which model answers, and what an assistant in a file means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from penstock import Assistant, Person
from penstock.assistant import build_model, chosen, today
from penstock.errors import ConfigError
from penstock.settings import Secret, Settings

NOBODY = "http://127.0.0.1:1"


async def echo(question: str) -> AsyncIterator[str]:
    yield question


def settings(**changes: object) -> Settings:
    return msgspec.structs.replace(Settings(ollama_host=NOBODY), **changes)


async def test_a_named_model_is_taken() -> None:
    assert (await chosen(settings(model="openai/gpt-4.1"))).name == "openai/gpt-4.1"


async def test_a_key_chooses_openai() -> None:
    choice = await chosen(settings(openai_api_key=Secret("sk-x")))

    assert choice.name.startswith("openai/")
    assert "OPENAI_API_KEY" in choice.why


async def test_with_nothing_at_all_the_demo_answers() -> None:
    assert (await chosen(settings())).name == "demo"


async def test_another_server_without_a_models_name_is_a_question_back() -> None:
    with pytest.raises(ConfigError, match="Name one"):
        await chosen(settings(openai_base_url="http://127.0.0.1:1/v1"))


@pytest.mark.parametrize(
    ("name", "built"),
    [
        ("openai/gpt-4.1", "openai/gpt-4.1"),
        ("openai:gpt-4.1", "openai/gpt-4.1"),
        ("ollama/llama3:8b", "ollama/llama3:8b"),
        ("ollama:llama3:8b", "ollama/llama3:8b"),
        ("openai/qwen/qwen3:free", "openai/qwen/qwen3:free"),
        ("demo", "demo"),
    ],
)
def test_a_slash_and_a_colon_name_the_same_model(name: str, built: str) -> None:
    assert build_model(name, settings(openai_api_key=Secret("sk-x"))).name == built


@pytest.mark.parametrize("name", ["opnai/gpt", "openai", "openai/", "ollama", "gpt-4.1"])
def test_a_name_that_means_nothing_is_told_what_does(name: str) -> None:
    with pytest.raises(ConfigError, match=r"openai/|ollama/"):
        build_model(name, settings(openai_api_key=Secret("sk-x")))


def test_openai_without_a_key_says_what_it_needs() -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        build_model("openai/gpt-4.1", settings())


async def test_a_function_in_the_program_answers_whatever_the_environment_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    monkeypatch.setenv("PENSTOCK_MODEL", "openai/gpt-4.1")
    assistant = Assistant(echo)

    assert (await assistant.choose(assistant.settings())).name == "function/echo"


async def test_a_flag_wins_over_what_the_program_gives() -> None:
    assistant = Assistant(echo)

    assert (await assistant.choose(assistant.settings(model="demo"))).name == "demo"


def test_what_the_program_gives_wins_over_the_file(tmp_path: Path) -> None:
    toml = tmp_path / "penstock.toml"
    toml.write_text('instructions = "of the file"\nport = 9000\n')

    found = Assistant(instructions="of the program").settings(toml)

    assert (found.instructions, found.port) == ("of the program", 9000)


def test_a_setting_that_is_none_names_its_neighbour() -> None:
    with pytest.raises(ConfigError, match="max_running"):
        Assistant(max_runing=3).settings()


def test_today_is_where_the_person_is() -> None:
    assert today(Person("t", "p", time_zone="Asia/Tokyo"))
    assert today(Person("t", "p", time_zone="Mars/Olympus")) == today(Person("t", "p"))
