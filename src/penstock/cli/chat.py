"""penstock chat: one question for scripts, or a conversation at a terminal.

It keeps its own store, so that it works beside a running `penstock serve`: a folder that
goes with the conversation, or one per `--thread`, to come back to.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import options, piped

if TYPE_CHECKING:
    from penstock.assistant import Assistant, Opened
    from penstock.channels.terminal import Look
    from penstock.cli.piped import Asked
    from penstock.cli.talking import Talk
    from penstock.core.ports import Store
    from penstock.core.question import File
    from penstock.settings import Settings


@click.command(short_help="Ask a question, or have a conversation.")
@click.argument("question", nargs=-1)
@options.model
@click.option("--file", metavar="FILE", help=f"Which assistant answers: {options.FILE_HELP}.")
@click.option("--thread", metavar="NAME", default="", help="Begin or continue a conversation that is kept.")
@options.data
@options.config_file
@click.option("--no-color", envvar="NO_COLOR", default="", hidden=True)
def chat(
    question: Sequence[str],
    model: str | None,
    file: str | None,
    thread: str,
    data: Path | None,
    config_file: Path | None,
    no_color: str,
) -> int:
    """Ask a question and watch the answer arrive; without one, have a conversation.

    Words go to stdout, everything about them to stderr. Piped input is the question, or a
    file that the question is about. Ctrl-C stops an answer and keeps what there is of it.
    """
    from penstock.cli.assistant_file import found

    assistant = found(file)
    settings = assistant.settings(config_file, model=model, data=data, grace_s=0.0)
    words = " ".join(question)
    if not words and not piped.is_piped():
        return asyncio.run(_converse(assistant, settings, thread, _look(no_color)))
    asked = piped.asked(words, piped.read(settings.max_body_bytes) if piped.is_piped() else b"")
    if not asked.text:
        raise click.UsageError("What is the question?")
    return asyncio.run(_answer(assistant, settings, thread, _look(no_color), asked))


def _look(no_color: str) -> Look:
    from penstock.channels.terminal import Look

    beside = sys.stderr.isatty()
    return Look(sys.stdout.isatty(), beside, colour=beside and not no_color)


@asynccontextmanager
async def _talk(
    assistant: Assistant, settings: Settings, thread: str, look: Look
) -> AsyncIterator[tuple[Talk, Store, str]]:
    """A talk, the store that keeps it, and a line about who answers."""
    from penstock import logs
    from penstock.channels.terminal_streams import Streams
    from penstock.cli.talking import Talk
    from penstock.stores import builder

    with _place(settings.data, thread) as folder, closing(Streams(sys.stdout, sys.stderr)) as streams:
        # What goes well is seen in the conversation itself.
        level = "warning" if settings.log_level == "info" else settings.log_level
        logs.set_up(settings.log, level, streams.log)
        store = builder("sqlite")(folder)
        async with _opened(assistant, settings, store, thread) as opened:
            talk = Talk(opened.engine, thread or "chat", streams, look)
            yield talk, store, f"{opened.model.name} answers ({opened.model.why})."


@asynccontextmanager
async def _opened(
    assistant: Assistant, settings: Settings, store: Store, thread: str
) -> AsyncIterator[Opened]:
    from penstock.errors import ConfigError, StoreTaken

    try:
        async with assistant.opened(settings, store=store) as opened:
            yield opened
    except StoreTaken:
        raise ConfigError(
            f"The conversation {thread!r} is under way in another terminal: leave it there first (Ctrl-D), "
            "or give this one another name with --thread."
        ) from None


@contextmanager
def _place(data: Path, thread: str) -> Iterator[Path]:
    from hashlib import sha256
    from tempfile import TemporaryDirectory

    if thread:
        yield data / "chat" / sha256(thread.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return
    with TemporaryDirectory(prefix="penstock-chat-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


# --- One question ---------------------------------------------------------------


async def _answer(assistant: Assistant, settings: Settings, thread: str, look: Look, asked: Asked) -> int:
    async with _talk(assistant, settings, thread, look) as (talk, store, _):
        answer = await talk.ask(asked.text, await _kept(store, asked.file))
        if answer.interrupted:
            # As a shell counts a program that a signal ended.
            return 128 + answer.interrupted
        if answer.broken:
            await talk.say(
                "penstock: the answer was begun anew after a part of it was written, and says something else "
                "now. Ask again."
            )
            return 1
        # A part of an answer, or a refusal, must not be taken for the answer by what comes after `&&`.
        return 0 if answer.view.finish == "complete" else 1


# --- A conversation -------------------------------------------------------------


async def _converse(assistant: Assistant, settings: Settings, thread: str, look: Look) -> int:
    from penstock.cli.prompt import next_question
    from penstock.errors import Busy, Refused

    async with _talk(assistant, settings, thread, look) as (talk, _, who):
        await talk.say(f"{who} Ctrl-C stops an answer, Ctrl-D leaves.")
        while (text := next_question()) is not None:
            try:
                if (await talk.ask(text)).interrupted == signal.SIGTERM:
                    break
            except (Refused, Busy) as exc:
                await talk.say(f"penstock: {exc.for_reader}")
        return 0


async def _kept(store: Store, data: bytes) -> tuple[File, ...]:
    from penstock.core.question import File

    if not data:
        return ()
    return (File(await store.blobs.put(data), piped.NAME, "text/plain", len(data)),)
