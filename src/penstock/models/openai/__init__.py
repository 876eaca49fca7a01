"""Chat completions: OpenAI, and everything that speaks like it.

    model.py    what is asked, and the model
    chunks.py   what comes back, in every dialect
    calls.py    tool calls, gathered from their fragments

https://platform.openai.com/docs/api-reference/chat
"""

from penstock.models.openai.model import BASE_URL, OpenAI, encode, window_of

__all__ = ["BASE_URL", "OpenAI", "encode", "window_of"]
