"""penstock index: read documents, so that questions can be answered from them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import options

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from penstock.knowledge.indexing import Progress, Report
    from penstock.knowledge.local import Local


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@options.data
@options.config_file
def index(paths: Sequence[str], data: Path | None, config_file: Path | None) -> int:
    """Read documents, so that questions can be answered from them.

    Each PATH is a file or a folder. What is unchanged since the last time is not read again, and what
    was deleted is forgotten.
    """
    from penstock.knowledge.local import Local
    from penstock.settings import from_world

    place = from_world(config_file, {"data": data}).data / "knowledge.db"
    report = _indexed(Local(place), paths)
    for path, reason in report.broken:
        click.echo(f"penstock: {path} was not read: {reason}", err=True)
    click.echo(summary(report, place))
    return 0 if report.added or report.changed or report.unchanged or report.removed else 1


def _indexed(local: Local, paths: Sequence[str]) -> Report:
    bar = _Bar()
    try:
        return local.index(paths, progress=bar)
    finally:
        bar.close()


class _Bar:
    """A progress bar on stderr, once it is known how much there is to do; none where nobody looks."""

    def __init__(self) -> None:
        self._bar: ProgressBar[int] | None = None

    def __call__(self, progress: Progress) -> None:
        if not sys.stderr.isatty():
            return
        bar = self._bar = self._bar or _begun(progress.total)
        bar.update(progress.done - bar.pos)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()


def _begun(total: int) -> ProgressBar[int]:
    bar = click.progressbar(length=total, label="Reading", file=sys.stderr)
    bar.render_progress()
    return bar


def summary(report: Report, place: Path) -> str:
    counts = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "not read": report.broken,
    }
    files = ", ".join(f"{len(paths)} {what}" for what, paths in counts.items() if paths)
    if not files:
        return "There is no document to read there."
    return f"{files}. {place} holds {report.passages:,} passage{'s' * (report.passages != 1)}."
