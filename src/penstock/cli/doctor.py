"""penstock doctor: what is set up, what is missing, and what would go wrong. It spends no token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import options
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from penstock.cli.findings import Finding


@click.command(short_help="Say which model would answer and why, and what is missing.")
@click.argument("file", required=False)
@options.model
@options.data
@options.config_file
def doctor(file: str | None, model: str | None, data: Path | None, config_file: Path | None) -> int:
    """Say which model would answer and why, and what is missing; no token is spent.

    The exit code is 1 when something would stop `penstock serve`, or every answer.
    """
    return asyncio.run(_told(file, config_file, {"model": model, "data": data}))


async def _told(file: str | None, config_file: Path | None, flags: dict[str, object]) -> int:
    stops = False
    async for finding in _examined(file, config_file, flags):
        click.echo(f"{finding.mark:<8} {finding.about:<10} {finding.text}")
        stops = stops or finding.mark == "problem"
    return 1 if stops else 0


async def _examined(
    file: str | None, config_file: Path | None, flags: dict[str, object]
) -> AsyncIterator[Finding]:
    from penstock.cli import findings
    from penstock.cli.assistant_file import found
    from penstock.cli.findings import Finding

    yield findings.versions()
    try:
        assistant = found(file)
        settings = assistant.settings(config_file, **flags)
    except PenstockError as exc:
        for note in getattr(exc, "__notes__", ()):
            click.echo(note, err=True)
        for sentence in str(exc).splitlines():
            yield Finding("problem", "settings", sentence)
        return
    yield Finding("ok", "settings", "they are fine")
    yield await findings.model(assistant, settings)
    yield await findings.store(settings)
    yield await findings.knowledge(assistant, settings)
    if settings.logo:
        yield findings.logo(settings)
    yield findings.sign_in(settings)
    yield findings.port(settings)
