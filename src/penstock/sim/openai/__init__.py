"""OpenAI's API, simulated, and Anthropic's at the same address.

simulator.py  which of the two is asked
api.py        OpenAI's requests, and how it says no
chunks.py     its answers, streamed and whole
"""

from penstock.sim.openai.simulator import OpenAI

__all__ = ["OpenAI"]
