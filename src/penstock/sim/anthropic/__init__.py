"""Anthropic's API, simulated, and what Claude says and checks on Bedrock, too.

api.py      the paths, and how it says no
request.py  what a request asks for
events.py   an answer, streamed and whole
"""

from penstock.sim.anthropic.api import AnthropicApi

__all__ = ["AnthropicApi"]
