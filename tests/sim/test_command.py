"""`penstock sim` as a real process: it says where it is, answers, and stops on Ctrl-C."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.program import PATIENCE_S, read_until, run, serving, started


class Running(NamedTuple):
    program: subprocess.Popen[bytes]
    greeting: str
    port: int

    def ask(self, path: str, body: object, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("POST", path, json.dumps(body), {"authorization": "Bearer any", **headers})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def chat(self, question: str = "?") -> tuple[int, str]:
        body = {"model": "m", "messages": [{"role": "user", "content": question}]}
        return self.ask("/v1/chat/completions", body)


@contextmanager
def simulating(*arguments: str, at: Path) -> Iterator[Running]:
    with started("sim", *arguments, "--port", "0", at=at) as program:
        assert program.stdout is not None
        greeting = read_until(program.stdout, r"export A[^\n]*\n(?!.*export).*\Z")
        found = re.search(r"http://127\.0\.0\.1:(\d+)", greeting)
        assert found
        yield Running(program, greeting, int(found[1]))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("name", "variable"), [("bedrock", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"), ("openai", "OPENAI_BASE_URL")]
)
def test_it_says_what_to_set_and_stops_when_told(
    tmp_path: Path, name: str, variable: str, number: int
) -> None:
    with simulating(name, at=tmp_path) as running:
        running.program.send_signal(number)

        assert running.program.wait(PATIENCE_S) == 0
        assert f"export {variable}=http://127.0.0.1:{running.port}" in running.greeting


def test_the_flags_say_what_is_answered(tmp_path: Path) -> None:
    (tmp_path / "script.md").write_text("The first\nanswer.\n---\nThe second.\n")
    with simulating("openai", "--script", "script.md", "--pace", "0", "--first", "0", at=tmp_path) as running:
        said = [json.loads(running.chat()[1])["choices"][0]["message"]["content"] for _ in range(3)]

    assert said == ["The first\nanswer.", "The second.", "The second."]


def test_a_standing_fault_strikes_and_is_told_on_stderr_without_words(tmp_path: Path) -> None:
    flags = ("--say", "Hi", "--pace", "1000/s", "--first", "0", "--fault", "throttle@2")
    with simulating("openai", *flags, at=tmp_path) as running:
        statuses = [running.chat("a secret question")[0] for _ in range(2)]
        assert running.program.stderr is not None
        told = read_until(running.program.stderr, r"429[^\n]*\n")

    assert statuses == [200, 429]
    assert "POST /v1/chat/completions 429 whole [throttle]" in told
    assert "secret" not in told


def test_bedrock_answers(tmp_path: Path) -> None:
    flags = ("--say", "Hi", "--pace", "0", "--first", "0")
    with simulating("bedrock", *flags, at=tmp_path) as running:
        body = {"messages": [{"role": "user", "content": [{"text": "?"}]}]}
        status, said = running.ask("/model/amazon.nova-micro-v1%3A0/converse", body)

    assert (status, json.loads(said)["output"]["message"]["content"]) == (200, [{"text": "Hi"}])


def test_the_help_lists_the_faults(tmp_path: Path) -> None:
    bedrock, openai = (run("sim", name, "--help", at=tmp_path).stdout for name in ("bedrock", "openai"))

    assert "bad-checksum" in bedrock
    assert "bad-checksum" not in openai
    assert "throttle-midway" in bedrock
    assert "throttle-midway" in openai


@pytest.mark.parametrize(
    ("flags", "code", "sentence"),
    [
        (("--fault", "thrtle"), 2, "penstock sim has no fault 'thrtle'"),
        (("--fault", "cut:x"), 2, "no way to write the fault 'cut': write cut, cut:N with a number"),
        (("--fault", "error@x"), 2, "no way to write the fault 'error': write error, or, for some requests"),
        (("--pace", "fast"), 2, "no number of tokens a second"),
        (("--pace", "-1"), 2, "numbers from 0 up"),
        (("--pace", "nan"), 2, "numbers from 0 up"),
        (("--script", "missing.md"), 1, "missing.md cannot be read"),
        (("--script", "empty.md"), 1, "has an empty answer"),
        (("--host", "no.such.host.invalid"), 1, "There is no host named"),
    ],
)
def test_what_makes_no_sense_is_told(
    tmp_path: Path, flags: tuple[str, ...], code: int, sentence: str
) -> None:
    (tmp_path / "empty.md").write_text("one\n---\n")

    ran = run("sim", "openai", *flags, at=tmp_path)

    assert ran.returncode == code
    assert sentence in " ".join(ran.stderr.split())


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with simulating("openai", at=tmp_path) as running:
        ran = run("sim", "openai", "--port", str(running.port), at=tmp_path)

    assert ran.returncode == 1
    assert "is in use" in ran.stderr


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("openai", "openai/gpt-4.1-mini"),
        ("openai", "anthropic/claude-haiku-5-5"),
        ("bedrock", "bedrock/amazon.nova-micro-v1:0"),
    ],
)
def test_penstock_serve_asks_what_the_greeting_says_to_set(tmp_path: Path, name: str, model: str) -> None:
    with simulating(name, "--say", "From the simulator.", "--pace", "0", at=tmp_path) as running:
        exports = re.findall(r"(\w+)=(\S+)", running.greeting)
        with serving("--model", model, at=tmp_path, **dict(exports)) as served:
            said = served.ask("Who are you?").read().decode()

    deltas = [json.loads(line[6:]) for line in said.splitlines() if line.startswith("data: {")]
    assert "".join(delta.get("delta", "") for delta in deltas) == "From the simulator."
