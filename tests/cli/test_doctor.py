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
from typing import Any

import pytest

from penstock.cli.reachable import verdict, verdict_on_one
from tests.cli.program import ECHO, run, serving


class Provider:
    """A server of models that answers each path with a status and JSON, and remembers who knocked."""

    def __init__(self, answers: dict[str, tuple[int, object]]) -> None:
        self.knocks: list[tuple[str, str, str | None]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                key = self.headers["Authorization"] or self.headers["x-api-key"]
                provider.knocks.append((self.command, self.path, key))
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
    assert found(ran, "knowledge") == (
        "ok knowledge nothing is indexed, so the demo answers from Penstock's own pages"
    )
    assert found(ran, "port") == f"ok port 127.0.0.1, port {free_port} is free"
    assert not (tmp_path / ".penstock").exists()


def test_a_real_model_without_documents_is_told_how_to_get_some(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)

    ran = run("doctor", "echo.py", at=tmp_path)

    assert found(ran, "knowledge") == "warn knowledge nothing is indexed: penstock index PATH..."


def test_a_logo_that_would_stop_the_server_is_told_before(tmp_path: Path) -> None:
    ran = run("doctor", at=tmp_path, PENSTOCK_LOGO="logo.png")
    checked = run("config", "check", at=tmp_path, PENSTOCK_LOGO="logo.png")

    assert (ran.returncode, checked.returncode) == (1, 1)
    assert found(ran, "logo").startswith("problem logo logo: logo.png could not be read")
    assert "logo.png could not be read" in checked.stderr


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


@pytest.mark.parametrize(
    ("answer", "mark", "said"),
    [
        ((200, {"id": "claude-opus-5", "lifecycle": "active"}), "ok", "has it and accepts the key"),
        (
            (200, {"lifecycle": "deprecated", "retires_at": "2027-01-31T00:00:00Z"}),
            "warn",
            "but retires it on 2027-01-31",
        ),
        ((200, {"lifecycle": "retired"}), "problem", "has retired claude-opus-5: name another"),
        ((200, "hello"), "warn", "not as Anthropic does"),
        ((401, {}), "problem", "refuses the key (status 401): check ANTHROPIC_API_KEY"),
        ((404, {}), "warn", "does not list claude-opus-5"),
        ((529, {}), "warn", "answers with status 529"),
    ],
    ids=["has it", "retires it", "retired it", "another", "key refused", "has it not", "busy"],
)
def test_anthropics_key_is_tried_without_spending_a_token(
    tmp_path: Path, answer: tuple[int, object], mark: str, said: str
) -> None:
    with provider({"/v1/models/claude-opus-5": answer}) as there:
        ran = run(
            "doctor",
            "--model",
            "anthropic/claude-opus-5",
            at=tmp_path,
            ANTHROPIC_API_KEY="sk-ant-secret",
            ANTHROPIC_BASE_URL=there.url,
            PENSTOCK_PORT="0",
        )

    assert found(ran, "model").startswith(f"{mark} model anthropic/claude-opus-5 would answer")
    assert said in found(ran, "model")
    assert there.knocks == [("GET", "/v1/models/claude-opus-5", "sk-ant-secret")]
    assert "secret" not in ran.stdout + ran.stderr
    assert ran.returncode == (1 if mark == "problem" else 0)


@pytest.mark.parametrize(
    "body", [b"", b'{"data":[{"id":"\xff"}],"lifecycle":"\xff"}', b'{"x":' + b"[" * 100_000]
)
def test_a_server_that_answers_in_no_json_is_told_and_not_stumbled_over(body: bytes) -> None:
    assert verdict(200, body, "m", "h") == ("warn", "h answers, but with no list of models")
    assert verdict_on_one(200, body, "m", "h") == ("warn", "h answers, but not as Anthropic does")


def test_a_server_that_cannot_be_reached_is_a_problem(tmp_path: Path, free_port: str) -> None:
    ran = run(
        "doctor",
        "--model",
        "openai/gpt-5",
        at=tmp_path,
        OPENAI_BASE_URL=f"http://127.0.0.1:{free_port}/v1",
        PENSTOCK_PORT="0",
    )

    assert found(ran, "model").startswith("problem model")
    assert "cannot be reached" in found(ran, "model")
    assert ran.returncode == 1


def test_a_password_in_an_address_is_not_told(tmp_path: Path, free_port: str) -> None:
    ran = run(
        "doctor",
        "--model",
        "openai/gpt-5",
        at=tmp_path,
        OPENAI_BASE_URL=f"http://user:secret@127.0.0.1:{free_port}/v1",
        PENSTOCK_PORT="0",
    )

    assert "•••@127.0.0.1" in found(ran, "model")
    assert "secret" not in ran.stdout + ran.stderr


def test_an_ollama_that_is_named_and_does_not_answer_is_a_problem(tmp_path: Path) -> None:
    ran = run("doctor", "--model", "ollama/qwen", at=tmp_path, PENSTOCK_PORT="0")

    assert found(ran, "model").startswith("problem model")
    assert "no Ollama answers at http://127.0.0.1:9" in found(ran, "model")
    assert ran.returncode == 1


def test_an_ollama_that_answers_is_found(tmp_path: Path) -> None:
    with provider({"/api/tags": (200, {"models": [{"name": "llama3.2:latest"}]})}) as there:
        chosen = run("doctor", at=tmp_path, OLLAMA_HOST=there.url, PENSTOCK_PORT="0")
        missing = run(
            "doctor", "--model", "ollama/qwen", at=tmp_path, OLLAMA_HOST=there.url, PENSTOCK_PORT="0"
        )

    assert found(chosen, "model").startswith("ok model ollama/llama3.2:latest would answer")
    assert found(missing, "model").endswith("has not got it: ollama pull qwen")
    assert (chosen.returncode, missing.returncode) == (0, 1)


_NOWHERE_ELSE: dict[str, Any] = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/",
    "AWS_SHARED_CREDENTIALS_FILE": "/",
}
_KEYS: dict[str, Any] = {"AWS_ACCESS_KEY_ID": "AKIA7", "AWS_SECRET_ACCESS_KEY": "hush"}


@pytest.mark.parametrize("model", ["bedrock/amazon.nova-micro-v1:0", "bedrock_invoke/amazon.nova-micro-v1:0"])
@pytest.mark.parametrize(
    ("given", "said"),
    [(_KEYS, "there are credentials"), ({"AWS_BEARER_TOKEN_BEDROCK": "hush"}, "a key is set")],
    ids=["credentials", "key"],
)
def test_a_bedrock_that_answers_anything_at_all_is_reached_without_spending_a_token(
    tmp_path: Path, model: str, given: dict[str, Any], said: str
) -> None:
    with provider({}) as there:
        ran = run(
            "doctor",
            "--model",
            model,
            at=tmp_path,
            AWS_ENDPOINT_URL_BEDROCK_RUNTIME=there.url,
            AWS_REGION="us-east-1",
            PENSTOCK_PORT="0",
            **given,
            **_NOWHERE_ELSE,
        )

    assert found(ran, "model").startswith(f"ok model {model} would answer")
    assert f"{there.url} answers, and {said}; whether it accepts them" in found(ran, "model")
    assert there.knocks == [("GET", "/", None)]
    assert "hush" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("given", [_KEYS, {"AWS_BEARER_TOKEN_BEDROCK": "hush"}], ids=["credentials", "key"])
def test_a_bedrock_that_cannot_be_reached_is_a_problem(
    tmp_path: Path, free_port: str, given: dict[str, Any]
) -> None:
    ran = run(
        "doctor",
        "--model",
        "bedrock/amazon.nova-micro-v1:0",
        at=tmp_path,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME=f"http://127.0.0.1:{free_port}",
        PENSTOCK_PORT="0",
        **given,
        **_NOWHERE_ELSE,
    )

    assert found(ran, "model").startswith("problem model bedrock/amazon.nova-micro-v1:0 would answer")
    assert f"http://127.0.0.1:{free_port} cannot be reached" in found(ran, "model")
    assert ran.returncode == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "No credentials for AWS were found: set AWS_PROFILE"),
        ({"AWS_ACCESS_KEY_ID": "AKIA7"}, "AWS_SECRET_ACCESS_KEY is missing"),
        (
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/role"},
            "there are no credentials for AWS right now",
        ),
    ],
    ids=["none", "half", "their giver is away"],
)
def test_a_bedrock_that_no_request_could_be_signed_for_is_a_problem(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    with provider({}) as there:
        ran = run(
            "doctor",
            "--model",
            "bedrock/amazon.nova-micro-v1:0",
            at=tmp_path,
            AWS_ENDPOINT_URL_BEDROCK_RUNTIME=there.url,
            PENSTOCK_PORT="0",
            **given,
            **_NOWHERE_ELSE,
        )

    assert found(ran, "model").startswith("problem model bedrock/amazon.nova-micro-v1:0 would answer")
    assert said in found(ran, "model")
    assert ran.returncode == 1


def test_of_several_models_one_that_can_answer_is_enough(tmp_path: Path) -> None:
    with provider({"/v1/models": (401, None)}) as there:
        keyed: dict[str, Any] = {
            "OPENAI_API_KEY": "sk-x",
            "OPENAI_BASE_URL": f"{there.url}/v1",
            "PENSTOCK_PORT": "0",
        }
        both = run("doctor", "--model", "openai/gpt-4.1, demo", at=tmp_path, **keyed)
        none = run("doctor", "--model", "openai/gpt-4.1, openai/o3", at=tmp_path, **keyed)

    assert found(both, "model").startswith("warn model openai/gpt-4.1, demo would answer")
    assert found(none, "model").count("refuses the key") == 2
    assert found(none, "model").startswith("problem")


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


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder where not even root may write")
@pytest.mark.parametrize("data", ["/proc/penstock", "/proc"])
def test_a_data_folder_that_cannot_be_written_is_a_problem_even_for_root(tmp_path: Path, data: str) -> None:
    ran = run("doctor", "--data", data, at=tmp_path, PENSTOCK_PORT="0")

    assert found(ran, "store").startswith(f"problem store {data}")
    assert ran.returncode == 1


def test_trying_leaves_nothing_behind(tmp_path: Path) -> None:
    run("doctor", at=tmp_path, PENSTOCK_PORT="0")

    assert list(tmp_path.iterdir()) == []


def test_knowledge_that_is_named_but_not_there_is_told(tmp_path: Path) -> None:
    ran = run("doctor", at=tmp_path, PENSTOCK_KNOWLEDGE="handbook", PENSTOCK_PORT="0")

    assert found(ran, "knowledge") == "warn knowledge there is no handbook"


def test_knowledge_without_a_document_is_told(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()

    ran = run("doctor", at=tmp_path, PENSTOCK_KNOWLEDGE="photos", PENSTOCK_PORT="0")

    assert found(ran, "knowledge") == "warn knowledge there is no document in photos"


def test_a_damaged_index_is_a_problem_unless_the_settings_can_fill_it_again(tmp_path: Path) -> None:
    (tmp_path / "pay.md").write_text("# Sick pay\n\nSick pay lasts six weeks.\n")
    (tmp_path / ".penstock").mkdir()
    (tmp_path / ".penstock" / "knowledge.db").write_bytes(b"This is no database at all. " * 500)

    by_hand = run("doctor", at=tmp_path, PENSTOCK_PORT="0")
    by_settings = run("doctor", at=tmp_path, PENSTOCK_KNOWLEDGE="pay.md", PENSTOCK_PORT="0")

    assert found(by_hand, "knowledge").startswith("problem knowledge .penstock/knowledge.db is damaged")
    assert found(by_settings, "knowledge").endswith("is damaged, and made anew at the next start")
    assert (by_hand.returncode, by_settings.returncode) == (1, 0)
