"""Penstock carries a language model's answer, live and exactly once, to wherever people ask.

from penstock import Assistant

assistant = Assistant(model="openai/gpt-4.1-mini", knowledge=["./handbook"])
"""

from penstock.assistant import Assistant
from penstock.core.events import Cited, Finished, Passage, Reasoning, Status, Text, Usage
from penstock.core.prompt import Prompt
from penstock.core.question import Person

__all__ = [
    "Assistant",
    "Cited",
    "Finished",
    "Passage",
    "Person",
    "Prompt",
    "Reasoning",
    "Status",
    "Text",
    "Usage",
]
