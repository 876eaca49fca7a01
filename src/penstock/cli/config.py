"""penstock config: the settings, checked, shown and described."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from penstock.cli import options


@click.group()
def config() -> None:
    """Check, show and describe the settings."""


@config.command()
def schema() -> None:
    """Print the JSON Schema of penstock.toml, for editors that complete and check."""
    from penstock.settings import schema

    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


@config.command()
@options.config_file
def check(config_file: Path | None) -> None:
    """Say everything that is wrong with penstock.toml and the environment."""
    from penstock.settings import from_world

    from_world(config_file)
    click.echo("The settings are fine.")


@config.command()
@options.config_file
def show(config_file: Path | None) -> None:
    """Print the settings in force, secrets hidden, as they would stand in penstock.toml."""
    import msgspec

    from penstock.settings import from_world

    for name, value in msgspec.structs.asdict(from_world(config_file)).items():
        click.echo(f"{name} = {shown(value)}")


def shown(value: object) -> str:
    """The value as TOML has it; a secret as dots, a path as text."""
    match value:
        case bool() | int():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case tuple():
            return f"[{', '.join(map(shown, value))}]"
        case str() | Path():
            # An address may carry a user and a password.
            return json.dumps(re.sub(r"(?<=://)[^/@]+@", "•••@", str(value)), ensure_ascii=False)
        case _:
            # A Secret knows itself how much of it may be seen.
            return json.dumps(str(value) if value else "", ensure_ascii=False)
