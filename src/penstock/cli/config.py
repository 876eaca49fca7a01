"""penstock config: the settings, checked, shown and described."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import options

if TYPE_CHECKING:
    from penstock.settings import Settings


@click.group()
def config() -> None:
    """Check, show and describe the settings."""


@config.command(short_help="Print the JSON Schema of penstock.toml.")
def schema() -> None:
    """Print the JSON Schema of penstock.toml, for editors that complete and check."""
    from penstock.settings import schema

    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


@config.command(short_help="Say everything that is wrong with the settings.")
@options.config_file
def check(config_file: Path | None) -> None:
    """Say everything that is wrong with penstock.toml and the environment."""
    from penstock.errors import ConfigError
    from penstock.settings import read_world

    settings, problems = read_world(config_file)
    problems += _unknown_names(settings)
    if problems:
        raise ConfigError("\n".join(problems))
    click.echo("The settings are fine.")


def _unknown_names(settings: Settings) -> list[str]:
    """What is named in the settings and not there, or is no such name. A key may well be missing where they
    are only checked."""
    from penstock.assistant import check_names
    from penstock.errors import ConfigError
    from penstock.models.bedrock import guardrail
    from penstock.server.page_files import read_logo
    from penstock.stores import builder

    problems = []
    for check in (
        lambda: check_names(settings),
        lambda: builder(settings.store),
        lambda: guardrail.named(settings.bedrock_guardrail),
        lambda: read_logo(settings.logo),
    ):
        try:
            check()
        except ConfigError as exc:
            problems.append(str(exc))
    return problems


@config.command(short_help="Print the settings in force, secrets hidden.")
@options.config_file
def show(config_file: Path | None) -> None:
    """Print the settings in force, secrets hidden, as they would stand in penstock.toml."""
    import msgspec

    from penstock.settings import from_world

    for name, value in msgspec.structs.asdict(from_world(config_file)).items():
        # TOML has no word for nothing.
        click.echo(f"# {name} is not set" if value is None else f"{name} = {shown(value)}")


def shown(value: object) -> str:
    """The value as TOML has it; a secret as dots, a path as text."""
    import msgspec

    from penstock.settings import TokenEntry

    match value:
        case bool() | int():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case tuple() | list():
            return f"[{', '.join(map(shown, value))}]"
        case dict():
            pairs = ", ".join(f"{json.dumps(name)} = {shown(one)}" for name, one in value.items())
            return f"{{{pairs}}}"
        case str() | Path():
            return json.dumps(without_password(str(value)), ensure_ascii=False)
        case TokenEntry():
            return shown(msgspec.structs.asdict(value))
        case _:
            # A Secret knows itself how much of it may be seen.
            return json.dumps(str(value) if value else "", ensure_ascii=False)


def without_password(text: str) -> str:
    """An address may carry a user and a password."""
    return re.sub(r"(?<=://)[^/@]+@", "•••@", text)
