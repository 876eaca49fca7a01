"""The flags that several commands share. Each is a setting of the same name, and wins over it."""

from __future__ import annotations

from pathlib import Path

import click


def _path(text: str) -> Path | None:
    """Empty counts as not given, as in `--data "$DATA"`."""
    return Path(text) if text else None


FILE_HELP = "a Python file that makes an Assistant; FILE:NAME if it makes several"

model = click.option("--model", metavar="NAME", help="Which model answers, as provider/name.")
# Not click.Path: to be made, it already reads the environment, for translations.
data = click.option("--data", metavar="FOLDER", type=_path, help="Where everything is kept.")
config_file = click.option(
    "--config",
    "config_file",
    metavar="TOML",
    type=_path,
    help="The settings file, instead of penstock.toml.",
)
