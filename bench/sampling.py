"""Where a server's time goes while it relays: py-spy's samples, added up by function.

Only what holds the interpreter's lock is sampled, since py-spy takes a thread that
waits in C for a busy one. So a wait does not count, but neither does SQLite's own work.
"""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

from bench.measure import Load, generate
from bench.place import OUT, Place, free_port
from bench.server import Missing, Ports, running
from bench.servers import Build

SECONDS = 8
SAMPLES_A_SECOND = 500


def profile(name: str, build: Build, place: Place, load: Load) -> Iterator[str]:
    """The functions in which the time was spent, most first. The stacks stay in bench/out."""
    spy = place.peers_python.with_name("py-spy")
    if not spy.exists():
        raise Missing("py-spy is not there; start with scripts/bench, which makes its environment")
    ports = Ports(free_port(), free_port())
    server = build(place, ports)
    stacks = OUT / f"profile-{name}.txt"
    with running(server, ports, place.server_core, place.scratch / f"profile-{ports.server}") as process:
        longer = Load(load.clients, load.rate, load.warm_s, SECONDS + 4)
        loading = threading.Thread(target=partial(generate, server, ports, place, process, longer))
        loading.start()
        # By then all streams are open: gen starts 250 a second.
        loading.join(timeout=load.clients / 250 + load.warm_s)
        record = [str(spy), "record", "--pid", str(process.pid), "--duration", str(SECONDS)]
        record += ["--rate", str(SAMPLES_A_SECOND), "--gil", "--format", "raw", "--output", str(stacks)]
        done = subprocess.run(record, capture_output=True, text=True, check=False)
        loading.join()
    if done.returncode:
        raise Missing(f"py-spy: {done.stderr.strip()}")
    yield from by_function(stacks.read_text().splitlines())
    yield f"\nstacks: {stacks} (one line each, for any flame graph)"


def by_function(stacks: Iterable[str], most: int = 40) -> Iterator[str]:
    """`a (x.py:1);b (y.py:2) 17` is 17 samples in b, called by a."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        names = [frame.rpartition(":")[0] + ")" for frame in frames.split(";")]
        own[names[-1]] += int(count)
        for name in set(names):
            whole[name] += int(count)
    total = sum(own.values()) or 1
    yield "| own % | with callees % | function |"
    yield "|---|---|---|"
    for name, samples in own.most_common(most):
        yield f"| {100 * samples / total:.1f} | {100 * whole[name] / total:.1f} | {name} |"
