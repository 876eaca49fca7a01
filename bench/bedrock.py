"""What reading from Bedrock costs: Penstock's client beside boto3 and aiobotocore, each in fresh processes.

There is no server here: the client is what is measured. It runs on the server's core and counts its own CPU
time; we are its Bedrock, on the generator's core, and see from outside when its first request comes.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.bedrock_upstream import (
    Prepared,
    Silent,
    Upstream,
    prepare,
    read_request,
    send_at_once,
    send_paced,
)
from bench.clocks import Clocks
from bench.measure import Outcome
from bench.place import BENCH, Place
from bench.promises import BEDROCK
from bench.server import Missing, NotStarted, clean_environment
from bench.servers.fastapi_openai import versions

FIRST, PACED, UNPACED = prepare(100), prepare(2_000), prepare(20_000)
EVERY_S = 0.001
STARTS = 3
"""Of each kind in a round; their median is the round's figure."""

_ENDS_WITHIN_S = 30


class Client(NamedTuple):
    title: str
    app: str
    of_a_peer: bool = False
    loop: str = "asyncio"
    packages: Sequence[str] = ()

    def python(self, place: Place) -> Path:
        return place.peers_python if self.of_a_peer else place.penstock_python


_AIOBOTOCORE = Client("aiobotocore", "bedrock_aiobotocore.py", True, packages=["aiobotocore", "aiohttp"])
_MODEL = Client("Penstock, the model alone", "bedrock_penstock.py")

CLIENTS = {
    "boto3": Client("boto3", "bedrock_boto3.py", True, packages=["boto3", "botocore"]),
    "aiobotocore": _AIOBOTOCORE,
    "aiobotocore-uvloop": _AIOBOTOCORE._replace(title="aiobotocore on uvloop", loop="uvloop"),
    "bedrock": _MODEL,
    "bedrock-uvloop": _MODEL._replace(title="Penstock, the model alone, on uvloop", loop="uvloop"),
    "assistant": Client("Penstock, a whole assistant, on uvloop", "bedrock_assistant.py", loop="uvloop"),
}


def rounds(place: Place, number: int, say: Callable[[str], None]) -> Iterator[Outcome]:
    """Every client in every round, interleaved. A throw-away pass first fills the disk's cache and writes .pyc."""
    upstream = Upstream()
    with _pinned(place.generator_core):
        for name in CLIENTS:
            _outcome(name, place, upstream, _starts)
        for round_ in range(number):
            for name, client in CLIENTS.items():
                outcome = _outcome(name, place, upstream, _all_of_it)
                say(f"round {round_ + 1}, {client.title}: {_in_short(outcome)}")
                yield outcome
    upstream.close()


def _in_short(outcome: Outcome) -> str:
    if not outcome.figures:
        return outcome.gist
    f = outcome.figures
    line = f"{f['paced_us']:.1f} µs/event paced, {f['unpaced_us']:.1f} unpaced"
    line += f", first request {f['request_ms']:.0f} ms, import {f['import_ms']:.0f} ms, {f['rss_mb']:.0f} MB"
    return f"{line}, upstream late {f['late_p99_ms']:.2f} ms, others {f['others_util']:.0%}"


Measure = Callable[["_Starter"], dict[str, float]]


def _outcome(name: str, place: Place, upstream: Upstream, measure: Measure) -> Outcome:
    client = CLIENTS[name]
    outcome = partial(Outcome, name, client.title, BEDROCK, version=versions(*client.packages))
    try:
        return outcome(measure(_Starter(client, place, upstream)))
    except (Missing, NotStarted) as reason:
        return outcome(problem="not measured", said=str(reason).strip())


def _all_of_it(starter: _Starter) -> dict[str, float]:
    return {**_starts(starter), **_answers(starter)}


# --- Cold start ---------------------------------------------------------------


def _starts(starter: _Starter) -> dict[str, float]:
    kinds = {
        "import_ms": _import_ms,
        "request_ms": _first_byte_ms,
        "hello_ms": partial(_first_byte_ms, tls=True),
    }
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(STARTS):
        for kind, once in kinds.items():
            taken[kind].append(once(starter))
    return {kind: statistics.median(values) for kind, values in taken.items()}


def _import_ms(starter: _Starter) -> float:
    began_s = time.perf_counter()
    with starter.started("import") as process:
        process.wait(_ENDS_WITHIN_S)
        took_s = time.perf_counter() - began_s
        if process.returncode:
            raise NotStarted(_complaint(process))
    return took_s * 1000


def _first_byte_ms(starter: _Starter, tls: bool = False) -> float:
    """From starting the process to the first byte of its request, or of its ClientHello; nothing is answered."""
    began_s = time.perf_counter()
    with starter.started("1", tls=tls) as process:
        _, at_s = _wait(starter.upstream, process)
    return (at_s - began_s) * 1000


# --- Answers ------------------------------------------------------------------

Send = Callable[[socket.socket], list[float]]


def _answers(starter: _Starter) -> dict[str, float]:
    """One process: a first answer that warms it up, one at a delta a millisecond, one as fast as it can read."""
    began = Clocks.now()
    unpaced = UNPACED.whole
    with starter.started("3") as process:
        try:
            _answer(starter.upstream, process, partial(send_at_once, answer=FIRST.whole))
            late_s = _answer(starter.upstream, process, partial(send_paced, answer=PACED, every_s=EVERY_S))
            _answer(starter.upstream, process, partial(send_at_once, answer=unpaced))
            said, complaint = process.communicate(timeout=_ENDS_WITHIN_S)
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise NotStarted(f"{type(exc).__name__}: {_complaint(process)}") from exc
    if process.returncode:
        raise NotStarted(complaint)
    return {
        **_counted(json.loads(said)),
        **Clocks.now().others(began),
        "late_p99_ms": statistics.quantiles(late_s, n=100)[-1] * 1000,
    }


def _answer(upstream: Upstream, process: subprocess.Popen[str], send: Send) -> list[float]:
    connection, _ = _wait(upstream, process)
    read_request(connection)
    return send(connection)


def _counted(report: Mapping[str, Any]) -> dict[str, float]:
    sent = (FIRST, PACED, UNPACED)
    for answer, prepared in zip(report["answers"], sent, strict=True):
        if answer["chars"] != prepared.chars:
            raise NotStarted(f"it read {answer['chars']:,} characters of {prepared.chars:,}")
    _, paced_us, unpaced_us = (
        answer["cpu_ns"] / 1000 / len(prepared.pieces)
        for answer, prepared in zip(report["answers"], sent, strict=True)
    )
    return {"paced_us": paced_us, "unpaced_us": unpaced_us, "rss_mb": report["rss_kb"] / 1024}


# --- The process --------------------------------------------------------------


class _Starter(NamedTuple):
    client: Client
    place: Place
    upstream: Upstream

    @contextmanager
    def started(self, argument: str, tls: bool = False) -> Iterator[subprocess.Popen[str]]:
        """A fresh process in a fresh home, which ends with the block; what it says is little enough for a pipe."""
        python = self.client.python(self.place)
        if not python.exists():
            raise Missing(f"no {python.parent.parent.name}; start with scripts/bench, which makes it")
        home = self.place.scratch / f"bedrock-{time.monotonic_ns()}"
        home.mkdir()
        process = subprocess.Popen(
            [str(python), str(BENCH / "apps" / self.client.app), argument, self.client.loop],
            cwd=home,
            env=clean_environment() | _environment(self.upstream.port, home, tls),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=partial(os.sched_setaffinity, 0, {self.place.server_core}),
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()
            self.upstream.hang_up()


def _environment(port: int, home: Path, tls: bool) -> dict[str, str]:
    """Credentials as a function gets them; no profile and no proxy is found."""
    return {
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "synthetic" * 80,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"{'https' if tls else 'http'}://127.0.0.1:{port}",
    }


def _wait(upstream: Upstream, process: subprocess.Popen[str]) -> tuple[socket.socket, float]:
    try:
        return upstream.first_byte(lambda: process.poll() is None)
    except Silent:
        raise NotStarted(_complaint(process)) from None


def _complaint(process: subprocess.Popen[str]) -> str:
    process.kill()
    return process.communicate()[1] or "it asked for nothing"


@contextmanager
def _pinned(core: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
