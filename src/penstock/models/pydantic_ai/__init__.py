"""An Agent of pydantic-ai as a model.

    model.py    what it is asked, how it fails, and the model
    events.py   what it says and does, as our events

Imported only when there is an Agent.
"""

from penstock.models.pydantic_ai.model import PydanticAgent

__all__ = ["PydanticAgent"]
