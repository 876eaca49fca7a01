"""The web channel's wire: a turn's log as AG-UI 1.0 events, by SSE or by WebSocket.

A reader is fed the log from its first entry, in order. What its cursor says it has seen is
only folded (`skip`); `opening` then begins the run and re-opens the message that is open at
that point, and `encode` gives the bytes for everything a wake-up brought:

    reader = Sse(thread, turn, seen=cursor, frames=frames)
    reader.skip(entries up to the cursor)
    send(reader.opening())
    send(reader.encode(entries after it))

The official client appends to the message it already has when that is started again, so the
view of a reader that was away is that of one that never was. The cursor is the SSE `id:`. Of
the frames that one entry makes, only the one that changes what the reader holds carries it;
those before may come twice and those after may be lost, so a stream may be cut anywhere.

When something shown is taken back, the reader gets `penstock.taken_back`, a snapshot of the
conversation, and the answer goes on under the message id `<turn>:<epoch>`. The snapshot needs
the thread's earlier messages: `if reader.needs_earlier(entries): reader.earlier = lines(...)`.

On a WebSocket everything a wake-up brought is one message, for fewer writes:

    {"type": "events", "n": 3, "thread": "...", "turn": "...", "cursor": "...", "events": [{...}, ...]}

`n` counts the messages of one subscription from 1, so a gap shows; `cursor` is where the reader
has come when it has applied them all. What goes wrong with one request of many on a socket is

    {"type": "error", "code": "not_found", "message": "a sentence", "re": "the request's id"}

Custom events: penstock.status {label}, penstock.waiting {ahead}, penstock.passage_cited {number,
source, heading, text, score}, penstock.taken_back {epoch, citations}, penstock.stopped {by}.
Protocol: https://docs.ag-ui.com/concepts/events
"""

from penstock.channels.web.agui import Agui, EarlierMissing
from penstock.channels.web.framing import BEAT, Socket, Sse, error_frame
from penstock.channels.web.shared import Frames
from penstock.channels.web.transcript import Asked, Line, asked, lines

__all__ = [
    "BEAT",
    "Agui",
    "Asked",
    "EarlierMissing",
    "Frames",
    "Line",
    "Socket",
    "Sse",
    "asked",
    "error_frame",
    "lines",
]
