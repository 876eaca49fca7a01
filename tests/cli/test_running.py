"""What docs/running.md tells an owner to do works: the service's command, the copy, the log."""

from __future__ import annotations

import json
import logging
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Context

from penstock.cli.serve import serve
from tests.cli.program import ECHO, PATIENCE_S, environ, serving

PAGE = Path(__file__).parents[2] / "docs" / "running.md"


def block(kind: str, number: int = 0) -> str:
    found = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(found[number])


def commands() -> list[list[str]]:
    """How the unit and the container call penstock, from `serve` on."""
    unit = re.search(r"ExecStart=\S+/penstock (.*)", block("ini"))
    container = re.search(r"CMD (\[.*\])", block("dockerfile"))
    assert unit
    assert container
    return [shlex.split(unit[1]), json.loads(container[1])[1:]]


@pytest.mark.parametrize("command", commands(), ids=["systemd", "container"])
def test_the_command_of_the_page_is_one(command: list[str]) -> None:
    name, *arguments = command
    with Context(serve) as context:
        serve.parse_args(context, arguments)

    assert name == "serve"
    assert context.params["data"].is_absolute()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_has_nothing_against_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "penstock.service"
    # It looks for the program, too.
    unit.write_text(block("ini").replace("/opt/penstock/.venv/bin/penstock", "/bin/true"))

    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert "penstock.service" not in ran.stderr.decode()


def test_a_copy_made_while_the_server_runs_has_the_conversation(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)
    copying = next(text for text in (block("sh", n) for n in range(3)) if "backup" in text)
    with serving("echo.py", at=tmp_path) as server:
        server.ask("Where is it?").read()
        subprocess.run(copying, shell=True, cwd=tmp_path, env=environ(), timeout=PATIENCE_S, check=True)

    with serving("echo.py", "--data", "backup", at=tmp_path) as server:
        thread = json.loads(server.get("/api/threads/t").read())

    assert [turn["answer"]["text"] for turn in thread["turns"]] == ["1: Where is it?"]


@pytest.fixture
def untouched() -> Iterator[logging.Logger]:
    """The root logger, as it was before and will be after."""
    root = logging.getLogger()
    before = root.handlers, root.level
    yield root
    root.handlers = before[0]
    root.setLevel(before[1])


def test_the_formatter_of_the_page_shows_the_fields(
    untouched: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    untouched.handlers = []

    exec(compile(block("python"), str(PAGE), "exec"), {})
    logging.getLogger("penstock.engine").warning("the model failed", extra={"turn": "7f3"})

    assert capsys.readouterr().err.endswith(" warning the model failed turn=7f3\n")
