"""The assistant file of a server whose model is played by the test: `penstock serve puppet.py`.

Each question opens a connection to the test's director, which answers with events, a line of JSON
each; a connection that ends without a last word is a model that broke off.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import msgspec

from penstock import Assistant, Prompt
from penstock.core.events import Event
from penstock.errors import ModelRefused

_decode = msgspec.json.Decoder(Event).decode
END = b"end\n"


async def played(prompt: Prompt) -> AsyncIterator[Event]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ["DIRECTOR_PORT"]))
    try:
        heard = {"question": prompt.question, "messages": [line.text for line in prompt.messages]}
        writer.write(msgspec.json.encode(heard) + b"\n")
        # An event may hold a whole long answer.
        reader._limit = 2**24  # type: ignore[attr-defined]
        while (line := await reader.readline()) != END:
            if not line:
                raise ModelRefused("the director left")
            yield _decode(line)
    finally:
        writer.close()


assistant = Assistant(model=played)
