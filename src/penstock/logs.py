"""What is happening, for whoever runs this: one fact a line, as readable text or as JSON.

A fact is a short fixed sentence and its fields, of which the turn's id is the first:

    log.info("turn ended", extra={"turn": turn.id, "first_visible_s": 1.8, "edits": 6})

Ids, counts, seconds and codes go in; people's words never do. Modules take
`logging.getLogger(__name__)` and nothing more; a command calls `set_up` once, and the server's own
loggers then speak in the same shape. Within somebody else's program its own logging is left alone;
`unless_set_up` speaks where there is none, and `Text` and `Json` are formatters like any other.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from io import TextIOBase
from typing import Literal, TextIO

Shape = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]

# Whatever a record holds beyond these came in through `extra`.
_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",  # uvicorn's second copy of its message, with escape codes
}
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


def set_up(shape: Shape, level: Level, stream: TextIO | TextIOBase) -> None:
    """Send every log line to `stream`, and nowhere else.

    `level` is for what is ours and the server's; other libraries speak up from warnings on.
    Each request's own line is below notice, except when everything is to be seen.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Json() if shape == "json" else Text())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("penstock", *_UVICORN):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = [], True, False
        logger.setLevel(level.upper())
    if level != "debug":
        logging.getLogger("uvicorn.access").setLevel(logging.WARNING)


def unless_set_up(shape: Shape, level: Level) -> None:
    """Where a program sets no logging up, Python shows a warning's sentence and none of its fields: then
    what is ours goes to stderr whole, as long as the program's root logger has no handler."""
    logger = logging.getLogger("penstock")
    if logger.hasHandlers():
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if shape == "json" else Text())
    handler.addFilter(lambda _: not logging.getLogger().handlers)
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(level.upper())


def facts(record: logging.LogRecord) -> dict[str, object]:
    """The fields that came with the record, and the error in one line when there is one."""
    found = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
    if record.exc_info and record.exc_info[0]:
        said = f"{record.exc_info[0].__name__}: {record.exc_info[1]}"
        found["exception"] = said.strip().removesuffix(":")
    return found


class Text(logging.Formatter):
    """`2026-11-21 09:30:01.250 info turn ended turn=7f3 first_visible_s=1.8`, and a trace below."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        said = _UNPRINTABLE.sub(_escaped, record.getMessage())
        fields = "".join(f" {name}={_word(value)}" for name, value in facts(record).items())
        line = f"{at}.{int(record.msecs):03d} {record.levelname.lower()} {said}{fields}"
        return "\n".join([line, *_trace(self, record)])


class Json(logging.Formatter):
    """One object a line: time, level, logger, message, the fields, and `trace` when something broke."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        said: dict[str, object] = {
            "time": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said.update((name, value) for name, value in facts(record).items() if name not in said)
        if trace := _trace(self, record):
            said["trace"] = "\n".join(trace)
        return json.dumps(said, default=str)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    broke = record.exc_info and record.exc_info[0]
    return [formatter.formatException(record.exc_info)] if record.exc_info and broke else []


# What would end the line, or steer a terminal.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _escaped(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


def _word(value: object) -> str:
    """One word, so that `name=value` can be taken apart again."""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    if re.fullmatch(r"[^\s\"=]+", text) and not _UNPRINTABLE.search(text):
        return text
    return _UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))
