"""The settings, as a JSON Schema for editors and as a page for people."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from penstock.core.overlap import NAMES
from penstock.settings.fields import NAMES_OF_OTHERS, ModelOptions, Settings

# The setting that each part of the page begins with.
HEADINGS = {
    "model": "The assistant",
    "greeting": "The page",
    "host": "The server",
    "auth": "Who may use it",
    "store": "What is kept",
    "overlap": "How much at once",
    "max_attempts": "Patience",
    "openai_api_key": "Where models are",
    "aws_region": "Amazon Web Services",
}

_INTRODUCTION = """\
# Settings

Nothing has to be set. What you do set stands in `penstock.toml` in the folder you start in:

```toml
model = "openai/gpt-5-mini"
instructions = "You answer questions about our handbook. Cite it."
knowledge = ["./handbook"]
```

or in the environment, which wins: `PENSTOCK_` and the setting's name in capitals, as in
`PENSTOCK_PORT=9000`. An empty variable counts as not set. Flags of a command, and what a program gives
its `Assistant`, win over both. Relative paths in the file start at the file's folder.

A key that is no setting, or a value that makes no sense, is an error; all of them are reported together.
`penstock config schema` prints the JSON Schema of this file, for editors that complete and check.
Secrets never show in logs, in errors or in what `penstock doctor` prints.
"""


def schema() -> dict[str, Any]:
    """The JSON Schema of penstock.toml."""
    whole = msgspec.json.schema(Settings, schema_hook=lambda _: {"type": "string"})
    settings: dict[str, Any] = whole["$defs"]["Settings"]
    # The words of other systems are accepted too, so an editor must not mark them.
    settings["properties"]["overlap"]["enum"] = list(NAMES)
    settings["properties"]["model"]["type"] = ["string", "array"]
    settings["properties"]["model"]["items"] = {"type": "string", "pattern": r"\S"}
    settings["properties"]["model"]["minItems"] = 1
    settings["properties"]["model_options"]["properties"] = _of(ModelOptions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **settings,
        "$defs": {name: one for name, one in whole["$defs"].items() if name != "Settings"},
        "title": "penstock.toml",
    }


def _of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The schema of each field. Its default is none: what is left out is left to the provider."""
    fields: dict[str, Any] = msgspec.json.schema(kind)["$defs"][kind.__name__]["properties"]
    return {name: {of: said for of, said in one.items() if of != "default"} for name, one in fields.items()}


def markdown() -> str:
    """docs/settings.md. `python -m penstock.settings` prints it."""
    return _INTRODUCTION + "".join(map(_lines, msgspec.structs.fields(Settings)))


def _lines(field: msgspec.structs.FieldInfo) -> str:
    heading = ""
    if field.name in HEADINGS:
        heading = f"\n## {HEADINGS[field.name]}\n\n| setting | default | |\n|---|---|---|\n"
    return f"{heading}| `{field.name}` | {_default(field)} | {help_of(field)} |\n"


def _default(field: msgspec.structs.FieldInfo) -> str:
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{value}`" if value or value == 0 else ""


def help_of(field: msgspec.structs.FieldInfo) -> str:
    kind = inspect.type_info(field.type)
    described = kind.extra_json_schema if isinstance(kind, inspect.Metadata) else None
    others = [f"`{called}`" for called, name in NAMES_OF_OTHERS.items() if name == field.name]
    also = f" Also read from {' and '.join(others)}." if others else ""
    return str((described or {})["description"]) + also
