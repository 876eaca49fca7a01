"""penstock serve: how it begins, how it ends, and what it says when it cannot."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.cli.program import (
    ECHO,
    HELD,
    PATIENCE_S,
    Gate,
    Served,
    environ,
    lines_until,
    read_until,
    run,
    serving,
    started,
)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    (tmp_path / "held.py").write_text(HELD)
    gate = Gate(tmp_path)
    yield gate
    gate.close()


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield str(other.getsockname()[1])


# --- Beginning ------------------------------------------------------------------


def test_it_says_where_it_is_who_answers_and_why(tmp_path: Path) -> None:
    with serving(at=tmp_path) as server:
        ready = server.get("/healthz").read()

    assert server.greeting == (
        f"Penstock is at http://127.0.0.1:{server.port} and answers with demo "
        "(no model is named, neither OPENAI_API_KEY nor ANTHROPIC_API_KEY is set, and no Ollama answers).\n"
    )
    assert ready == b"ready\n"


def test_the_first_words_leave_before_the_last_are_known(tmp_path: Path, gate: Gate) -> None:
    with serving("held.py", at=tmp_path) as server:
        answer = server.ask("capital?")
        gate.waits()
        assert "ris" not in lines_until(answer, '"Pa"')

        gate.open()

        lines_until(answer, "RUN_FINISHED")


def test_the_log_is_facts_in_the_shape_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)

    with serving("echo.py", "--log", "json", at=tmp_path) as server:
        lines_until(server.ask("my secret"), "RUN_FINISHED")
        server.end()
        said = server.err.read().decode()

    assert "secret" not in said
    messages = [json.loads(line)["message"] for line in said.splitlines()]
    assert messages[0] == "ready"
    assert "turn ended" in messages


def test_nobody_is_told_what_serves_it(tmp_path: Path) -> None:
    with serving(at=tmp_path) as server:
        headers = server.get("/healthz").headers

    assert headers["server"] is None
    assert headers["date"]


def test_a_port_in_use_is_told_with_its_remedy(tmp_path: Path, taken_port: str) -> None:
    ran = run("serve", "--port", taken_port, at=tmp_path)

    assert ran.stderr == (
        f"penstock: Port {taken_port} is in use: stop what uses it, or give another port with --port "
        "(0: any).\n"
    )
    assert (ran.returncode, ran.stdout) == (1, "")


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("192.0.2.1", "penstock: 192.0.2.1 is not an address of this machine: give another with --host.\n"),
        (
            "no.such.invalid",
            "penstock: There is no host named 'no.such.invalid': give another with --host.\n",
        ),
    ],
)
def test_an_address_that_is_not_here_is_told(tmp_path: Path, host: str, sentence: str) -> None:
    tokens = json.dumps({"ann": f"sha256:{'a' * 64}"})

    ran = run(
        "serve", "--port", "0", "--host", host, at=tmp_path, PENSTOCK_AUTH="token", PENSTOCK_TOKENS=tokens
    )

    assert ran.returncode == 1
    assert ran.stderr.endswith(sentence)


def test_a_second_engine_on_one_data_folder_is_refused(tmp_path: Path) -> None:
    with serving(at=tmp_path):
        ran = run("serve", "--port", "0", at=tmp_path)

    assert ran.returncode == 1
    assert ran.stderr.startswith("penstock: .penstock is in use by another Penstock: ")
    assert len(ran.stderr.splitlines()) == 1


def test_every_wrong_setting_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "penstock.toml").write_text('prot = 1\nlog = "loud"\n')

    ran = run("serve", at=tmp_path)

    assert ran.returncode == 1
    assert [line.partition(" ")[0] for line in ran.stderr.splitlines()] == ["penstock:", "penstock:"]
    assert "Did you mean port?" in ran.stderr


@pytest.mark.parametrize("arguments", [("--port", "x"), ("--port", "70000"), ("--prot", "1"), ("a", "b")])
def test_a_command_that_makes_no_sense_is_another_kind_of_failure(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert run("serve", *arguments, at=tmp_path).returncode == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_nobody_is_served_whom_the_settings_do_not_name(tmp_path: Path, host: str) -> None:
    by_flag = run("serve", "--host", host, "--port", "0", at=tmp_path)
    by_variable = run("serve", "--port", "0", at=tmp_path, PENSTOCK_HOST=host)

    said = f"{host} can be reached from other machines, and nobody has said who may use it"
    for refused in (by_flag, by_variable):
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == (
            f'penstock: {said}: listen on 127.0.0.1, or set auth = "token" or "oidc" (docs/sign-in.md).\n'
        )
    assert not (tmp_path / ".penstock").exists(), "nothing was begun"


def test_with_a_token_it_may_be_reached_from_everywhere(tmp_path: Path) -> None:
    made = run("token", "ann", at=tmp_path)
    table = made.stderr[made.stderr.index("[tokens]") : made.stderr.index("\n\nand")]
    (tmp_path / "penstock.toml").write_text(f'auth = "token"\n\n{table}')

    with serving("--host", "0.0.0.0", at=tmp_path) as server:
        stranger = server.get("/api/me")
        ann = server.get("/api/me", Authorization=f"Bearer {made.stdout.strip()}")

        assert (stranger.status, ann.status) == (401, 200)
        assert json.loads(ann.read())["id"] == "ann"


_WITHOUT_PYJWT = """
import sys
sys.modules["jwt"] = None
from penstock.cli import main
main(["serve", "--port", "0"])
"""


def test_an_issuer_needs_what_verifies_its_words(tmp_path: Path) -> None:
    oidc = {"PENSTOCK_AUTH": "oidc", "PENSTOCK_OIDC_ISSUER": "https://id.example.com"}

    ran = subprocess.run(
        [sys.executable, "-c", _WITHOUT_PYJWT],
        cwd=tmp_path,
        env=environ(**oidc, PENSTOCK_OIDC_CLIENT_ID="us"),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert ran.returncode == 1
    assert ran.stderr == (
        b"penstock: PyJWT is missing, which verifies what an issuer says: pip install 'penstock[oidc]'\n"
    )


def test_without_an_issuer_nothing_of_it_is_imported(tmp_path: Path) -> None:
    program = "import sys, penstock.cli.serving as _; print({'jwt', 'cryptography'} & set(sys.modules))"

    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=PATIENCE_S, check=False
    )

    assert ran.stdout == b"set()\n"


def test_what_opens_doors_never_reaches_the_log(tmp_path: Path) -> None:
    token = run("token", "ann", at=tmp_path).stdout.strip()
    tokens = json.dumps({"ann": f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"})
    more = {"PENSTOCK_AUTH": "token", "PENSTOCK_TOKENS": tokens, "PENSTOCK_LOG_LEVEL": "debug"}
    bearer = {"Authorization": f"Bearer {token}"}

    with serving(at=tmp_path, **more) as server:
        ticket = json.loads(server.post("/api/ticket", **bearer).read())["ticket"]
        url = f"ws://127.0.0.1:{server.port}/api/socket?ticket={ticket}"
        with connect(url) as socket:
            socket.send('{"type": "ask", "re": "1", "thread": "t", "text": "Hello?"}')
            assert "accepted" in str(socket.recv())
        with pytest.raises(InvalidStatus):
            connect(url)
        assert server.get("/api/me", Authorization=f"Bearer {token}x").status == 401
        server.end()
        said = server.err.read().decode()

    assert "ready" in said
    for secret in (ticket, ticket[:20], token):
        assert secret not in said


# --- Knowledge ------------------------------------------------------------------


def quoted(server: Served, question: str) -> str:
    return lines_until(server.ask(question, re.sub(r"\W", "", question)), "RUN_FINISHED")


def test_knowledge_that_is_not_there_is_told_once_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "penstock.toml").write_text('knowledge = ["handbok", "empty"]\n')
    (tmp_path / "empty").mkdir()

    with serving(at=tmp_path) as server:
        server.end()
        warnings = [line for line in server.err.read().decode().splitlines() if " warning " in line]

    assert [line.partition(" warning ")[2] for line in warnings] == [
        'knowledge cannot be read path=handbok why="there is no such file or folder"',
        "knowledge has no document that can be read path=empty",
    ]


def test_what_the_settings_name_no_more_is_not_answered_from(tmp_path: Path) -> None:
    (tmp_path / "pay.md").write_text("# Sick pay\n\nSick pay lasts six weeks.\n")
    (tmp_path / "leave.md").write_text("# Leave\n\nLeave is thirty days a year.\n")
    run("index", "leave.md", at=tmp_path)
    with serving(at=tmp_path, PENSTOCK_KNOWLEDGE="pay.md") as server:
        assert "six weeks" in quoted(server, "How long does sick pay last?")

    with serving(at=tmp_path) as server:
        assert "six weeks" not in quoted(server, "How long does sick pay last?")
        assert "thirty days" in quoted(server, "How much leave is there?")


def test_damaged_indexes_do_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "pay.md").write_text("# Sick pay\n\nSick pay lasts six weeks.\n")
    (tmp_path / ".penstock").mkdir()
    for name in ("docs.db", "knowledge.db"):
        (tmp_path / ".penstock" / name).write_bytes(b"This is no database at all. " * 500)

    by_hand = run("serve", "--port", "0", at=tmp_path)
    with serving(at=tmp_path, PENSTOCK_KNOWLEDGE="pay.md") as server:
        assert "six weeks" in quoted(server, "How long does sick pay last?")
    with serving(at=tmp_path) as server:
        assert "RUN_FINISHED" in quoted(server, "How do I use my own documents?")

    assert by_hand.returncode == 1
    assert by_hand.stderr.endswith("delete it, then index again.\n")


# --- A person's file ------------------------------------------------------------


def test_the_only_assistant_of_a_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text('from penstock import Assistant\nhandbook = Assistant(model="demo")')

    with serving("bot.py", at=tmp_path) as server:
        assert "demo (the settings name it)" in server.greeting


def test_one_of_several_is_named(tmp_path: Path) -> None:
    (tmp_path / "bots.py").write_text(
        'from penstock import Assistant\nhr = Assistant(model="demo")\nit = Assistant(model="demo")\n'
    )

    several = run("serve", "bots.py", at=tmp_path)
    nobody = run("serve", "bots.py:ceo", at=tmp_path)

    assert several.stderr == "penstock: bots.py makes several Assistants (hr, it). Say which: bots.py:hr\n"
    assert nobody.stderr == "penstock: bots.py has no Assistant named ceo. There is: hr, it.\n"
    assert (several.returncode, nobody.returncode) == (1, 1)
    with serving("bots.py:it", at=tmp_path) as server:
        assert server.greeting


def test_what_lies_beside_the_file_can_be_imported(tmp_path: Path) -> None:
    folder = tmp_path / "bots"
    folder.mkdir()
    (folder / "names.py").write_text('NAME = "demo"')
    (folder / "bot.py").write_text(
        "from names import NAME\nfrom penstock import Assistant\nassistant = Assistant(model=NAME)\n"
    )

    with serving("bots/bot.py", at=tmp_path) as server:
        assert "demo (the settings name it)" in server.greeting


@pytest.mark.parametrize(
    ("program", "shown", "sentence"),
    [
        (
            "assistant = Assistant(\n",
            "SyntaxError: '(' was never closed",
            "bot.py could not be loaded: SyntaxError.",
        ),
        (
            "def build():\n    raise KeyError('x')\n\nassistant = build()\n",
            "line 2, in build",
            "bot.py could not be loaded: KeyError.",
        ),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3", "bot.py could not be loaded: SystemExit."),
        ("x = 1\n", "", "bot.py makes no Assistant. Write in it: assistant = Assistant(...)"),
    ],
    ids=["syntax", "exception", "exit", "nothing"],
)
def test_a_broken_file_is_told_with_its_own_part_of_the_trace(
    tmp_path: Path, program: str, shown: str, sentence: str
) -> None:
    (tmp_path / "bot.py").write_text(program)

    ran = run("serve", "bot.py", at=tmp_path)

    assert ran.returncode == 1
    assert shown in ran.stderr
    assert ran.stderr.splitlines()[-1] == f"penstock: {sentence}"
    assert "assistant_file" not in ran.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert run("serve", "bot.py", at=tmp_path).stderr == "penstock: There is no file bot.py.\n"


@pytest.mark.parametrize("command", [("serve",), ("chat", "hi", "--file")], ids=["serve", "chat"])
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("notes.md", "penstock index notes.md"),
        ("folder", "penstock index folder"),
        ("own.toml", "--config own.toml"),
        ("words", "FILE is a Python file that makes an Assistant."),
        ("picture.png", "FILE is a Python file that makes an Assistant."),
        ("nothing", "There is no file nothing. FILE is a Python file"),
    ],
)
def test_what_is_no_program_is_told_where_it_belongs(
    tmp_path: Path, command: tuple[str, ...], name: str, remedy: str
) -> None:
    (tmp_path / "folder").mkdir()
    for document in ("notes.md", "own.toml", "words"):
        (tmp_path / document).write_text("# Our handbook is here\n\nIt's about pay.\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\x00\xff")

    ran = run(*command, name, at=tmp_path)

    assert remedy in ran.stderr
    assert "FILE is a Python file that makes an Assistant." in ran.stderr
    assert (len(ran.stderr.splitlines()), ran.returncode) == (1, 1)


# --- Ending ---------------------------------------------------------------------


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_running_answer_may_finish_and_its_reader_sees_the_end(
    tmp_path: Path, gate: Gate, sig: signal.Signals
) -> None:
    with serving("held.py", at=tmp_path) as server:
        answer = server.ask("capital?")
        gate.waits()
        lines_until(answer, '"Pa"')

        server.program.send_signal(sig)
        read_until(server.err, "waiting for running turns")
        with pytest.raises(ConnectionRefusedError):
            server.get("/healthz")
        gate.open()

        assert '"ris"' in lines_until(answer, "RUN_FINISHED")
        assert server.program.wait(PATIENCE_S) == 0
        assert "Traceback" not in server.err.read().decode()


def test_an_answer_that_takes_longer_than_the_grace_is_given_by_the_next_server(
    tmp_path: Path, gate: Gate
) -> None:
    with serving("held.py", at=tmp_path, PENSTOCK_GRACE_S="0") as server:
        answer = server.ask("capital?")
        gate.waits()
        turn = answer.headers["Penstock-Turn"]
        assert server.end() == 0
        assert "Traceback" not in server.err.read().decode()

    with serving("held.py", at=tmp_path) as server:
        gate.waits()
        gate.open()
        events = lines_until(server.get(f"/api/turns/{turn}/events"), "RUN_FINISHED")
        assert json.loads(server.get(f"/api/turns/{turn}").read())["text"] == "Paris"

    assert '"ris"' in events


def test_readers_do_not_hold_the_end_up(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)
    with serving("echo.py", at=tmp_path, PENSTOCK_GRACE_S="100") as server:
        lines_until(server.ask("hello"), "RUN_FINISHED")
        reader = server.get("/api/threads/t/events")
        lines_until(reader, "RUN_FINISHED")
        with connect(f"ws://127.0.0.1:{server.port}/api/socket") as socket:
            socket.send('{"type": "resume", "thread": "t"}')
            assert "RUN_STARTED" in str(socket.recv())

            assert server.end() == 0

            with pytest.raises(ConnectionClosed, match="1012"):
                read_all(socket)
        assert "Traceback" not in server.err.read().decode()


def read_all(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=PATIENCE_S)


def test_told_twice_it_ends_at_once(tmp_path: Path, gate: Gate) -> None:
    with serving("held.py", at=tmp_path, PENSTOCK_GRACE_S="1000") as server:
        server.ask("capital?")
        gate.waits()
        server.program.send_signal(signal.SIGTERM)
        read_until(server.err, "waiting for running turns")

        assert server.end(signal.SIGINT) == -signal.SIGINT


# --- Starting again when something changes --------------------------------------

_SAYS = """
from penstock import Assistant
async def says(question: str):
    yield "%s"
assistant = Assistant(model=says)
"""


def test_an_edit_is_served_and_a_broken_one_waited_out(tmp_path: Path) -> None:
    file = tmp_path / "bot.py"
    file.write_text(_SAYS % "one")
    with started("serve", "bot.py", "--watch", "--port", "0", at=tmp_path) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert "function/says" in read_until(program.stdout, r"\n")

        file.write_text("def broken(:\n")
        said = read_until(program.stderr, "waiting for a change")
        assert "bot.py changed, starting again" in said
        assert "SyntaxError" in said

        file.write_text(_SAYS.replace("says", "answers") % "two")
        assert "function/answers" in read_until(program.stdout, r"\n")

        (tmp_path / "penstock.toml").write_text('title = "Another"\n')
        assert "function/answers" in read_until(program.stdout, r"\n")
        assert "penstock.toml changed" in read_until(program.stderr, "penstock.toml changed")

        program.terminate()
        assert program.wait(PATIENCE_S) == 0
    assert run("doctor", "bot.py", at=tmp_path).returncode == 0, "the server has let go of its store"


def test_a_new_program_takes_over_what_the_old_one_answers(tmp_path: Path, gate: Gate) -> None:
    file = tmp_path / "held.py"
    with serving("held.py", "--watch", at=tmp_path) as server:
        turn = server.ask("capital?").headers["Penstock-Turn"]
        gate.waits()
        file.write_text(_SAYS % "Paris, of course")
        server.port = int(read_until(server.out, r"\n").partition("127.0.0.1:")[2].partition(" ")[0])

        lines_until(server.get(f"/api/turns/{turn}/events"), "RUN_FINISHED")
        answer = json.loads(server.get(f"/api/turns/{turn}").read())["text"]
        server.end()

    assert answer == "Paris, of course"


def test_the_server_ends_when_whoever_watches_over_it_is_killed(tmp_path: Path) -> None:
    with started("serve", "--watch", "--port", "0", at=tmp_path) as program:
        assert program.stdout is not None
        read_until(program.stdout, r"\n")
        program.kill()
        program.wait()

        # The child has it open, too: it ends when the child does.
        assert program.stdout.read() == b""
