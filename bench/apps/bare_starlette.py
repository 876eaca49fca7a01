"""A Starlette app that streams one token of its own: how soon a fresh process can answer at all."""

from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route


async def chat(request: Request) -> StreamingResponse:
    async def words() -> AsyncIterator[str]:
        yield "data: @\n\n"

    await request.body()
    return StreamingResponse(words(), media_type="text/event-stream")


app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
