"""Which model answers, and what an assistant in a file means."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from pydantic_ai import Agent

from penstock import Assistant, Person
from penstock.assistant import build_model, chosen, given_model, today
from penstock.cli.assistant_file import found
from penstock.core.events import Finished, Text
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.errors import ConfigError, ModelBusy
from penstock.settings import Secret, Settings
from penstock.testing.models import ScriptedModel

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


async def test_anthropics_key_chooses_its_smallest_model_unless_openai_was_chosen_before() -> None:
    key = Secret("sk-ant-x")

    choice = await chosen(settings(anthropic_api_key=key))
    both = await chosen(settings(anthropic_api_key=key, openai_api_key=Secret("sk-x")))

    assert choice.name == "anthropic/claude-haiku-5-5"
    assert choice.why == "ANTHROPIC_API_KEY is set and no model is named"
    assert both.name.startswith("openai/")


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


@pytest.mark.parametrize("name", ["openai/mine", "ollama/mine"])
def test_the_window_of_an_unknown_model_can_be_told(name: str) -> None:
    untold, told = (
        build_model(name, settings(openai_api_key=Secret("sk-x"), window_tokens=tokens))
        for tokens in (0, 32_768)
    )

    assert (untold.window_tokens, told.window_tokens) == (4_096, 32_768)


def test_openai_without_a_key_says_what_it_needs() -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        build_model("openai/gpt-4.1", settings())


@pytest.mark.parametrize(
    ("name", "needs"),
    [("anthropic/claude-opus-5-5", "ANTHROPIC_API_KEY"), ("anthropic", "anthropic/claude-")],
)
def test_anthropic_without_a_key_or_a_name_says_what_it_needs(name: str, needs: str) -> None:
    with pytest.raises(ConfigError, match=needs):
        build_model(name, settings())


def test_another_server_that_speaks_like_anthropic_needs_no_key() -> None:
    here = settings(anthropic_base_url="http://127.0.0.1:1", window_tokens=9_000)

    model = build_model("anthropic:qwen3:8b", here)

    assert (model.name, model.window_tokens) == ("anthropic/qwen3:8b", 9_000)


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

    both = Assistant(instructions="of the program").settings(toml)

    assert (both.instructions, both.port) == ("of the program", 9000)


@pytest.mark.parametrize("knowledge", ["handbook", Path("handbook"), ["handbook"]])
def test_a_single_path_is_knowledge_too(knowledge: str | Path | list[str | Path]) -> None:
    assert Assistant(knowledge=knowledge).settings().knowledge == (Path("handbook"),)


def test_a_setting_that_is_none_names_its_neighbour() -> None:
    with pytest.raises(ConfigError, match="max_running"):
        Assistant(max_runing=3).settings()


def test_today_is_where_the_person_is() -> None:
    assert today(Person("t", "p", time_zone="Asia/Tokyo"))
    assert today(Person("t", "p", time_zone="Mars/Olympus")) == today(Person("t", "p"))


# --- Several, and agents ------------------------------------------------------------


@pytest.mark.parametrize(
    "model", ["openai:gpt-4.1, demo", ["openai/gpt-4.1", "demo"], "openai/gpt-4.1,demo,openai/gpt-4.1"]
)
async def test_several_names_fall_back_in_their_order(model: str | list[str]) -> None:
    named = settings(openai_api_key=Secret("sk-x"), model=Assistant(model).settings().model)

    choice = await chosen(named)

    assert choice.name == "openai/gpt-4.1, demo"
    assert build_model(choice.name, named).name == choice.name


async def test_names_functions_and_models_fall_back_together() -> None:
    assistant = Assistant([ScriptedModel([ModelBusy("slow down")]), echo, "demo"])

    choice = await assistant.choose(assistant.settings())
    model = given_model([ScriptedModel([ModelBusy("slow down")]), echo, "demo"], settings())
    said = [event async for event in model.stream(Prompt((Message("user", "Grüße"),)))]

    assert choice.name == "scripted, function/echo, demo"
    assert said[1:] == [Text("Grüße"), Finished()]


def test_a_name_among_several_that_means_nothing_is_told() -> None:
    with pytest.raises(ConfigError, match="'opnai'"):
        build_model("demo, opnai/gpt", settings())


def test_a_list_of_nothing_is_a_question_back() -> None:
    with pytest.raises(ConfigError, match="Name one"):
        build_model(" , ", settings())


async def test_a_file_that_makes_an_agent_alone_is_served(tmp_path: Path) -> None:
    file = tmp_path / "handbook.py"
    file.write_text(
        "from pydantic_ai import Agent\nfrom pydantic_ai.models.test import TestModel\n\n"
        "handbook = same = Agent(TestModel(), name='handbook')\n"
    )

    assistant = found(str(file))

    assert (await assistant.choose(assistant.settings())).name == "pydantic-ai/handbook"


async def test_beside_an_assistant_an_agent_is_a_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "handbook.py"
    file.write_text(
        "from pydantic_ai import Agent\nfrom penstock import Assistant\n\n"
        "agent = Agent('test', name='handbook')\nbot = Assistant(agent, instructions='Be brief.')\n"
    )

    assert found(str(file)).settings().instructions == "Be brief."


async def test_an_agent_of_an_old_pydantic_ai_says_which_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    # What importing ours comes to when theirs lacks a name.
    monkeypatch.setitem(sys.modules, "penstock.models.pydantic_ai", None)

    with pytest.raises(ConfigError, match="too old"):
        given_model(Agent("test"), settings())
