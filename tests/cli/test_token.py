"""penstock token: made once, shown once, and let in by the line it prints."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from penstock.server.auth.tokens import Tokens
from penstock.settings import load
from tests.cli.program import run


@pytest.mark.parametrize("name", ["ann", "ann-1_B", "Ann B.", "ann@example.com", 'a"b\\c', "アン", "a.b"])
@pytest.mark.parametrize("flags", [(), ("--admin",)], ids=["plain", "admin"])
def test_the_line_lets_in_who_has_the_token(tmp_path: Path, name: str, flags: tuple[str, ...]) -> None:
    made = run("token", name, *flags, at=tmp_path)
    table = made.stderr[made.stderr.index("[tokens]") : made.stderr.index("\n\nand")]
    (tmp_path / "penstock.toml").write_text(table)

    settings = load(tmp_path / "penstock.toml", {})
    holder = Tokens(settings.tokens).holder(made.stdout.strip())

    assert made.returncode == 0
    assert list(tomllib.loads(table)["tokens"]) == [name]
    assert holder is not None
    assert (holder.visitor.person.id, holder.visitor.admin) == (name, bool(flags))


def test_the_token_alone_goes_to_stdout_and_is_kept_nowhere(tmp_path: Path) -> None:
    made = run("token", "ann", at=tmp_path)

    assert re.fullmatch(r"pst_[\w-]{43}\n", made.stdout)
    assert made.stdout.strip() not in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_second_person_goes_into_the_table_that_is_there(tmp_path: Path) -> None:
    first = run("token", "ann", at=tmp_path).stderr
    table = first[first.index("[tokens]") : first.index("\n\nand")]
    (tmp_path / "penstock.toml").write_text(f'auth = "token"\n{table}\n')

    second = run("token", "bob", at=tmp_path).stderr
    (tmp_path / "penstock.toml").write_text(f'auth = "token"\n{table}\n{second.splitlines()[-1]}\n')

    assert "under [tokens]:" in second
    assert list(load(tmp_path / "penstock.toml", {}).tokens) == ["ann", "bob"]


def test_a_settings_file_that_cannot_be_read_does_not_keep_a_token_from_being_made(tmp_path: Path) -> None:
    (tmp_path / "penstock.toml").write_text("= no")

    assert run("token", "ann", at=tmp_path).returncode == 0


def test_every_token_is_another(tmp_path: Path) -> None:
    assert run("token", "ann", at=tmp_path).stdout != run("token", "ann", at=tmp_path).stdout


@pytest.mark.parametrize("name", ["", " ann", "a\nb", "x" * 101])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    refused = run("token", name, at=tmp_path)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "1 to 100 printable characters" in refused.stderr
