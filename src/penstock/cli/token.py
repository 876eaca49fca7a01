"""penstock token: a token for a person or a program, and the line that lets it in."""

from __future__ import annotations

import json
import re

import click

# What TOML takes without quotation marks.
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_MOST_CHARS = 100


@click.command(short_help="Make a token with which somebody may come in.")
@click.argument("name")
@click.option("--admin", is_flag=True, help="Whoever has it may see /admin.")
def token(name: str, admin: bool) -> None:
    """Make a token for NAME, a person or a program, and say what to set so that it is known.

    The token goes to stdout and is kept nowhere: who loses it gets a new one.
    """
    from penstock.server.auth.tokens import hashed, new_token

    if not 0 < len(name) <= _MOST_CHARS or not name.isprintable() or name != name.strip():
        raise click.UsageError(f"A name has 1 to {_MOST_CHARS} printable characters.")
    made = new_token()
    click.echo(made)
    click.echo(
        f"This is the token for {name}. It is not shown again. To let it in, add this to penstock.toml, "
        f"at its end:\n\n[tokens]\n{line(name, hashed(made), admin=admin)}\n\n"
        'and this at its top: auth = "token"',
        err=True,
    )


def line(name: str, hash: str, *, admin: bool) -> str:
    key = name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    return f'{key} = {{ hash = "{hash}", admin = true }}' if admin else f'{key} = "{hash}"'
