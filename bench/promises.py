"""What Penstock promises about its cost, and whether a run kept it. Pure: outcomes in, verdicts out.

Ratios are taken inside one round, where both servers met the same weather, and the
median of the rounds' ratios is what counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.measure import Outcome

LOAD = "100x50"
"""What is promised of the relay is about 100 streams of 50 tokens a second."""
BEDROCK = "bedrock"

OURS = ("direct", "durable-sse", "durable-ws")


@dataclass(frozen=True, slots=True)
class Spread:
    """The rounds' values of one figure; empty when it could not be measured."""

    values: tuple[float, ...]

    @property
    def median(self) -> float | None:
        return median(self.values) if self.values else None


@dataclass(frozen=True, slots=True)
class Verdict:
    promise: str
    limit: float
    unit: str
    measured: Spread
    lacks: str = ""
    """Why there is no figure."""

    @property
    def kept(self) -> bool | None:
        found = self.measured.median
        return None if found is None else found <= self.limit


@dataclass(frozen=True, slots=True)
class Rounds:
    """Every outcome of a run, each server's in the order of the rounds."""

    outcomes: Sequence[Outcome]

    def of(self, server: str, load: str) -> list[Outcome]:
        return [o for o in self.outcomes if (o.server, o.load) == (server, load)]

    def figure(self, server: str, load: str, name: str) -> Spread:
        return Spread(tuple(o.figures[name] for o in self.of(server, load) if o.figures))

    def ratio(self, server: str, to: str, load: str, name: str) -> Spread:
        pairs = zip(self.of(server, load), self.of(to, load), strict=False)
        return Spread(tuple(a.figures[name] / b.figures[name] for a, b in pairs if a.figures and b.figures))

    def problem(self, *servers: str, load: str) -> str:
        """Why one of them has no figures; empty when all have some."""
        for server in servers:
            outcomes = self.of(server, load)
            if not outcomes:
                return f"{server}: not run"
            if not any(o.figures for o in outcomes):
                return f"{server}: {outcomes[0].problem}"
        return ""


def of_the_relay(rounds: Rounds) -> list[Verdict]:
    def times(server: str, to: str, limit: float, said: str) -> Verdict:
        measured = rounds.ratio(server, to, LOAD, "cpu_us")
        lacks = rounds.problem(server, to, load=LOAD)
        return Verdict(f"{server}: CPU per token, {said}", limit, "x", measured, lacks)

    def figure(server: str, name: str, limit: float, unit: str, said: str) -> Verdict:
        measured = rounds.figure(server, LOAD, name)
        return Verdict(f"{server}: {said}", limit, unit, measured, rounds.problem(server, load=LOAD))

    return [
        *(times(ours, "nginx", 4 if ours == "direct" else 5, "nginx's = 1") for ours in OURS),
        *(times(ours, "fastapi", 1 / 3, "FastAPI + openai's = 1") for ours in OURS),
        *(figure(ours, "first_p50_ms", 2, "ms", "added to the first token, p50") for ours in OURS),
        *(figure(ours, "kb_per_stream", 100, "KB", "memory per open stream") for ours in OURS),
    ]


def of_bedrock(rounds: Rounds) -> list[Verdict]:
    def times(client: str, figure: str, limit: float, said: str) -> Verdict:
        measured = rounds.ratio(client, "boto3", BEDROCK, figure)
        lacks = rounds.problem(client, "boto3", load=BEDROCK)
        return Verdict(f"{client}: {said}, boto3's = 1", limit, "x", measured, lacks)

    ours = ("bedrock", "bedrock-uvloop")
    return [
        *(times(client, "request_ms", 2 / 3, "cold start to the first request") for client in ours),
        *(times(client, "hello_ms", 2 / 3, "the same over TLS, to the ClientHello") for client in ours),
        *(times(client, "paced_us", 1, "CPU per event, one a millisecond") for client in ours),
    ]
