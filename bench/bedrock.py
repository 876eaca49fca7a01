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
from typing import Any, NamedTuple

from bench.bedrock_clients import CLIENTS, Client
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
from bench.place import Place
from bench.promises import BEDROCK
from bench.server import Missing, NotStarted
from bench.servers.fastapi_openai import versions

DELTAS = (100, 2_000, 20_000)
"""In the answer that warms a process up, in the one that is paced and in the one that is not."""
EVERY_S = 0.001
STARTS = 3
"""Of each kind in a round; their median is the round's figure."""

_ENDS_WITHIN_S = 30


def rounds(place: Place, number: int, say: Callable[[str], None]) -> Iterator[Outcome]:
    """Every client in every round, interleaved; a throw-away pass first fills the disk's cache."""
    upstream, answers = Upstream(), [prepare(deltas) for deltas in DELTAS]
    with _pinned(place.generator_core):
        for name in CLIENTS:
            _outcome(_Case(name, place, upstream, answers), _starts)
        for round_ in range(number):
            for name, client in CLIENTS.items():
                outcome = _outcome(_Case(name, place, upstream, answers), _all_of_it)
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


Measure = Callable[["_Case"], dict[str, float]]


def _outcome(case: _Case, measure: Measure) -> Outcome:
    client = case.client
    outcome = partial(Outcome, case.name, client.title, BEDROCK, version=versions(*client.packages))
    try:
        return outcome(measure(case))
    except (Missing, NotStarted) as reason:
        return outcome(problem="not measured", said=str(reason).strip())


def _all_of_it(case: _Case) -> dict[str, float]:
    began = Clocks.now()
    return {**_starts(case), **_answers(case), **Clocks.now().others(began)}


# --- Cold start ---------------------------------------------------------------


def _starts(case: _Case) -> dict[str, float]:
    kinds: dict[str, Callable[[_Case], float]] = {
        "import_ms": _import_ms,
        "request_ms": _first_byte_ms,
        "hello_ms": partial(_first_byte_ms, tls=True),
    }
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(STARTS):
        for kind, once in kinds.items():
            taken[kind].append(once(case))
    return {kind: statistics.median(values) for kind, values in taken.items()}


def _import_ms(case: _Case) -> float:
    began_s = time.perf_counter()
    with case.started("import") as process:
        # Not wait(timeout), which looks every 50 ms.
        _, complaint = process.communicate()
        took_s = time.perf_counter() - began_s
    if process.returncode:
        raise NotStarted(complaint)
    return took_s * 1000


def _first_byte_ms(case: _Case, tls: bool = False) -> float:
    """From starting the process to the first byte of its request, or of its ClientHello."""
    began_s = time.perf_counter()
    with case.started("1", tls=tls) as process:
        _, at_s = _wait(case.upstream, process)
    return (at_s - began_s) * 1000


# --- Answers ------------------------------------------------------------------

Send = Callable[[socket.socket], list[float]]


def _answers(case: _Case) -> dict[str, float]:
    """One process: an answer that warms it up, one at a delta a millisecond, one as fast as it reads."""
    first, paced, unpaced = case.answers
    all_at_once = [answer.whole for answer in (first, unpaced)]
    with case.started("3") as process:
        try:
            _answer(case.upstream, process, partial(send_at_once, answer=all_at_once[0]))
            late_s = _answer(case.upstream, process, partial(send_paced, answer=paced, every_s=EVERY_S))
            _answer(case.upstream, process, partial(send_at_once, answer=all_at_once[1]))
            said, complaint = process.communicate(timeout=_ENDS_WITHIN_S)
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise NotStarted(f"{type(exc).__name__}: {_complaint(process)}") from exc
    if process.returncode:
        raise NotStarted(complaint)
    return {
        **_counted(json.loads(said), case.answers),
        "late_p99_ms": statistics.quantiles(late_s, n=100)[-1] * 1000,
    }


def _answer(upstream: Upstream, process: subprocess.Popen[str], send: Send) -> list[float]:
    connection, _ = _wait(upstream, process)
    read_request(connection)
    return send(connection)


def _counted(report: Mapping[str, Any], sent: Sequence[Prepared]) -> dict[str, float]:
    """In the client's own words, once it is sure that it read all of it."""
    read = [answer["chars"] for answer in report["answers"]]
    if read != [answer.chars for answer in sent]:
        raise NotStarted(f"it read {read} characters of {[answer.chars for answer in sent]}")
    cpu_us = [answer["cpu_ns"] / 1000 for answer in report["answers"]]
    _, paced_us, unpaced_us = (us / len(answer.pieces) for us, answer in zip(cpu_us, sent, strict=True))
    return {"paced_us": paced_us, "unpaced_us": unpaced_us, "rss_mb": report["rss_kb"] / 1024}


# --- The process --------------------------------------------------------------


class _Case(NamedTuple):
    name: str
    place: Place
    upstream: Upstream
    answers: Sequence[Prepared]

    @property
    def client(self) -> Client:
        return CLIENTS[self.name]

    @contextmanager
    def started(self, argument: str, tls: bool = False) -> Iterator[subprocess.Popen[str]]:
        try:
            with self.client.started(self.place, argument, self.upstream.port, tls) as process:
                yield process
        finally:
            self.upstream.hang_up()


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
