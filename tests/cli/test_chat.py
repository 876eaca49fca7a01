"""penstock chat, as scripts and people use it."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.program import ECHO, HELD, PATIENCE_S, Gate, Screen, read_until, run, serving, started

At = Callable[..., Screen]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    (tmp_path / "held.py").write_text(HELD)
    gate = Gate(tmp_path)
    yield gate
    gate.close()


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[At]:
    (tmp_path / "echo.py").write_text(ECHO)
    screens: list[Screen] = []

    def at(*arguments: str, words: Path | None = None, **more: str) -> Screen:
        screens.append(Screen("chat", *arguments, at=tmp_path, words=words, **more))
        return screens[-1]

    yield at
    for each in screens:
        each.close()


def assistant(folder: Path, name: str, model: str) -> str:
    (folder / name).write_text(f"from penstock import Assistant, Cited, Passage, Status\n{model}\n")
    return name


# --- For scripts ----------------------------------------------------------------


def test_the_first_words_come_before_the_last_are_known(tmp_path: Path, gate: Gate) -> None:
    with started("chat", "--file", "held.py", "capital?", at=tmp_path) as program:
        assert program.stdout is not None
        gate.waits()
        assert read_until(program.stdout, "Pa") == "Pa"

        gate.open()
        out, err = program.communicate(timeout=PATIENCE_S)

    assert (out, err, program.returncode) == (b"ris\n", b"", 0)


def test_only_words_go_to_stdout(tmp_path: Path) -> None:
    file = assistant(
        tmp_path,
        "a.py",
        """
async def answer(question: str):
    yield Status("searching")
    yield Cited(1, Passage("pay.md", "...", heading="Sick pay"))
    yield "Six weeks [1]."
assistant = Assistant(model=answer)
""",
    )

    ran = run("chat", "--file", file, "sick", "pay?", at=tmp_path)

    assert ran.stdout == "Six weeks [1].\n"
    assert ran.stderr == "searching …\n[1] pay.md: Sick pay\n"
    assert ran.returncode == 0


def test_out_of_the_box_it_answers_without_a_key(tmp_path: Path) -> None:
    ran = run("chat", "how do I use my own documents?", at=tmp_path)

    assert "penstock index" in ran.stdout
    assert "your-documents.md" in ran.stderr
    assert ran.returncode == 0


def test_a_model_that_is_named_answers(tmp_path: Path) -> None:
    ran = run("chat", "--model", "nobody/nothing", "hello", at=tmp_path)

    assert ran.returncode == 1
    assert ran.stderr.startswith("penstock: There is no model provider 'nobody'.")


def test_piped_text_is_the_question(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)

    ran = run("chat", "--file", "echo.py", at=tmp_path, stdin=b"What is Gr\xc3\xbc\xc3\x9fe?\n")

    assert ran.stdout == "1: What is Grüße?\n"


def test_piped_text_beside_a_question_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)

    ran = run("chat", "--file", "echo.py", "Sum", "up", at=tmp_path, stdin=b"a long report")

    assert ran.stdout == "1: Sum up + stdin.txt: a long report\n"


def test_an_empty_pipe_beside_a_question_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)

    assert run("chat", "--file", "echo.py", "hello", at=tmp_path, stdin=b"\n").stdout == "1: hello\n"


def test_a_piped_question_that_is_too_long_for_one_goes_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)
    long = "why? " * 30_000

    ran = run("chat", "--file", "echo.py", at=tmp_path, stdin=long.encode())

    assert ran.stdout == f"1: Answer what is asked in the file stdin.txt. + stdin.txt: {long}\n"


@pytest.mark.parametrize(
    ("stdin", "sentence"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a\x00b", "NUL"),
        (b"x" * 5_000_000, "More than 4,194,304 bytes"),
    ],
    ids=["not text", "NUL", "too much"],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(tmp_path: Path, stdin: bytes, sentence: str) -> None:
    ran = run("chat", "hello", at=tmp_path, stdin=stdin)

    assert ran.returncode == 1
    assert ran.stderr.startswith("penstock: ")
    assert sentence in ran.stderr


def test_no_question_at_all_makes_no_sense(tmp_path: Path) -> None:
    ran = run("chat", at=tmp_path)

    assert ran.returncode == 2
    assert "What is the question?" in ran.stderr


def test_an_answer_that_fails_keeps_its_words_and_says_why(tmp_path: Path) -> None:
    file = assistant(
        tmp_path,
        "a.py",
        """
async def answer(question: str):
    yield "Pa"
    raise RuntimeError("secret")
assistant = Assistant(model=answer)
""",
    )

    ran = run("chat", "--file", file, "capital?", at=tmp_path)

    assert ran.stdout == "Pa\n"
    assert "penstock: The model could not answer. Please ask again.\n" in ran.stderr
    assert "secret" not in ran.stderr
    assert ran.returncode == 1


@pytest.mark.parametrize(
    ("finish", "note"),
    [
        ("length", "(not the whole answer: the model's limit was reached)"),
        ("blocked", "(ended by a content filter)"),
        ("refused", "(the model declined)"),
    ],
)
def test_an_answer_that_is_not_whole_fails_a_script(tmp_path: Path, finish: str, note: str) -> None:
    file = assistant(
        tmp_path,
        "a.py",
        f"""
from penstock.core.events import Finished
async def answer(question: str):
    yield "Par"
    yield Finished("{finish}")
assistant = Assistant(model=answer)
""",
    )

    ran = run("chat", "--file", file, "capital?", at=tmp_path)

    assert (ran.stdout, ran.stderr, ran.returncode) == ("Par\n", f"{note}\n", 1)


def test_an_answer_that_says_something_else_at_the_second_try_fails_a_script(tmp_path: Path) -> None:
    file = assistant(
        tmp_path,
        "a.py",
        """
tries = []
async def answer(question: str):
    tries.append(1)
    yield "Lyon" if len(tries) == 1 else "Paris"
    if len(tries) == 1:
        raise RuntimeError
assistant = Assistant(model=answer)
""",
    )

    ran = run("chat", "--file", file, "capital?", at=tmp_path)

    assert ran.stdout == "Lyon\n"
    assert "begun anew" in ran.stderr
    assert ran.returncode == 1


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_answer_and_keeps_what_there_is(
    tmp_path: Path, gate: Gate, sig: signal.Signals
) -> None:
    with started("chat", "--file", "held.py", "capital?", at=tmp_path) as program:
        gate.waits()
        program.send_signal(sig)
        out, err = program.communicate(timeout=PATIENCE_S)

    assert (out, err) == (b"Pa\n", b"(stopped)\n")
    assert program.returncode == 128 + sig
    assert gate.was_left()


def test_a_reader_who_has_seen_enough_stops_the_model(tmp_path: Path, gate: Gate) -> None:
    with started("chat", "--file", "held.py", "capital?", at=tmp_path) as program:
        assert program.stdout is not None
        gate.waits()
        program.stdout.close()
        gate.open()

        assert program.wait(PATIENCE_S) == 1
        assert program.stderr is not None
        assert program.stderr.read() == b""


def test_what_was_said_is_gone_afterwards(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)
    folder = tmp_path / "temporary"
    folder.mkdir()

    run("chat", "--file", "echo.py", "hello", at=tmp_path, TMPDIR=str(folder))

    assert list(folder.iterdir()) == []


def test_a_conversation_with_a_name_goes_on(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)

    first, second, other = (
        run("chat", "--file", "echo.py", "--thread", name, "hello", at=tmp_path).stdout
        for name in ("trip", "trip", "work")
    )

    assert (first, second, other) == ("1: hello\n", "3: hello\n", "1: hello\n")


def test_a_conversation_goes_on_in_one_terminal_at_a_time(tmp_path: Path, gate: Gate) -> None:
    with started("chat", "--file", "held.py", "--thread", "trip", "capital?", at=tmp_path):
        gate.waits()
        ran = run("chat", "--file", "held.py", "--thread", "trip", "and now?", at=tmp_path)

    assert ran.stderr == (
        "penstock: The conversation 'trip' is under way in another terminal: leave it there first (Ctrl-D), "
        "or give this one another name with --thread.\n"
    )
    assert (ran.stdout, ran.returncode) == ("", 1)


def test_knowledge_that_is_not_there_is_told_and_the_words_stay_pure(tmp_path: Path) -> None:
    ran = run("chat", "--model", "demo", "hello", at=tmp_path, PENSTOCK_KNOWLEDGE="handbok")

    assert 'warning knowledge cannot be read path=handbok why="there is no such file or folder"' in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert "handbok" not in ran.stdout
    assert ran.returncode == 0


def test_it_works_beside_a_server_on_the_same_data(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)
    with serving("echo.py", at=tmp_path):
        ran = run("chat", "--file", "echo.py", "hello", at=tmp_path)

    assert (ran.stdout, ran.returncode) == ("1: hello\n", 0)


# --- At a terminal --------------------------------------------------------------


def test_a_conversation_streams_and_keeps_its_thread(tmp_path: Path, gate: Gate, screen: At) -> None:
    person = screen("--file", "held.py")
    person.shows("> ")
    person.types("capital?\n")
    gate.waits()
    person.shows("Pa$")
    gate.open()
    person.shows("ris\r\n.*> ")

    person.types("\x04")

    assert person.ends() == 0


def test_the_second_question_knows_of_the_first(screen: At) -> None:
    person = screen("--file", "echo.py")
    person.shows("> ")
    person.types("one\n")
    person.shows("1: one\r\n.*> ")

    person.types("two\n")

    person.shows("3: two\r\n.*> ")


def test_ctrl_c_stops_the_answer_and_the_conversation_goes_on(tmp_path: Path, gate: Gate, screen: At) -> None:
    person = screen("--file", "held.py")
    person.shows("> ")
    person.types("capital?\n")
    gate.waits()
    person.shows("Pa$")

    person.types("\x03")

    assert "Pa" not in person.shows(r"\(stopped\).*\r\n.*> ")
    person.types("again?\n")
    gate.waits()
    gate.open()
    person.shows("Paris\r\n.*> ")


def test_a_log_line_does_not_break_the_line_of_an_answer(tmp_path: Path, gate: Gate, screen: At) -> None:
    coughing = 'import logging; logging.getLogger("penstock.mine").warning("the model coughed")'
    (tmp_path / "held.py").write_text(HELD.replace('    yield "ris"', f'    {coughing}\n    yield "ris"'))
    person = screen("--file", "held.py", "capital?")
    gate.waits()
    person.shows("Pa$")

    gate.open()

    assert re.fullmatch(r"ris\r\n\S+ \S+ warning the model coughed\r\n", person.shows("coughed\r\n"))


def test_ctrl_c_at_the_prompt_leaves(screen: At) -> None:
    person = screen("--file", "echo.py")
    person.shows("> ")

    assert person.leaves_at("\x03") == 0


def test_an_empty_line_asks_nothing(screen: At) -> None:
    person = screen("--file", "echo.py")
    person.shows("> ")

    person.types("\n   \nhello\n")

    person.shows("1: hello\r\n.*> ")


def test_arrow_up_brings_back_the_last_question(screen: At) -> None:
    person = screen("--file", "echo.py")
    person.shows("> ")
    person.types("one\n")
    person.shows("1: one\r\n.*> ")

    person.types("\x1b[A!\n")

    person.shows("3: one!\r\n")


def test_no_color_means_none(screen: At) -> None:
    assert "\x1b[2m" not in screen("--file", "echo.py", "hello", NO_COLOR="1").shows("hello\r\n")


def test_words_may_go_to_a_file_and_the_rest_to_the_screen(tmp_path: Path, screen: At) -> None:
    words = tmp_path / "words.txt"
    person = screen("--file", "echo.py", words=words)
    person.shows("> ")

    person.types("hello\n")
    person.shows("hello\r\n> ")
    person.types("\x04")

    assert person.ends() == 0
    assert words.read_text() == "1: hello\n"
