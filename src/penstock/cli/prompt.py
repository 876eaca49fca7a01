"""The prompt of a conversation, with a history that lasts as long as it does."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from importlib import import_module

_PROMPT = "> "


def next_question() -> str | None:
    """What the person types next; None when they leave, by Ctrl-D or Ctrl-C.

    It waits in the main thread, since only there does Ctrl-C reach it; nothing is under way meanwhile.
    """
    # Imported, it gives input() editing and history. Windows has none.
    with suppress(ImportError):
        import_module("readline")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        while not (text := _line().strip()):
            pass
    except (EOFError, KeyboardInterrupt):
        sys.stderr.write("\n")
        return None
    finally:
        signal.signal(signal.SIGINT, before)
    return text


def _line() -> str:
    if sys.stdout.isatty():
        return input(_PROMPT)
    # The words go elsewhere, and the prompt is none of them.
    sys.stderr.write(_PROMPT)
    sys.stderr.flush()
    return input()
