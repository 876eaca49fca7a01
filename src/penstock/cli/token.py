"""penstock token: a token for a person or a program, and the line that lets it in."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

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
    from penstock.settings import FILE

    if not 0 < len(name) <= _MOST_CHARS or not name.isprintable() or name != name.strip():
        raise click.UsageError(f"A name has 1 to {_MOST_CHARS} printable characters.")
    made = new_token()
    click.echo(made)
    click.echo(
        f"This is the token for {name}. It is not shown again. To let it in, add this to {FILE}, "
        f"{where_to(line(name, hashed(made), admin=admin), there(Path(FILE)))}",
        err=True,
    )


def where_to(line: str, there: dict[str, object]) -> str:
    """Where in the file the line belongs, which TOML lets declare a table only once."""
    place = f"under [tokens]:\n\n{line}" if "tokens" in there else f"at its end:\n\n[tokens]\n{line}"
    return place if "auth" in there else f'{place}\n\nand this at its top: auth = "token"'


def there(file: Path) -> dict[str, object]:
    """What the file sets; nothing where it cannot be read, which is for `penstock config check` to say."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def line(name: str, hash: str, *, admin: bool) -> str:
    key = name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    return f'{key} = {{ hash = "{hash}", admin = true }}' if admin else f'{key} = "{hash}"'
