"""What these pages show is what happens: their files are written, their console blocks run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.program import PATIENCE_S, environ

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+) ?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


class Block(NamedTuple):
    kind: str
    name: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall((DOCS / page).read_text("utf-8"))]


def commands(block: Block) -> list[tuple[str, str]]:
    """Each command of a console block, and what it is shown to say."""
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def matches(shown: str, said: str) -> bool:
    """An ellipsis stands for anything; alone on a line, for any lines."""
    pattern = re.sub(r"^…\n", "(?s:.*\\n|)", re.escape(shown).replace("\\\n", "\n"), flags=re.MULTILINE)
    pattern = pattern.replace("…", ".*")
    return re.fullmatch(pattern, said) is not None


@pytest.mark.parametrize(("page", "least"), [("command-line.md", 10), ("models.md", 4), ("sign-in.md", 1)])
def test_the_page_shows_what_happens(tmp_path: Path, page: str, least: int) -> None:
    programs = tmp_path / "bin"
    here = tmp_path / "here"
    programs.mkdir()
    here.mkdir()
    penstock = programs / "penstock"
    penstock.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m penstock "$@"\n')
    penstock.chmod(0o755)
    env = environ()
    env["PATH"] = f"{programs}:{env['PATH']}"

    ran = 0
    for block in blocks(page):
        if block.name:
            (here / block.name).parent.mkdir(exist_ok=True)
            (here / block.name).write_text(block.text)
        if block.kind != "console":
            continue
        for command, shown in commands(block):
            said = subprocess.run(
                command,
                shell=True,
                cwd=here,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE_S,
                check=False,
            ).stdout.decode()
            assert matches(shown, said), f"{command}\n{said}"
            ran += 1

    assert ran >= least
