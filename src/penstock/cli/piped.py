"""What comes in by a pipe: the question itself, or a file that a question is about."""

from __future__ import annotations

import os
import select
import sys
from typing import NamedTuple

import click

from penstock.core.question import MAX_TEXT_BYTES
from penstock.errors import QuestionInvalid, QuestionTooLong

NAME = "stdin.txt"
# Asked of a file that is itself the question, being too long for one.
_ASKED_IN_FILE = f"Answer what is asked in the file {NAME}."
_HINT_AFTER_S = 2.0


class Asked(NamedTuple):
    """A question, and the file that comes with it, if any."""

    text: str
    file: bytes = b""


def asked(words: str, piped: bytes) -> Asked:
    """Piped text is a file that the words are about; alone, it is the question, if it is short enough.

    Raises QuestionInvalid when it is not text.
    """
    text = _text(piped)
    if words:
        return Asked(words, piped if text.strip() else b"")
    if len(piped) > MAX_TEXT_BYTES:
        return Asked(_ASKED_IN_FILE, piped)
    return Asked(text.strip())


def _text(piped: bytes) -> str:
    try:
        text = piped.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise QuestionInvalid("What came in by the pipe is not UTF-8 text.") from None
    if "\x00" in text:
        raise QuestionInvalid("What came in by the pipe is not text: it holds NUL characters.")
    return text


# --- I/O ----------------------------------------------------------------------


def is_piped() -> bool:
    """Whether something other than a person may be typing; without any stdin, too."""
    return sys.stdin is None or not sys.stdin.isatty()


def read(max_bytes: int) -> bytes:
    """All of stdin. Raises QuestionTooLong."""
    if sys.stdin is None:
        return b""
    if os.name == "posix" and not select.select([sys.stdin], [], [], _HINT_AFTER_S)[0]:
        click.echo("penstock: reading stdin until it ends (or start it with </dev/null)", err=True)
    piped = sys.stdin.buffer.read(max_bytes + 1)
    if len(piped) > max_bytes:
        raise QuestionTooLong(f"More than {max_bytes:,} bytes came in by the pipe (max_body_bytes).")
    return piped
