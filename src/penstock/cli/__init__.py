"""The command `penstock`: one file per command, each imported when it is called.

Words of answers go to stdout, everything else to stderr. Exit codes: 0 done, 1 a failure that
a sentence explains, 2 a command that makes no sense, 130 ended with Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from penstock.errors import ChannelGone, PenstockError

_COMMANDS = ("serve", "chat", "index", "doctor", "config", "version")


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def penstock() -> None:
    """Carries a language model's answer, live and exactly once, to wherever people ask."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit. A command returns its exit code, or nothing when all went well."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: Sequence[str] | None) -> int:
    try:
        return penstock.main(arguments, prog_name="penstock", standalone_mode=False) or 0
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except (ChannelGone, BrokenPipeError):
        # `| head` has seen enough. What is still unwritten must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except PenstockError as exc:
        tell(exc)
        return 1


def tell(error: PenstockError) -> None:
    """What went wrong, on stderr: a sentence for each problem, after what was noted about it."""
    for note in getattr(error, "__notes__", ()):
        click.echo(note, err=True)
    for sentence in str(error).splitlines():
        click.echo(f"penstock: {sentence}", err=True)
