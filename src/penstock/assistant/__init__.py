"""Wiring: settings in, ready objects out.

assistant.py     Assistant, and everything opened and closed in its order
choosing.py      which model answers, and the model of that name
providers.py     the providers of models, by name
"""

from penstock.assistant.assistant import Assistant, Identify, Opened, own_docs, today
from penstock.assistant.choosing import (
    Choice,
    Given,
    build_model,
    check_names,
    chosen,
    given_model,
    is_agent,
    names,
)

__all__ = [
    "Assistant",
    "Choice",
    "Given",
    "Identify",
    "Opened",
    "build_model",
    "check_names",
    "chosen",
    "given_model",
    "is_agent",
    "names",
    "own_docs",
    "today",
]
