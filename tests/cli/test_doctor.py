"""penstock doctor: what it finds, and that it asks no model anything."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.program import ECHO, run, serving


class Provider:
    """A server of models that answers each path with a status and JSON, and remembers who knocked."""

    def __init__(self, answers: dict[str, tuple[int, object]]) -> None:
        self.knocks: list[tuple[str, str, str | None]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.knocks.append((self.command, self.path, self.headers["Authorization"]))
                status, body = answers.get(self.path, (404, None))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            do_POST = do_GET

            def log_message(self, format: str, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def provider(answers: dict[str, tuple[int, object]]) -> Iterator[Provider]:
    there = Provider(answers)
    thread = threading.Thread(target=there.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield there
    finally:
        there.server.shutdown()
        thread.join()
        there.server.server_close()


@pytest.fixture
def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def found(ran: CompletedProcess[str], about: str) -> str:
    """The one line about a subject."""
    (line,) = [line for line in ran.stdout.splitlines() if line.split()[1] == about]
    return " ".join(line.split())


def test_on_a_fresh_machine_all_is_well(tmp_path: Path, free_port: str) -> None:
    ran = run("doctor", at=tmp_path, PENSTOCK_PORT=free_port)

    assert ran.returncode == 0
    assert found(ran, "model").startswith("ok model demo would answer: no model is named")
    assert found(ran, "store") == "ok store .penstock will be made when it is needed"
    assert found(ran, "knowledge") == "warn knowledge nothing is indexed: penstock index PATH..."
    assert found(ran, "port") == f"ok port 127.0.0.1, port {free_port} is free"
    assert not (tmp_path / ".penstock").exists()


def test_what_is_wrong_with_the_settings_is_all_told(tmp_path: Path) -> None:
    ran = run("doctor", at=tmp_path, PENSTOCK_PORT="x", PENSTOCK_MODLE="demo")

    assert ran.returncode == 1
    assert ran.stdout.count("problem  settings") == 2


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text("assistant = (\n")

    ran = run("doctor", "bot.py", at=tmp_path)

    assert found(ran, "settings") == "problem settings bot.py could not be loaded: SyntaxError."
    assert "was never closed" in ran.stderr
    assert ran.returncode == 1


def test_a_model_given_in_the_program_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)

    ran = run("doctor", "echo.py", at=tmp_path, PENSTOCK_PORT="0")

    assert found(ran, "model") == "ok model function/echo would answer: it is given in the program"
    assert ran.returncode == 0


def test_a_model_that_cannot_be_is_a_problem(tmp_path: Path) -> None:
    ran = run("doctor", "--model", "openai/gpt-5", at=tmp_path)

    assert found(ran, "model").startswith("problem model The model openai/gpt-5 needs OPENAI_API_KEY")
    assert ran.returncode == 1


_HAS = (200, {"data": [{"id": "gpt-5", "object": "model"}]})


@pytest.mark.parametrize(
    ("answer", "mark", "said"),
    [
        (_HAS, "ok", "has it and accepts the key"),
        ((200, {"data": []}), "warn", "does not list gpt-5"),
        ((200, "hello"), "warn", "with no list of models"),
        ((401, {"error": "bad key"}), "problem", "refuses the key (status 401): check OPENAI_API_KEY"),
        ((500, None), "warn", "answers with status 500"),
    ],
    ids=["has it", "has it not", "no list", "key refused", "broken"],
)
def test_a_key_is_tried_without_spending_a_token(
    tmp_path: Path, answer: tuple[int, object], mark: str, said: str
) -> None:
    with provider({"/v1/models": answer}) as there:
        ran = run(
            "doctor",
            "--model",
            "openai/gpt-5",
            at=tmp_path,
            OPENAI_API_KEY="sk-secret",
            OPENAI_BASE_URL=f"{there.url}/v1",
            PENSTOCK_PORT="0",
        )

    assert found(ran, "model").startswith(f"{mark} model openai/gpt-5 would answer: the settings name it; ")
    assert found(ran, "model").endswith(said) or said in found(ran, "model")
    assert there.knocks == [("GET", "/v1/models", "Bearer sk-secret")]
    assert "secret" not in ran.stdout + ran.stderr
    assert ran.returncode == (1 if mark == "problem" else 0)


def test_a_server_that_cannot_be_reached_may_come_back(tmp_path: Path, free_port: str) -> None:
    ran = run(
        "doctor",
        "--model",
        "openai/gpt-5",
        at=tmp_path,
        OPENAI_BASE_URL=f"http://127.0.0.1:{free_port}/v1",
        PENSTOCK_PORT="0",
    )

    assert found(ran, "model").startswith("warn model")
    assert "cannot be reached" in found(ran, "model")
    assert ran.returncode == 0


def test_an_ollama_that_answers_is_found(tmp_path: Path) -> None:
    with provider({"/api/tags": (200, {"models": [{"name": "llama3.2:latest"}]})}) as there:
        chosen = run("doctor", at=tmp_path, OLLAMA_HOST=there.url, PENSTOCK_PORT="0")
        missing = run(
            "doctor", "--model", "ollama/qwen", at=tmp_path, OLLAMA_HOST=there.url, PENSTOCK_PORT="0"
        )

    assert found(chosen, "model").startswith("ok model ollama/llama3.2:latest would answer")
    assert found(missing, "model").endswith("has not got it: ollama pull qwen")
    assert (chosen.returncode, missing.returncode) == (0, 1)


def test_what_stops_a_second_server_is_told(tmp_path: Path) -> None:
    with serving(at=tmp_path) as server:
        ran = run("doctor", at=tmp_path, PENSTOCK_PORT=str(server.port))

    assert found(ran, "store").startswith("problem store .penstock is in use by another Penstock")
    assert found(ran, "port").startswith(f"problem port Port {server.port} is in use")
    assert ran.returncode == 1


def test_a_data_folder_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    ran = run("doctor", "--data", "data", at=tmp_path, PENSTOCK_PORT="0")

    assert found(ran, "store").startswith("problem store")
    assert ran.returncode == 1


def test_knowledge_that_is_named_but_not_there_is_told(tmp_path: Path) -> None:
    ran = run("doctor", at=tmp_path, PENSTOCK_KNOWLEDGE="handbook", PENSTOCK_PORT="0")

    assert found(ran, "knowledge") == "warn knowledge there is no handbook"
