"""Log lines: their shape, their fields, and who speaks through them."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn.config

from penstock.logs import Level, Shape, Text, set_up, unless_set_up

log = logging.getLogger("penstock.engine")

SetUp = Callable[[Shape, Level], io.StringIO]


@pytest.fixture
def listen() -> Iterator[SetUp]:
    """Sets the log up and gives what it writes to; afterwards everything is as it was."""
    names = (None, "penstock", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
    loggers = [logging.getLogger(name) for name in names]
    before = [(one.handlers, one.level, one.propagate, one.disabled) for one in loggers]

    def start(shape: Shape, level: Level) -> io.StringIO:
        stream = io.StringIO()
        set_up(shape, level, stream)
        return stream

    yield start
    for one, (handlers, level, propagate, disabled) in zip(loggers, before, strict=True):
        one.handlers, one.propagate, one.disabled = handlers, propagate, disabled
        one.setLevel(level)


def objects(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def without_time(stream: io.StringIO) -> str:
    return re.sub(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ", "", stream.getvalue())


def break_down() -> None:
    raise ValueError("no such\nfence")


def test_a_fact_is_a_sentence_and_its_fields(listen: SetUp) -> None:
    stream = listen("text", "info")

    log.info("turn ended", extra={"turn": "7f3", "first_visible_s": 1.8000000000000003, "edits": 6})

    assert without_time(stream) == "info turn ended turn=7f3 first_visible_s=1.8 edits=6\n"


def test_in_json_the_fields_are_fields(listen: SetUp) -> None:
    stream = listen("json", "info")

    log.warning("turn %s", "ended", extra={"turn": "7f3", "first_visible_s": 1.8, "why": None})

    [said] = objects(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said.pop("time"))
    assert said == {
        "level": "warning",
        "logger": "penstock.engine",
        "message": "turn ended",
        "turn": "7f3",
        "first_visible_s": 1.8,
        "why": None,
    }


def test_a_field_cannot_take_the_place_of_the_level(listen: SetUp) -> None:
    stream = listen("json", "info")

    log.info("turn ended", extra={"level": 3, "time": 4})

    assert objects(stream)[0]["level"] == "info"


@pytest.mark.parametrize("nasty", ["two\nlines", "\x1b[31mred", 'say "hi"', "a=b", "", "\u2028", "\x85"])
def test_whatever_a_field_holds_it_stays_one_word_of_one_line(listen: SetUp, nasty: str) -> None:
    stream = listen("text", "info")

    log.info("odd %s", nasty, extra={"field": nasty, "after": 1})

    [line] = stream.getvalue().splitlines()
    assert line.isprintable()
    assert line.endswith(" after=1")


def test_json_survives_what_is_not_json_or_not_text(listen: SetUp) -> None:
    stream = listen("json", "info")

    log.info("odd", extra={"half": "\ud800", "thing": {1}, "words": "Grüße"})

    [said] = objects(stream)
    assert (said["half"], said["thing"], said["words"]) == ("\ud800", "{1}", "Grüße")


def test_an_exception_is_one_line_and_then_its_trace(listen: SetUp) -> None:
    stream = listen("text", "info")

    try:
        break_down()
    except ValueError:
        log.exception("turn failed", extra={"turn": "7f3"})

    first, *trace = without_time(stream).splitlines()
    assert first == r'error turn failed turn=7f3 exception="ValueError: no such\nfence"'
    assert trace[0] == "Traceback (most recent call last):"
    assert any("break_down" in line for line in trace)


def test_in_json_an_exception_is_one_line_altogether(listen: SetUp) -> None:
    stream = listen("json", "info")

    try:
        break_down()
    except ValueError:
        log.exception("turn failed")

    [said] = objects(stream)
    assert said["exception"] == "ValueError: no such\nfence"
    assert "break_down" in said["trace"]


def test_an_exception_without_words_leaves_no_loose_colon(listen: SetUp) -> None:
    stream = listen("json", "info")

    log.error("turn failed", exc_info=TimeoutError())

    assert objects(stream)[0]["exception"] == "TimeoutError"


def test_the_servers_loggers_flow_into_the_same_lines_once(listen: SetUp) -> None:
    logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)
    stream = listen("json", "info")

    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[36mStarted"})

    [said] = objects(stream)
    assert said["message"] == "Started"
    assert "color_message" not in said


def test_each_requests_line_is_there_only_when_everything_is_to_be_seen(listen: SetUp) -> None:
    access = logging.getLogger("uvicorn.access")

    quiet = listen("json", "info")
    access.info("GET /")
    loud = listen("json", "debug")
    access.info("GET /")

    assert objects(quiet) == []
    assert len(objects(loud)) == 1


def test_other_libraries_speak_up_from_warnings_on(listen: SetUp) -> None:
    stream = listen("json", "debug")

    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("look")

    assert [said["message"] for said in objects(stream)] == ["look"]


def test_the_level_hides_what_is_below(listen: SetUp) -> None:
    stream = listen("text", "warning")

    log.info("hidden")
    log.warning("seen")

    assert without_time(stream) == "warning seen\n"


def test_setting_up_twice_does_not_say_things_twice(listen: SetUp) -> None:
    listen("text", "info")
    stream = listen("text", "info")

    log.info("once")

    assert without_time(stream) == "info once\n"


# --- Within somebody else's program ---------------------------------------------


Bare = Callable[[], logging.Logger]


@pytest.fixture
def bare(listen: SetUp) -> Bare:
    """Makes this a program that has set nothing up, and gives its root logger."""

    def strip() -> logging.Logger:
        listen("text", "info")
        logging.getLogger("penstock").setLevel(logging.NOTSET)
        root = logging.getLogger()
        root.handlers = []
        return root

    return strip


def test_where_nothing_is_set_up_a_fact_still_has_its_fields(
    bare: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    bare()
    unless_set_up("text", "info")
    unless_set_up("text", "info")

    log.info("turn ended", extra={"turn": "7f3"})
    log.debug("hidden")

    assert capsys.readouterr().err.endswith(" info turn ended turn=7f3\n")


def test_a_program_that_sets_its_log_up_later_hears_everything_once(
    bare: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    root = bare()
    unless_set_up("json", "info")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Text())
    root.addHandler(handler)

    log.warning("the model failed", extra={"turn": "7f3"})

    assert without_time(stream) == "warning the model failed turn=7f3\n"
    assert capsys.readouterr().err == ""


def test_a_program_that_has_set_its_log_up_is_left_alone(bare: Bare) -> None:
    bare().addHandler(logging.StreamHandler(io.StringIO()))

    unless_set_up("text", "debug")

    assert logging.getLogger("penstock").handlers == []
    assert not log.isEnabledFor(logging.INFO)
