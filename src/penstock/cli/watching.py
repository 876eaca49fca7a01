"""penstock serve --watch: the server in a process of its own, started again when what it is made of changes.

A fresh process, because reloading modules inside one leaves old objects behind. The child
ends when its stdin does, so it never outlives us, however we end.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

_LOOK_EVERY_S = 0.25
# A child that has not ended by then hangs.
_END_WITHIN_S = 10.0

Stamps = dict[Path, tuple[int, int] | None]


def keep_serving(file: str | None, config_file: Path | None, flags: Mapping[str, object]) -> int:
    """Serve until told to end. A program that does not start is left alone until it is mended."""
    signal.signal(signal.SIGTERM, _leave)
    arguments = command(file, config_file, flags)
    try:
        while True:
            paths = watched_paths(file, config_file)
            before = stamps(paths)
            with _child(arguments) as child:
                code = _until_change_or_end(child, paths, before)
            if code == 0:
                return 0
            if code is not None:
                click.echo("penstock: it ended; waiting for a change", err=True)
                _until_change(paths, before)
            changed = next(iter(path for path, stamp in stamps(paths).items() if stamp != before[path]), None)
            click.echo(f"penstock: {changed.name if changed else 'a file'} changed, starting again", err=True)
    except KeyboardInterrupt:
        return 0


def command(file: str | None, config_file: Path | None, flags: Mapping[str, object]) -> list[str]:
    """The same command line without --watch."""
    given = {**flags, "config": config_file}
    said = [f"--{name}={value}" for name, value in given.items() if value is not None]
    return [sys.executable, "-m", "penstock", "serve", "--watched", *said, *([file] if file else [])]


def watched_paths(file: str | None, config_file: Path | None) -> list[Path]:
    """FILE and what may be imported from beside it, the settings, and Penstock itself."""
    from penstock.cli.assistant_file import apart
    from penstock.settings import FILE

    paths = [config_file or Path(FILE), *Path(__file__).parents[1].rglob("*.py")]
    if file:
        path, _ = apart(file)
        paths += [path, *path.parent.glob("*.py")]
    return paths


def stamps(paths: Sequence[Path]) -> Stamps:
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        at = path.stat()
    except OSError:
        return None
    return at.st_mtime_ns, at.st_size


@contextmanager
def _child(arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(arguments, stdin=subprocess.PIPE)
    assert child.stdin is not None
    try:
        yield child
    finally:
        child.stdin.close()
        try:
            child.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _until_change_or_end(child: subprocess.Popen[bytes], paths: Sequence[Path], before: Stamps) -> int | None:
    """The code with which the child ended by itself, or None when something changed first."""
    while stamps(paths) == before:
        try:
            return child.wait(_LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            pass
    return None


def _until_change(paths: Sequence[Path], before: Stamps) -> None:
    from time import sleep

    while stamps(paths) == before:
        sleep(_LOOK_EVERY_S)


def _leave(sig: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
