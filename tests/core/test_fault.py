"""What is told of an exception of somebody else's code: its kind and its place, not its words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.core import fault
from penstock.core.cursor import parse


def raised(broken: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as caught:
        broken()
    return caught.value


def test_the_kind_the_file_the_line_and_the_function_are_told_and_no_words() -> None:
    def answer() -> None:
        raise ValueError("password=hunter2")

    told = fault.told(raised(answer))

    line = answer.__code__.co_firstlineno + 1
    assert told == f"ValueError at {__file__}:{line} in answer"


@pytest.mark.parametrize("broken", [lambda: json.loads("{"), lambda: parse("no")], ids=["Python's", "ours"])
def test_the_innermost_line_of_ones_own_code_is_told_and_not_the_librarys(
    broken: Callable[[], object],
) -> None:
    assert f"{__file__}:" in fault.told(raised(broken))


def test_an_installed_package_is_nobodys_own_code(tmp_path: Path) -> None:
    module = tmp_path / "site-packages" / "chains.py"
    namespace: dict[str, Callable[[], None]] = {}
    exec(compile("def run():\n    raise KeyError('secret')\n", str(module), "exec"), namespace)

    def answer() -> None:
        namespace["run"]()

    assert fault.told(raised(answer)).endswith("in answer")


def test_where_there_is_no_code_of_ones_own_the_innermost_line_is_told(tmp_path: Path) -> None:
    error = ValueError("secret")
    file = str(tmp_path / "site-packages" / "chains.py")
    try:
        exec(compile("raise error", file, "exec"), {"error": error})
    except ValueError:
        assert error.__traceback__ is not None
        error.__traceback__ = error.__traceback__.tb_next

    assert fault.told(error) == f"ValueError at {file}:1 in <module>"
    assert fault.told(ValueError("never raised")) == "ValueError"
