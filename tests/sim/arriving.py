"""What of a simulator's steps reaches whoever asked."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.sim.steps import Say, Step


def body(steps: Iterable[Step]) -> bytes:
    said = (step for step in steps if isinstance(step, Say))
    return b"".join(step.data if step.only is None else step.data[: step.only] for step in said)
