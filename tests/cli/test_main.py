"""The command line as a whole: what it costs to start, and how it fails."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import PENSTOCK, environ, run

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
    for page in (said, run("config", "--help", at=tmp_path).stdout):
        assert "..." not in page.partition("Commands:")[2]


def test_a_misspelt_command_is_told_its_neighbour(tmp_path: Path) -> None:
    assert "No such command 'serv'. Did you mean serve?" in run("serv", at=tmp_path).stderr
    assert "Did you mean" not in run("xyzzy", at=tmp_path).stderr


def test_a_flag_without_a_value_counts_as_not_given(tmp_path: Path) -> None:
    ran = run("index", ".", "--data", "", "--config", "", at=tmp_path)

    assert ran.stdout == "There is no document to read there.\n"
    assert [path.name for path in tmp_path.iterdir()] == [".penstock"]


@pytest.mark.parametrize("arguments", [("nothing",), ("chat", "--nothing"), ("index",), ()])
def test_what_makes_no_sense_is_told_with_the_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments, at=tmp_path)

    assert ran.returncode == 2
    assert "Usage: penstock" in ran.stderr


def test_the_version_can_be_asked_for(tmp_path: Path) -> None:
    assert run("version", at=tmp_path).stdout.startswith("penstock 0.")
    assert run("--version", at=tmp_path).stdout.startswith("penstock 0.")


# --- Where the output goes ------------------------------------------------------

_SPEAKING = [("version",), ("config", "schema"), ("config", "show"), ("doctor",), ("chat", "hi"), ("--help",)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("command", [*_SPEAKING, ("serve", "--port", "0")], ids=" ".join)
def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*PENSTOCK, *command],
            cwd=tmp_path,
            env=environ(),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )

    assert ran.stderr.splitlines()[-1] == (
        "penstock: The output could not be written: No space left on device."
    )
    assert "Traceback" not in ran.stderr
    assert ran.returncode == 1


@pytest.mark.parametrize("command", _SPEAKING, ids=" ".join)
def test_a_reader_who_has_left_is_no_reason_to_say_anything(tmp_path: Path, command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [*PENSTOCK, *command],
        cwd=tmp_path,
        env=environ(),
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )
    os.close(writing)

    assert (ran.stderr, ran.returncode) == ("", 1)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed_from_the_start_are_done_without(tmp_path: Path, closed: str) -> None:
    ran = subprocess.run(
        f"{shlex.join([*PENSTOCK, 'chat', 'hi'])} </dev/null {closed}",
        shell=True,
        cwd=tmp_path,
        env=environ(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ("Traceback" in ran.stderr, ran.returncode) == (False, 0)


# --- Where things are kept ------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("chat", "--thread", "trip", "hi"), ("serve", "--port", "0"), ("index", ".")], ids=" ".join
)
@pytest.mark.parametrize("data", ["file", "file/below"])
def test_a_data_folder_that_is_a_file_is_told_with_its_remedy(
    tmp_path: Path, data: str, command: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("")

    ran = run(*command, "--data", data, at=tmp_path)

    assert ran.stderr.splitlines()[-1] == (
        "penstock: file is a file, and should be a folder: move it away, or name another folder with --data."
    )
    assert ran.returncode == 1


def test_a_current_folder_that_has_been_deleted_is_told(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()

    ran = subprocess.run(
        f"cd gone; rmdir ../gone; {shlex.join([*PENSTOCK, 'index', 'handbook'])}",
        shell=True,
        cwd=tmp_path,
        env=environ(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ran.stderr == "penstock: The current folder has been deleted: go to another one.\n"
    assert ran.returncode == 1


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder where not even root may write")
@pytest.mark.parametrize(
    "command", [("chat", "--thread", "trip", "hi"), ("serve", "--port", "0"), ("index", ".")], ids=" ".join
)
def test_a_data_folder_that_cannot_be_made_is_told_with_its_remedy(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    ran = run(*command, "--data", "/proc/penstock", at=tmp_path)

    assert ran.stderr.startswith("penstock: /proc/penstock/")
    assert ran.stderr.endswith(" with --data.\n")
    assert (len(ran.stderr.splitlines()), ran.returncode) == (1, 1)


# --- config ---------------------------------------------------------------------


def test_settings_are_shown_as_they_would_be_written_with_secrets_hidden(tmp_path: Path) -> None:
    tokens = f'ann = "sha256:{"a" * 64}"\n"Bob B" = {{ hash = "sha256:{"b" * 64}", admin = true }}\n'
    (tmp_path / "penstock.toml").write_text(
        f'title = "Handbüro"\nknowledge = ["a", "b"]\nlease_s = 5\n[tokens]\n{tokens}'
    )

    ran = run("config", "show", at=tmp_path, OPENAI_API_KEY="sk-secret")
    (tmp_path / "again.toml").write_text(ran.stdout.replace("•••", "sk-secret"))
    again = run("config", "show", "--config", "again.toml", at=tmp_path)

    assert 'title = "Handbüro"\n' in ran.stdout
    assert 'openai_api_key = "•••"\n' in ran.stdout
    assert "sk-secret" not in ran.stdout
    assert again.stdout == ran.stdout


def test_all_problems_of_the_settings_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "penstock.toml").write_text('modle = "demo"\nport = "x"\n')

    ran = run("config", "check", at=tmp_path)

    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "penstock: penstock.toml: modle is not a setting. Did you mean model?",
        "penstock: penstock.toml: port is 'x', but it must be a whole number from 0 to 65535.",
    ]


def test_names_of_nothing_are_told_with_the_other_problems(tmp_path: Path) -> None:
    (tmp_path / "penstock.toml").write_text('store = "mongo"\nmodel = "opnai/gpt-5, gpt-5"\nport = "x"\n')

    ran = run("config", "check", at=tmp_path)

    port, first, second, store = ran.stderr.splitlines()
    assert port.startswith("penstock: penstock.toml: port is 'x'")
    assert first.startswith("penstock: There is no model provider 'opnai'. There are: ")
    assert second.startswith("penstock: There is no model provider 'gpt-5'.")
    assert store.startswith("penstock: There is no store named 'mongo'. Choose one of: ")
    assert ran.returncode == 1


def test_what_is_no_guardrail_is_told(tmp_path: Path) -> None:
    ran = run("config", "check", at=tmp_path, PENSTOCK_BEDROCK_GUARDRAIL=":2")

    assert ran.stderr.startswith("penstock: bedrock_guardrail must be a guardrail's id or ARN")
    assert ran.returncode == 1


def test_settings_are_checked_where_the_key_is_not(tmp_path: Path) -> None:
    ran = run("config", "check", at=tmp_path, PENSTOCK_MODEL="openai/gpt-5")

    assert (ran.stdout, ran.returncode) == ("The settings are fine.\n", 0)


@pytest.mark.parametrize(
    "command", [("config", "check"), ("config", "show"), ("serve",), ("chat", "hi")], ids=" ".join
)
def test_settings_that_are_a_folder_are_not_passed_over(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "penstock.toml").mkdir()

    ran = run(*command, at=tmp_path)

    assert ran.stderr == "penstock: penstock.toml could not be read: Is a directory.\n"
    assert ran.returncode == 1


def test_good_settings_are_told_to_be_fine(tmp_path: Path) -> None:
    ran = run("config", "check", at=tmp_path)

    assert (ran.stdout, ran.returncode) == ("The settings are fine.\n", 0)


def test_the_schema_is_json(tmp_path: Path) -> None:
    assert json.loads(run("config", "schema", at=tmp_path).stdout)["title"] == "penstock.toml"


def test_a_password_in_an_address_is_not_shown() -> None:
    from penstock.cli.config import shown

    assert shown("http://user:pass@127.0.0.1/v1") == '"http://•••@127.0.0.1/v1"'
    assert shown("http://127.0.0.1/v1") == '"http://127.0.0.1/v1"'
