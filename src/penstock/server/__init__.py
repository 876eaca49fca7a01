"""The HTTP side: routes a few lines long around the engine.

app.py           build: the ASGI program, its routes and its life
api.py           the native API: ask, read, follow, stop, forget
socket.py        the same on one WebSocket
completions.py   OpenAI's chat completions
stream.py        a response that is written as it comes
problems.py      errors as RFC 9457 problem details
guard.py         who may knock: bodies too large, foreign hosts and origins
metrics.py       Prometheus
openapi.py       the description at /openapi.json
"""

from penstock.server.app import build

__all__ = ["build"]
