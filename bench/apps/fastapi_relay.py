"""The relay that tutorials show: FastAPI, StreamingResponse, the official openai SDK.

It passes on the words alone, in the cheapest SSE there is; re-encoding whole chunks
with `model_dump_json` would cost it more.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI

app = FastAPI()
client = AsyncOpenAI()


@app.post("/v1/chat/completions")
async def chat(body: dict[str, Any]) -> StreamingResponse:
    async def words() -> AsyncIterator[str]:
        stream = await client.chat.completions.create(
            model=body["model"], messages=body["messages"], stream=True
        )
        async for chunk in stream:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield f"data: {json.dumps({'text': text})}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(words(), media_type="text/event-stream")
