"""One measurement: the server on its core, the generator on the other, one line of figures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from functools import partial

from bench.place import Place, free_port
from bench.server import Missing, NotStarted, Ports, Running, Server, running
from bench.servers import Build


@dataclass(frozen=True, slots=True)
class Load:
    clients: int
    rate: float
    """Tokens a second in each stream."""
    warm_s: float = 2
    window_s: float = 6

    @property
    def name(self) -> str:
        return f"{self.clients}x{self.rate:g}"

    @property
    def offered_s(self) -> float:
        return self.clients * self.rate


@dataclass(frozen=True, slots=True)
class Outcome:
    server: str
    title: str
    load: str
    figures: dict[str, float] = field(default_factory=dict)
    """As gen prints them; empty when there are none."""
    problem: str = ""
    said: str = ""
    """The server's own words about the problem."""
    version: str = ""

    @property
    def gist(self) -> str:
        """The problem in one line; a traceback says the most in its last one."""
        return ": ".join(filter(None, (self.problem, self.said.rpartition("\n")[2].strip())))


def measure(name: str, build: Build, place: Place, load: Load) -> Outcome:
    ports = Ports(free_port(), free_port())
    try:
        server = build(place, ports)
    except Missing as missing:
        return Outcome(name, name, load.name, problem="missing", said=str(missing))
    folder = place.scratch / f"{name}-{ports.server}"
    outcome = Outcome(server.name, server.title, load.name, version=server.version)
    try:
        with running(server, ports, place.server_core, folder) as process:
            return _load_it(outcome, server, ports, place, load, process)
    except NotStarted as reason:
        return replace(outcome, problem="not started", said=str(reason).strip())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _load_it(
    outcome: Outcome, server: Server, ports: Ports, place: Place, load: Load, process: Running
) -> Outcome:
    """A few short streams first, so that what is made once for all is not counted as a stream's."""
    warmed, complaint = generate(server, ports, place, process, Load(4, 50, 0, 0.7), tokens=25)
    if not warmed.get("first"):
        return replace(outcome, problem="no token came back", said=_words(process, complaint))
    figures, complaint = generate(server, ports, place, process, load)
    outcome = replace(outcome, figures=figures)
    if broken := int(figures.get("closed", load.clients)):
        problem = f"{broken} of {load.clients} streams broke"
        return replace(outcome, problem=problem, said=_words(process, complaint))
    if figures["first"] < load.clients:
        silent = int(load.clients - figures["first"])
        return replace(outcome, problem=f"{silent} of {load.clients} streams never began")
    return outcome


def _words(process: Running, complaint: str) -> str:
    return f"{process.last_words()}\n{complaint}".strip()


def generate(
    server: Server, ports: Ports, place: Place, process: Running, load: Load, tokens: int = 10**9
) -> tuple[dict[str, float], str]:
    """What gen measured, and what it complained of. gen/gen.h explains the options."""
    command = [
        *(str(place.gen), "-u", str(ports.upstream), "-s", str(ports.server), "-p", str(process.pid)),
        *("-n", str(load.clients), "-r", str(load.rate), "-T", str(tokens)),
        *("-m", server.mode, "-P", server.path, "-B", server.body),
        *("-w", str(load.warm_s), "-d", str(load.window_s), "-x", "30", "-R", "250"),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=partial(os.sched_setaffinity, 0, {place.generator_core}),
    )
    last = done.stdout.strip().rpartition("\n")[2]
    figures: dict[str, float] = json.loads(last) if last.startswith("{") else {}
    return figures, done.stderr.strip()
