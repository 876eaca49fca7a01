"""The settings in force, as their owner is shown them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from penstock import Assistant
from penstock.settings import InForce, Secret, Settings, in_force
from penstock.settings.reading import origins

HASH = "sha256:" + "a" * 64


def shown(settings: Settings, said: dict[str, str] | None = None) -> dict[str, InForce]:
    return {one.name: one for one in in_force(settings, said or {})}


def test_every_setting_is_shown_with_its_help_under_its_heading() -> None:
    found = in_force(Settings(), {})

    assert [one.name for one in found] == [field.name for field in msgspec.structs.fields(Settings)]
    assert all(one.help and one.section for one in found)
    assert all(one.is_default and not one.origin for one in found)
    assert found[0].section == "The assistant"


def test_no_secret_shows_and_whether_there_is_one_does() -> None:
    settings = Settings(
        openai_api_key=Secret("sk-very-secret"),
        tokens={"ann": HASH},
        openai_base_url="https://me:very-secret@host/v1",
        model_options={"temperature": 0.2, "max_tokens": 9, "extra": {"api_key": "very-secret"}},
    )

    found = shown(settings)

    assert b"very-secret" not in msgspec.json.encode(list(found.values()))
    assert HASH.encode() not in msgspec.json.encode(list(found.values()))
    assert (found["openai_api_key"].value, found["anthropic_api_key"].value) == ("•••", "")
    assert (found["tokens"].value, found["tokens"].secret) == ({"ann": "•••"}, True)
    assert found["openai_base_url"].value == "https://•••@host/v1"
    assert found["model_options"].value == {
        "temperature": 0.2,
        "max_tokens": 9,
        "extra": {"api_key": "•••"},
    }


def test_each_is_told_where_it_was_said_and_the_later_source_wins(tmp_path: Path) -> None:
    toml = tmp_path / "penstock.toml"
    toml.write_text('title = "a"\nretries = 1\nport = 1\nnonsense = 1')
    environ = {"PENSTOCK_RETRIES": "2", "PENSTOCK_PORT": "2", "OPENAI_API_KEY": "sk", "PENSTOCK_TITLE": ""}

    found = origins(
        toml, environ, {"program": {"port": 3, "model": "demo"}, "flag": {"port": 4, "model": None}}
    )

    assert found == {
        "title": "penstock.toml",
        "retries": "PENSTOCK_RETRIES",
        "openai_api_key": "OPENAI_API_KEY",
        "model": "program",
        "port": "flag",
    }


def test_what_is_set_is_no_default() -> None:
    found = shown(Settings(port=9_000), {"port": "PENSTOCK_PORT"})

    assert (found["port"].value, found["port"].is_default, found["port"].origin) == (
        9_000,
        False,
        "PENSTOCK_PORT",
    )
    assert found["host"].is_default


def test_paths_and_lists_are_shown_as_they_are_written() -> None:
    found = shown(Settings(knowledge=(Path("/srv/handbook"), Path("faq.md"))))

    assert found["knowledge"].value == ["/srv/handbook", "faq.md"]


async def test_an_assistant_knows_where_its_settings_were_said_unless_they_come_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "penstock.toml").write_text('title = "Handbook"')
    assistant = Assistant("demo", instructions="Be brief.")

    async with assistant.opened(assistant.settings(grace_s=0.0)) as opened:
        known = opened.origins
    async with assistant.opened(Settings(model="demo", grace_s=0.0)) as opened:
        unknown = opened.origins

    wanted = {"title": "penstock.toml", "model": "program", "instructions": "program", "grace_s": "flag"}
    assert {name: known.get(name) for name in wanted} == wanted
    assert unknown == {}
