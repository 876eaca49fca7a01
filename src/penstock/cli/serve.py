"""penstock serve: the page, the API and every channel that is set up, from one process."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from penstock.cli import options


@click.command(short_help="Serve an assistant: the page, the API, the channels.")
@click.argument("file", required=False)
@click.option("--host", help="The address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 is any free one. [default: 8000]")
@options.model
@click.option(
    "--watch", is_flag=True, help="Start again when FILE, penstock.toml or Penstock's source changes."
)
@options.data
@click.option("--log", type=click.Choice(["text", "json"]), help="What the log on stderr is made of.")
@options.config_file
@click.option("--watched", is_flag=True, hidden=True)
def serve(
    file: str | None,
    host: str | None,
    port: int | None,
    model: str | None,
    watch: bool,
    data: Path | None,
    log: str | None,
    config_file: Path | None,
    watched: bool,
) -> int:
    """Serve an assistant: the page, the API, and every channel that is set up.

    FILE is a Python file that makes an Assistant (FILE:NAME if it makes several); without one,
    penstock.toml describes it. Ctrl-C lets running answers finish for a while; Ctrl-C again ends at once.
    """
    flags: dict[str, object] = {"host": host, "port": port, "model": model, "data": data, "log": log}
    if watch:
        from penstock.cli.watching import keep_serving

        return keep_serving(file, config_file, flags)
    from penstock import logs
    from penstock.cli import serving
    from penstock.cli.assistant_file import found
    from penstock.server.auth import check

    assistant = found(file)
    if watched:
        # Whoever edits wants the new program now; its answers are taken over.
        flags["grace_s"] = 0.0
    settings = assistant.settings(config_file, **flags)
    check(settings)
    logs.set_up(settings.log, settings.log_level, sys.stderr)
    serving.run(assistant, settings, until_stdin_ends=watched)
    return 0
