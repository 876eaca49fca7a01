"""Simulators of the outside, with faults on demand: behind `penstock sim`, and for tests.

docs/simulators.md shows how they are used.
"""

from __future__ import annotations

from penstock.sim.bedrock import Bedrock
from penstock.sim.faults import FAULTS, Fault
from penstock.sim.openai import OpenAI
from penstock.sim.running import Seen, Simulation, simulate
from penstock.sim.steps import HOLD

__all__ = ["FAULTS", "HOLD", "Bedrock", "Fault", "OpenAI", "Seen", "Simulation", "simulate"]
