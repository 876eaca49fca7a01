"""What docs/simulators.md shows is what happens: commands are run, tests pass, no fault is left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from penstock.sim.faults import FAULTS
from tests.cli.program import PATIENCE_S, environ, read_until
from tests.cli.test_docs import DOCS, blocks, commands, matches

PAGE = "simulators.md"
TEXT = (DOCS / PAGE).read_text("utf-8")


def test_the_commands_say_what_the_page_shows(tmp_path: Path) -> None:
    with ExitStack() as stack:
        shell = Shell(tmp_path, stack)
        for block in blocks(PAGE):
            if block.kind == "console":
                for command, shown in commands(block):
                    said = shell.says(command)
                    assert matches(shown, said), f"{command}\n{said}"

    assert shell.ran == 9


class Shell:
    """Runs one command after the other, simulators on a free port instead of the page's."""

    def __init__(self, here: Path, stack: ExitStack) -> None:
        self.ran = 0
        self._here = here
        self._stack = stack
        self._environ = environ()
        self._ports: dict[str, str] = {}
        programs = here / "bin"
        programs.mkdir()
        penstock = programs / "penstock"
        penstock.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m penstock "$@"\n')
        penstock.chmod(0o755)
        self._environ["PATH"] = f"{programs}:{self._environ['PATH']}"

    def says(self, command: str) -> str:
        self.ran += 1
        if command.startswith("penstock sim"):
            return self._started(command)
        for shown, real in self._ports.items():
            command = command.replace(shown, real)
        if command.startswith("export "):
            self._environ |= dict(pair.split("=", 1) for pair in command.split()[1:])
            return ""
        return subprocess.run(
            command,
            shell=True,
            cwd=self._here,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
            check=False,
        ).stdout.decode()

    def _started(self, command: str) -> str:
        program = self._stack.enter_context(
            subprocess.Popen(
                f"exec {command} --port 0",
                shell=True,
                cwd=self._here,
                env=self._environ,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        )
        self._stack.callback(program.kill)
        assert program.stdout is not None
        said = read_until(program.stdout, r"AWS_REGION=.*\n|ANTHROPIC_API_KEY=.*\n")
        port = re.findall(r":(\d+)", said)[0]
        shown = "4700" if "Bedrock" in said else "4701"
        self._ports[shown] = port
        return said.replace(port, shown)


def test_the_tests_on_the_page_pass(tmp_path: Path) -> None:
    (block,) = (block for block in blocks(PAGE) if block.kind == "python")
    (tmp_path / block.name).write_text(block.text)

    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-o",
            "asyncio_mode=auto",
            block.name,
        ],
        cwd=tmp_path,
        env={**environ(), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert b"3 passed" in ran.stdout, ran.stdout.decode()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_explained(fault: str) -> None:
    assert re.search(rf"^\| `{fault}(:N)?` \|", TEXT, re.MULTILINE)


def test_the_page_explains_no_fault_that_there_is_not() -> None:
    rows = re.findall(r"^\| `([a-z-]+)(:N)?` \|", TEXT, re.MULTILINE)
    shown = {name: bool(number) for name, number in rows if name != "url" and name != "requests"}

    assert shown == {name: bool(fault.value) for name, fault in FAULTS.items()}
