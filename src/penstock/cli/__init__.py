"""The command `penstock`: one file per command, each imported when it is called.

Words of answers go to stdout, everything else to stderr. Exit codes: 0 done, 1 a failure that
a sentence explains, 2 a command that makes no sense, 130 ended with Ctrl-C.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TextIO

import click

from penstock.errors import ChannelGone, PenstockError

_COMMANDS = ("serve", "chat", "index", "doctor", "config", "token", "sim", "version")


# What writing to a stream fails with: a full disk, a quota, a limit on a file's size, a broken disk.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and (near := get_close_matches(args[0], _COMMANDS, n=1)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]}?")
        return super().resolve_command(ctx, args)


def _tell_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from penstock.cli.version import version

        ctx.invoke(version)
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
# Not click.version_option: to be made, it already reads the environment, for translations.
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Print the versions of Penstock and Python.",
)
def penstock() -> None:
    """Carries a language model's answer, live and exactly once, to wherever people ask."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit. A command returns its exit code, or nothing when all went well."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: Sequence[str] | None) -> int:
    # None after `>&-`: whoever closed a stream wants nothing from it.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    try:
        code = penstock.main(arguments, prog_name="penstock", standalone_mode=False) or 0
        sys.stdout.flush()
        return code
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except (ChannelGone, BrokenPipeError):
        # `| head` has seen enough.
        _give_stdout_up()
        return 1
    except PenstockError as exc:
        tell(exc)
        return 1
    except OSError as exc:
        if _is_nowhere():
            click.echo("penstock: The current folder has been deleted: go to another one.", err=True)
            return 1
        if exc.filename is None and exc.errno not in _NO_ROOM:
            raise
        _give_stdout_up()
        what = "The output could not be written" if exc.filename is None else f"{exc.filename} cannot be used"
        click.echo(f"penstock: {what}: {exc.strerror}.", err=True)
        return 1


def _is_nowhere() -> bool:
    """Whether the current folder is gone."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")


def _give_stdout_up() -> None:
    """What is still unwritten must not be tried again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(error: PenstockError) -> None:
    """What went wrong, on stderr: a sentence for each problem, after what was noted about it."""
    for note in getattr(error, "__notes__", ()):
        click.echo(note, err=True)
    for sentence in str(error).splitlines():
        click.echo(f"penstock: {sentence}", err=True)
