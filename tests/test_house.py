"""The arrows of the house (DESIGN: down, never sideways, never up), read from the source of every import."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"

DOORS = {"cli", "server", "aws", "sim"}
KINDS = {"models", "channels", "stores", "knowledge", "records"}
BELOW_THE_ENGINE = {"errors", "core"}

# `aws` is two rooms: low, signed HTTP for adapters, in these files; and above everything the doors of Lambda.
LOW_AWS = "low aws"
OF_LOW_AWS = {"credentials", "endpoints", "eventstream", "http", "profiles", "provider", "roles", "signing"}

# Each room of the house, and the rooms it may look into besides itself.
MAY: dict[str, set[str]] = {
    "errors": set(),
    "core": {"errors"},
    "settings": BELOW_THE_ENGINE,
    "logs": BELOW_THE_ENGINE,
    "http": {"errors"},
    LOW_AWS: BELOW_THE_ENGINE | {"http"},
    **dict.fromkeys(KINDS, BELOW_THE_ENGINE),
    **dict.fromkeys(("knowledge", "channels"), BELOW_THE_ENGINE | {"http"}),
    **dict.fromkeys(("models", "stores"), BELOW_THE_ENGINE | {"http", LOW_AWS}),
    "engine": BELOW_THE_ENGINE,
    "testing": BELOW_THE_ENGINE | {"engine"},
    "assistant": BELOW_THE_ENGINE | KINDS | {"engine", "settings", "logs", "http", LOW_AWS},
    **dict.fromkeys(DOORS, BELOW_THE_ENGINE | KINDS | {"engine", "settings", "logs", "assistant", ""}),
    # `import penstock`: the public names and nothing else.
    "": BELOW_THE_ENGINE | {"assistant"},
    "__main__": {"cli"},
}

# `penstock serve` opens the server, `penstock sim` the simulators; the doctor tries what models go out by.
MAY["cli"] = MAY["cli"] | (DOORS - {"cli"}) | {"http", LOW_AWS}

# Signing in asks an issuer.
MAY["server"] = MAY["server"] | {"http"}

# The doors of Lambda stand on their own low half; a simulator of Bedrock writes event streams.
MAY["aws"] = MAY["aws"] | {"http", LOW_AWS}
MAY["sim"] = MAY["sim"] | {LOW_AWS}

# Assistant.asgi() hands out the door that stands above it, and imports it only then.
INSIDE_A_FUNCTION = {("assistant", "server")}

# What the adapters of a kind share.
SHARED = {
    "models.asking",
    "models.body",
    "models.complaint",
    "models.decoding",
    "models.hiding",
    "models.sources",
    "models.http",
    # Claude's own requests and events, which are the same at Anthropic and on Bedrock.
    "models.messages",
    "stores.folder",
}

# An adapter is a file or a folder; these are files of one that has no folder.
PART_OF = {
    **{
        f"knowledge.{part}": "knowledge.local"
        for part in (
            *("contents", "html_page", "indexing", "loaders", "naming", "ranking", "tables", "upkeep"),
            "walk",
        )
    },
    "channels.terminal_streams": "channels.terminal",
}


# --- Reading imports ----------------------------------------------------------


class Import(NamedTuple):
    name: str
    line: int
    in_function: bool


def imports(module: str, tree: ast.AST, *, is_package: bool = False) -> Iterator[Import]:
    """Every import of ours, wherever it stands: in a function, behind TYPE_CHECKING, by import_module."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node, in_function in _walk(tree):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=name, names=names, level=level):
                base = ".".join([*package[: len(package) - level + 1], *([name] if name else [])])
                start = base if level else (name or "")
                found = [f"{start}.{alias.name}" for alias in names]
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _called(node) in (
                "import_module",
                "__import__",
            ):
                found = [name.split(":")[0]]
            case _:
                continue
        for name in found:
            if name.split(".")[0] == "penstock":
                yield Import(name, node.lineno, in_function)


def _walk(tree: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    for node in ast.iter_child_nodes(tree):
        yield node, in_function
        inside = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(node, inside)


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def room(name: str) -> str:
    """`penstock.core.events` stands in `core`; `penstock` itself, and the names it has, in ``."""
    parts = name.split(".")
    if parts[1:] == ["aws"] or (parts[1:2] == ["aws"] and parts[2] in OF_LOW_AWS):
        return LOW_AWS
    return parts[1] if len(parts) > 1 and parts[1] in MAY else ""


def adapter(name: str) -> str:
    """The adapter a module is part of: `penstock.models.openai.chunks` is of `models.openai`."""
    parts = name.split(".")
    if len(parts) < 3 or not (_exists(f"penstock.{parts[1]}.{parts[2]}")):
        return ""
    found = ".".join(parts[1:3])
    return PART_OF.get(found, found)


def _exists(module: str) -> bool:
    path = SOURCE.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


# --- The rules ----------------------------------------------------------------


def violations(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """What in this module breaks a rule of the house, a sentence each."""
    tree = ast.parse(source)
    arrows = (
        f"{module}:{found.line} imports {found.name}"
        for found in imports(module, tree, is_package=is_package)
        if not _allowed(module, found)
    )
    return [*arrows, *_forbidden_calls(module, tree)]


def _allowed(module: str, found: Import) -> bool:
    here, there = room(module), room(found.name)
    if here != there:
        return there in MAY[here] or (found.in_function and (here, there) in INSIDE_A_FUNCTION)
    if here not in KINDS:
        return True
    mine, other = adapter(module), adapter(found.name)
    # The kind's own __init__ is its registry, and knows them all.
    return not mine or not other or mine == other or other in SHARED


def _forbidden_calls(module: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "environb" | "getenv" | "putenv"):
                if room(module) != "settings":
                    yield f"{module}:{node.lineno} looks at the environment"
            case ast.ImportFrom(module="os", names=names):
                if {alias.name for alias in names} & {"environ", "environb", "getenv", "putenv"}:
                    yield f"{module}:{node.lineno} looks at the environment"
            case ast.Attribute(value=ast.Name(id="asyncio" | "uvloop"), attr="run" | "Runner"):
                if room(module) not in DOORS:
                    yield f"{module}:{node.lineno} runs a loop of its own"
            case ast.ImportFrom(module="asyncio" | "uvloop", names=names):
                if {alias.name for alias in names} & {"run", "Runner"}:
                    yield f"{module}:{node.lineno} runs a loop of its own"
            case _:
                pass


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


@pytest.mark.parametrize(
    ("module", "path"), modules(), ids=lambda value: str(value) if "/" not in str(value) else ""
)
def test_arrows_point_down_never_sideways_never_up(module: str, path: Path) -> None:
    found = violations(module, path.read_text("utf-8"), is_package=path.stem == "__init__")

    assert found == []


def test_every_room_of_the_house_is_known() -> None:
    rooms = {path.stem for path in (SOURCE / "penstock").iterdir() if path.suffix in ("", ".py")}

    assert rooms - {"__init__", "__pycache__", "docs", "page", "__main__"} <= set(MAY)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("penstock.core.turn", "import penstock.engine"),
        ("penstock.core.turn", "from penstock import engine"),
        ("penstock.core.turn", "from ..engine import Engine"),
        ("penstock.core.turn", "from .. import settings"),
        ("penstock.core.turn", "def late():\n    from penstock.models import openai"),
        (
            "penstock.core.turn",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import penstock.stores",
        ),
        ("penstock.core.turn", "import importlib\nimportlib.import_module('penstock.models.openai')"),
        ("penstock.errors", "from penstock.core import events"),
        ("penstock.engine.run", "from penstock.models import openai"),
        ("penstock.engine.run", "from penstock.settings import Settings"),
        ("penstock.models.openai", "from penstock.models.function import Function"),
        ("penstock.models.openai.chunks", "from penstock.models.function import Function"),
        ("penstock.models.messages.events", "from penstock.models.bedrock import answer"),
        ("penstock.models.openai.chunks", "from .. import function"),
        ("penstock.models.openai", "from penstock.channels import web"),
        ("penstock.models.openai", "from penstock.engine import Engine"),
        ("penstock.models.openai", "from penstock.settings import Secret"),
        ("penstock.assistant", "from penstock.server import app"),
        ("penstock.assistant", "def chat():\n    from penstock.cli import main"),
        ("penstock.server.app", "from penstock.cli import main"),
        ("penstock.logs", "from penstock.settings import Settings"),
        ("penstock.http", "from penstock.core import events"),
        ("penstock.engine.run", "from penstock import http"),
        ("penstock.channels.web", "from penstock.aws.signing import sign"),
        ("penstock.models.bedrock", "from penstock.aws.runtime import Runtime"),
        ("penstock.aws", "from penstock.aws import runtime"),
        ("penstock.aws.http", "from penstock.aws.runtime import Runtime"),
        ("penstock.aws.http", "from penstock.models import http"),
        ("penstock.server.app", "import penstock.aws.http"),
        ("penstock.engine.run", "import os\nos.environ['HOME']"),
        ("penstock.engine.run", "import os\nos.getenv('HOME')"),
        ("penstock.settings.reading", "from os import environ"),
        ("penstock.engine.run", "import asyncio\nasyncio.run(main())"),
        ("penstock.assistant", "from asyncio import Runner"),
    ],
)
def test_a_planted_violation_is_found(module: str, source: str) -> None:
    assert len(violations(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("penstock.core.turn", "from penstock.errors import Gone\nfrom .events import Text\nimport msgspec"),
        (
            "penstock.engine.run",
            "from penstock.core.ports import Turns\nfrom penstock.engine.live import Live",
        ),
        (
            "penstock.models.openai",
            "from penstock.models.http import Http\nfrom penstock.models.openai import chunks",
        ),
        ("penstock.models.openai.chunks", "from penstock.models.openai.calls import CallPart"),
        ("penstock.models.bedrock.invoke_claude", "from penstock.models.messages import request"),
        ("penstock.assistant", "def asgi():\n    from penstock.server import app"),
        ("penstock.cli.main", "import asyncio\nasyncio.run(main())\nfrom penstock.server import app"),
        ("penstock.settings", "import os\nos.environ"),
        ("penstock.stores.dynamodb", "from penstock import http\nfrom penstock.aws.http import Service"),
        ("penstock.aws.http", "from penstock import http\nfrom penstock.aws.signing import sign"),
        ("penstock.aws.runtime", "from penstock.aws import http\nfrom penstock.assistant import Assistant"),
        ("penstock.server.app", "from penstock import __version__\nfrom penstock.assistant import Assistant"),
    ],
)
def test_what_is_allowed_is_not_complained_about(module: str, source: str) -> None:
    assert violations(module, source) == []


# --- Importing does nothing ---------------------------------------------------

# The first round brings in other people's packages, which may do as they like; in the second, ours are
# imported again where the environment, files, sockets, databases, processes and threads are trapped.
_IMPORT_ALL_TWICE = """
import importlib, os, sys, threading

names = sys.argv[1:]
for name in names:
    importlib.import_module(name)
for name in [name for name in sys.modules if name.split(".")[0] == "penstock"]:
    del sys.modules[name]

class Trap(dict):
    def _caught(self, *_):
        raise SystemExit(f"the environment was read while {now} was imported")
    __getitem__ = __contains__ = __iter__ = __len__ = get = keys = items = values = copy = _caught

def watch(event, args):
    code = event == "open" and str(args[0]).endswith((".py", ".pyc", ".so"))
    touches = ("socket.", "sqlite3.", "subprocess.", "os.mkdir", "os.remove", "os.rename", "os.exec", "open")
    if now and event.startswith(touches) and not code:
        raise SystemExit(f"{event} {args} while {now} was imported")

now = ""
sys.addaudithook(watch)
threads = threading.active_count()
os.environ = Trap()
for now in names:
    importlib.import_module(now)
    if threading.active_count() != threads:
        raise SystemExit(f"a thread was started while {now} was imported")
now = ""
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run(
        [sys.executable, *arguments], env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def test_importing_reads_nothing_from_the_environment_and_touches_nothing() -> None:
    names = [name for name, _ in modules() if not name.endswith("__main__")]

    ran = python("-c", _IMPORT_ALL_TWICE, *names)

    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("planted", "caught"),
    [
        ("import os; HOME = os.environ['HOME']", "the environment was read"),
        ("import os; HOME = os.getenv('HOME')", "the environment was read"),
        ("TEXT = open('pyproject.toml').read()", "open"),
        ("import sqlite3; DB = sqlite3.connect(':memory:')", "sqlite3.connect"),
        ("import socket; S = socket.socket()", "socket.__new__"),
    ],
)
def test_a_module_that_does_something_when_imported_is_caught(
    tmp_path: Path, planted: str, caught: str
) -> None:
    (tmp_path / "penstock.py").write_text(planted)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{_IMPORT_ALL_TWICE}"

    ran = python("-c", program, "penstock")

    assert ran.returncode == 1
    assert caught in ran.stderr


def test_importing_penstock_brings_in_nothing_heavy() -> None:
    ran = python("-c", "import json, sys, penstock; print(json.dumps(sorted(sys.modules)))")

    heavy = {"aiohttp", "starlette", "uvicorn", "prometheus_client", "click", "websockets", "sqlite3"}
    assert heavy & set(json.loads(ran.stdout)) == set()


# --- What no file holds -------------------------------------------------------

# Written so that this file does not hold them either.
_OF_A_MACHINE = re.compile(r"/(?:work|root)/[a-z]|/home/(?!you\b)[a-z]|/Users/(?!you\b)[a-z]")
_REGISTRY = re.compile(r"(?:pypi|pythonhosted|npmjs|yarnpkg)\.(?:org|com)")
_TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".json",
    ".sh",
    ".c",
    ".ts",
    ".tsx",
    ".css",
    ".mjs",
    ".js",
    ".html",
    ".yml",
    ".conf",
    "",
}
_NOT_OURS = {"node_modules", "__pycache__", "dist", "build", "out"}


def files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name for name in folders if name == ".ci" or not (name.startswith(".") or name in _NOT_OURS)
        ]
        yield from (Path(folder, name) for name in names if Path(name).suffix in _TEXT)


def test_no_file_holds_a_path_of_a_machine_or_the_host_of_a_registry() -> None:
    for path in files():
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            found = _OF_A_MACHINE.search(line) or _REGISTRY.search(line)
            assert not found, f"{path.relative_to(ROOT)}:{number} holds {found and found[0]}"
