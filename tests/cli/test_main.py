"""The command line as a whole: what it costs to start, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import environ, run

HEAVY = {
    "aiohttp",
    "asyncio",
    "msgspec",
    "prometheus_client",
    "sqlite3",
    "starlette",
    "uvicorn",
    "websockets",
}


def test_the_command_line_brings_in_nothing_heavy() -> None:
    program = "import sys, penstock.cli; print(*sys.modules)"

    ran = subprocess.run(
        [sys.executable, "-c", program], env=environ(), capture_output=True, text=True, check=True, timeout=30
    )

    assert HEAVY & set(ran.stdout.split()) == set()


def test_every_command_explains_itself(tmp_path: Path) -> None:
    said = run("--help", at=tmp_path).stdout

    for command in ("serve", "chat", "index", "doctor", "config", "version"):
        assert f"\n  {command} " in said
        assert run(command, "--help", at=tmp_path).returncode == 0
    assert "..." not in said.partition("Commands:")[2]


@pytest.mark.parametrize("arguments", [("nothing",), ("chat", "--nothing"), ("index",), ()])
def test_what_makes_no_sense_is_told_with_the_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments, at=tmp_path)

    assert ran.returncode == 2
    assert "Usage: penstock" in ran.stderr


def test_the_version_can_be_asked_for(tmp_path: Path) -> None:
    assert run("version", at=tmp_path).stdout.startswith("penstock 0.")


# --- config ---------------------------------------------------------------------


def test_settings_are_shown_as_they_would_be_written_with_secrets_hidden(tmp_path: Path) -> None:
    (tmp_path / "penstock.toml").write_text('title = "Handbüro"\nknowledge = ["a", "b"]\nlease_s = 5\n')

    ran = run("config", "show", at=tmp_path, OPENAI_API_KEY="sk-secret")
    (tmp_path / "again.toml").write_text(ran.stdout.replace("•••", "sk-secret"))
    again = run("config", "show", "--config", "again.toml", at=tmp_path)

    assert 'title = "Handbüro"\n' in ran.stdout
    assert 'openai_api_key = "•••"\n' in ran.stdout
    assert "secret" not in ran.stdout
    assert again.stdout == ran.stdout


def test_all_problems_of_the_settings_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "penstock.toml").write_text('modle = "demo"\nport = "x"\n')

    ran = run("config", "check", at=tmp_path)

    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "penstock: penstock.toml: modle is not a setting. Did you mean model?",
        "penstock: penstock.toml: port is 'x', but it must be a whole number from 0 to 65535.",
    ]


def test_good_settings_are_told_to_be_fine(tmp_path: Path) -> None:
    ran = run("config", "check", at=tmp_path)

    assert (ran.stdout, ran.returncode) == ("The settings are fine.\n", 0)


def test_the_schema_is_json(tmp_path: Path) -> None:
    assert json.loads(run("config", "schema", at=tmp_path).stdout)["title"] == "penstock.toml"


def test_a_password_in_an_address_is_not_shown() -> None:
    from penstock.cli.config import shown

    assert shown("http://user:pass@127.0.0.1/v1") == '"http://•••@127.0.0.1/v1"'
    assert shown("http://127.0.0.1/v1") == '"http://127.0.0.1/v1"'
