"""What Prometheus is told: turns by outcome, first-visible seconds, tokens, readers, lag and depth.

Every program has a registry of its own, so that two assistants in one process do not mix.
"""

from __future__ import annotations

import logging

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from penstock.core.turn import ENDED
from penstock.engine import Engine, TurnReport
from penstock.errors import StoreError

log = logging.getLogger("penstock.turns")

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
# The promise is one second; the steps are close around it.
_VISIBLE_S = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_TURN_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)


class Metrics:
    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._turns = Counter(
            "penstock_turns", "Turns that ended, by outcome.", ["outcome", "error"], registry=registry
        )
        self._visible = Histogram(
            "penstock_first_visible_seconds",
            "From the question to the first word shown.",
            buckets=_VISIBLE_S,
            registry=registry,
        )
        self._took = Histogram(
            "penstock_turn_seconds",
            "From the question to the end of its answer.",
            buckets=_TURN_S,
            registry=registry,
        )
        self._tokens = Counter("penstock_tokens", "As providers count them.", ["kind"], registry=registry)
        self._running = Gauge("penstock_turns_running", "Turns running here now.", registry=registry)
        self._queued = Gauge("penstock_turns_queued", "Turns waiting in the store.", registry=registry)
        self._readers = Gauge("penstock_live_readers", "Readers following now.", registry=registry)
        self._lag = Gauge(
            "penstock_journal_lag_seconds",
            "Age of the oldest event in the last journal write.",
            registry=registry,
        )

    def report(self, turn: TurnReport) -> None:
        """Count a turn that ended, and log it: facts, never words. One that was given back has not ended."""
        if turn.first_visible_s is not None:
            self._visible.observe(turn.first_visible_s)
        if turn.outcome not in ENDED:
            log.info("turn given back", extra={"turn": turn.turn})
            return
        self._turns.labels(turn.outcome, turn.error_code).inc()
        self._took.observe(turn.took_s)
        self._tokens.labels("input").inc(turn.usage.input_tokens)
        self._tokens.labels("output").inc(turn.usage.output_tokens)
        first = turn.first_visible_s
        log.info(
            "turn ended",
            extra={
                "turn": turn.turn,
                "outcome": turn.outcome,
                "model": turn.model,
                "tries": turn.tries,
                "took_s": round(turn.took_s, 3),
                "first_visible_s": None if first is None else round(first, 3),
                **({"error": turn.error_code} if turn.error_code else {}),
            },
        )

    async def page(self, engine: Engine) -> bytes:
        self._running.set(engine.running)
        self._readers.set(engine.readers)
        self._lag.set(engine.journal_lag_s)
        try:
            self._queued.set(await engine.queued())
        except StoreError:
            self._queued.set(float("nan"))
        return generate_latest(self._registry)
