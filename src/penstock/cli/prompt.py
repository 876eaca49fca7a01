"""The prompt of a conversation, with a history that lasts as long as it does."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from importlib import import_module

_PROMPT = "> "
_LEAVING = (signal.SIGINT, signal.SIGTERM)


def next_question() -> str | None:
    """What the person types next; None when they leave, by Ctrl-D or Ctrl-C.

    It waits in the main thread, since only there does Ctrl-C reach it; nothing is under way meanwhile.
    """
    # Imported, it gives input() editing and history. Windows has none.
    with suppress(ImportError):
        import_module("readline")
    before = {number: signal.signal(number, signal.default_int_handler) for number in _LEAVING}
    try:
        while not (text := _line().strip()):
            pass
    except (EOFError, KeyboardInterrupt):
        sys.stderr.write("\n")
        return None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return text


def _line() -> str:
    if sys.stdout.isatty():
        return input(_PROMPT)
    # The words go elsewhere, and the prompt is none of them.
    sys.stderr.write(_PROMPT)
    sys.stderr.flush()
    return input()
