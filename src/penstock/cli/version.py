"""penstock version"""

from __future__ import annotations

import platform
from importlib.metadata import version as version_of

import click


@click.command()
def version() -> None:
    """Print the versions of Penstock and Python."""
    click.echo(f"penstock {version_of('penstock')}, Python {platform.python_version()}")
