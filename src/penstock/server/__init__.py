"""The HTTP side: routes a few lines long around the engine.

app.py           build: the ASGI program, its routes and its life
api.py           the native API: ask, read, follow, stop, forget
conversations.py and beside that: list, name, delete and undo, share, rate
shapes.py        what clients send and get
admin.py         the owner's view; admin_shapes.py and charts.py what it answers
socket.py        the same on one WebSocket; socket_messages.py its messages
completions.py   OpenAI's chat completions
driver.py        drives one reader of one turn, by SSE or by WebSocket
stream.py        a response that is written as it comes
patience.py      how long a reader is waited for
desk.py          what every route needs
decoding.py      what clients send, or a sentence that says what is wrong with it
problems.py      errors as RFC 9457 problem details
guard.py         who may knock: bodies too large or too slow, foreign hosts and origins
auth/            who may use it: tokens, an issuer, sessions, tickets
metrics.py       Prometheus
page.py          the page, and what the settings make of it
page_files.py    files served from memory
openapi.py       the description at /openapi.json; describing.py in which words
"""

from penstock.server.app import build
from penstock.server.problems import NotSignedIn

__all__ = ["NotSignedIn", "build"]
