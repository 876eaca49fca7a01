"""Finds the Assistant in a person's Python file, and says what is wrong with the file if there is none."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from penstock.assistant import Assistant, is_agent
from penstock.errors import ConfigError, PenstockError

# Not the file's own name: somebody's email.py must not stand in for the standard library's.
_MODULE = "assistant_file"

_PYTHON = (".py", ".pyw")
_DOCUMENTS = frozenset(
    {".md", ".markdown", ".mdx", ".txt", ".rst", ".adoc", ".html", ".htm", ".pdf", ".docx"}
)
_WANTED = "FILE is a Python file that makes an Assistant."
_AS_KNOWLEDGE = (
    'Documents to answer from are named in penstock.toml, knowledge = ["{path}"], or read once with: '
    "penstock index {path}"
)


def found(file: str | None) -> Assistant:
    """The assistant of `FILE` or `FILE:NAME`; without a file, the one that penstock.toml describes.

    Raises ConfigError. What the file itself raised is told with its own part of the traceback.
    """
    if file is None:
        return Assistant()
    path, name = apart(file)
    return _chosen(_ran(path), name, path)


def apart(file: str) -> tuple[Path, str]:
    """`handbook.py:hr` is the file and a name in it; a colon of the path's own stays where it is."""
    path, colon, name = file.rpartition(":")
    if colon and name.isidentifier() and not Path(file).exists():
        return Path(path), name
    return Path(file), ""


def _ran(path: Path) -> ModuleType:
    _check_kind(path)
    full = str(path.resolve())
    spec = importlib.util.spec_from_loader(_MODULE, SourceFileLoader(_MODULE, full))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[_MODULE] = importlib.util.module_from_spec(spec)
    # As for a script: what lies beside it can be imported.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except PenstockError:
        raise
    except (Exception, SystemExit) as exc:
        if path.suffix not in _PYTHON and isinstance(exc, SyntaxError | ValueError):
            raise ConfigError(f"{path} is no Python. {_WANTED}") from None
        error = ConfigError(f"{path} could not be loaded: {type(exc).__name__}.")
        error.add_note("".join(traceback.format_exception(type(exc), exc, _inside(exc, full))).rstrip())
        raise error from None
    return module


def _check_kind(path: Path) -> None:
    """What is no Python gets no traceback, but a word about where it belongs."""
    if path.is_dir():
        raise ConfigError(f"{path} is a folder. {_WANTED} {_AS_KNOWLEDGE.format(path=path)}")
    if path.suffix.lower() in _DOCUMENTS:
        raise ConfigError(f"{path} is no Python. {_WANTED} {_AS_KNOWLEDGE.format(path=path)}")
    if path.suffix.lower() == ".toml":
        raise ConfigError(f"{path} is no Python. {_WANTED} Settings are named with --config {path}")
    if not path.is_file():
        raise ConfigError(f"There is no file {path}." + ("" if path.suffix in _PYTHON else f" {_WANTED}"))


def _inside(exc: BaseException, file: str) -> TracebackType | None:
    """The traceback from the person's own file on; how we came to it helps nobody."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    return trace


def _chosen(module: ModuleType, name: str, path: Path) -> Assistant:
    things = vars(module).items()
    # An Agent of pydantic-ai alone will do: it answers as it is.
    made = {name: thing for name, thing in things if isinstance(thing, Assistant)} or {
        name: thing for name, thing in things if is_agent(thing)
    }
    one = _one_of(made, name, path)
    return one if isinstance(one, Assistant) else Assistant(one)


def _one_of(assistants: dict[str, Any], name: str, path: Path) -> Any:
    names = ", ".join(assistants)
    if name or "assistant" in assistants:
        if (assistant := assistants.get(name or "assistant")) is None:
            there = f" There is: {names}." if names else ""
            raise ConfigError(f"{path} has no Assistant named {name}.{there}")
        return assistant
    if not assistants:
        raise ConfigError(f"{path} makes no Assistant. Write in it: assistant = Assistant(...)")
    if len({id(made) for made in assistants.values()}) > 1:
        raise ConfigError(
            f"{path} makes several Assistants ({names}). Say which: {path}:{next(iter(assistants))}"
        )
    return next(iter(assistants.values()))
