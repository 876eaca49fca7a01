"""Penstock carries a language model's answer, live and exactly once, to wherever people ask.

    from penstock import Assistant

    assistant = Assistant(model="openai/gpt-4.1-mini", knowledge=["./handbook"])

docs/how-it-works.md says how.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

# Found when asked for: a Lambda that only acknowledges must not pay for the engine.
_HOMES = {
    "Assistant": "penstock.assistant",
    "Person": "penstock.core.question",
    "Prompt": "penstock.core.prompt",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "penstock.core.events")), name)
