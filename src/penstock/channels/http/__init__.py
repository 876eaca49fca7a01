"""The HTTP channel's wire: OpenAI's chat completions, so that every client that exists can ask.

`decode` reads a request's body; `Completion` gives the bytes of a streamed answer, `whole`
those of an answer in one piece; `refusal` and `failure` are what a client gets instead.

A chunk cannot be unsaid. When the log takes text back that was sent already, the stream ends
with an error that names the turn, under which what becomes of it can be read; when nothing was
sent yet, it goes on silently. A stream that ends in an error has no `[DONE]`, so that no client can
take it for an answer that ended.
https://platform.openai.com/docs/api-reference/chat
"""

from penstock.channels.http.completion import BEAT, Completion, model_card, models, whole
from penstock.channels.http.refusal import Refusal, failure, refusal, status
from penstock.channels.http.request import ChatRequest, decode

__all__ = [
    "BEAT",
    "ChatRequest",
    "Completion",
    "Refusal",
    "decode",
    "failure",
    "model_card",
    "models",
    "refusal",
    "status",
    "whole",
]
