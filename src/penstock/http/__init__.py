"""HTTP to the outside: one client for models and AWS, which gives out what has arrived, as it arrives.

    client.py       Client, and the connections it keeps
    response.py     Response: headers are here, its body arrives
    wire.py         URLs and requests as bytes; pure

On httptools (llhttp, which Node and uvicorn read HTTP with): what a read of the socket brought is one
chunk, and waking the reader is all that happens between; docs/performance.md shows what that saves.
HTTP/1.1 only. No redirects, because another host must not be sent what was meant for this one, key and all.
"""

from penstock.http.client import Client, reason
from penstock.http.response import COMPLAINT_S, CutOff, Response, Unreachable
from penstock.http.wire import Target, request, target

__all__ = [
    "COMPLAINT_S",
    "Client",
    "CutOff",
    "Response",
    "Target",
    "Unreachable",
    "reason",
    "request",
    "target",
]
