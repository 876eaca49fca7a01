"""The same server inside somebody else's ASGI program."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from penstock import Assistant
from penstock.server.app import App
from penstock.testing.models import ScriptedModel
from tests.server.place import Places, by_header, serving

PROGRAM = """
import asyncio, socket, sys
from starlette.applications import Starlette
from starlette.routing import Mount
import uvicorn
from penstock import Assistant
from penstock.errors import ModelRefused
from penstock.testing.models import ScriptedModel

assistant = Assistant(ScriptedModel([{said}]), data=sys.argv[1])
app = Starlette(routes=[Mount("/assistant", app=assistant.asgi())])
listening = socket.create_server(("127.0.0.1", 0))
# Whoever connects from now on waits for the server.
print(listening.getsockname()[1], flush=True)
asyncio.run(uvicorn.Server(uvicorn.Config(app)).serve([listening]))
"""


@asynccontextmanager
async def program(
    data: Path, said: str = '"Paris."', log: IO[str] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a program that knows nothing of our lifespan nor our log, in a process of its own."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM.format(said=said), str(data), stdout=subprocess.PIPE, stderr=log
    )
    assert running.stdout is not None
    try:
        async with asyncio.timeout(30):
            port = int(await running.stdout.readline())
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/assistant", timeout=15) as client:
                yield client
    finally:
        running.terminate()
        await running.wait()


async def test_where_the_lifespan_does_not_reach_it_the_first_request_starts_it(tmp_path: Path) -> None:
    chat = {"messages": [{"role": "user", "content": "?"}]}
    async with program(tmp_path) as client:
        # Several at once must start one.
        said = await asyncio.gather(*(client.post("/v1/chat/completions", json=chat) for _ in range(5)))
    async with program(tmp_path) as client:
        again = await client.post("/v1/chat/completions", json=chat)

    answers = [response.json()["choices"][0]["message"]["content"] for response in [*said, again]]
    assert answers == ["Paris."] * 6


async def test_a_program_without_a_log_of_its_own_is_told_which_answer_failed_and_why(tmp_path: Path) -> None:
    chat = {"messages": [{"role": "user", "content": "?"}]}
    with (tmp_path / "log").open("w") as log:
        async with program(tmp_path, 'ModelRefused("no such model")', log) as client:
            refused = await client.post("/v1/chat/completions", json=chat)

    turn = refused.json()["error"]["turn"]
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if f"turn={turn}" in line]
    failed, ended = lines
    assert failed.endswith(f'the model failed turn={turn} error=model_refused why="no such model"')
    assert "turn ended" in ended
    assert "outcome=failed" in ended


async def test_a_program_may_pass_its_lifespan_on(tmp_path: Path) -> None:
    assistant = Assistant(ScriptedModel(["Paris."]), data=str(tmp_path))
    door = assistant.asgi(identify=by_header)
    assert isinstance(door, App)
    outer = Starlette(routes=[Mount("/assistant", app=door)], lifespan=door.life.lifespan)
    for _ in range(2):
        async with (
            outer.router.lifespan_context(outer),
            serving(outer, assistant.settings()) as url,
            httpx.AsyncClient(base_url=f"{url}/assistant", timeout=15) as client,
        ):
            health = await client.get("/healthz")
            asked = await client.post("/api/threads/t1/questions", json={"text": "?"})
            # The address it gives is good where it is mounted.
            events = await client.get(url + asked.json()["events"])
            link = (await client.put("/api/threads/t1/share")).json()
            missing = await client.get("/v1/nothing")
            page = await client.get("/")
            description = (await client.get("/openapi.json")).json()

        assert health.status_code == page.status_code == 200
        assert "Paris." in events.text
        assert link["path"] == f"/assistant/s/{link['token']}"
        assert description["servers"] == [{"url": "/assistant"}]
        assert missing.json()["error"]["code"] == "not_found"


async def test_a_store_that_is_taken_is_told_to_whoever_comes_first(places: Places) -> None:
    async with places.open() as place:
        second = Assistant(ScriptedModel(["Paris."]), data=str(places.folder))
        app = second.asgi()
        async with serving(app, second.settings()) as url, httpx.AsyncClient(base_url=url) as client:
            health = await client.get("/healthz")
            asked = await client.post("/api/threads/t1/questions", json={"text": "?"})
        first = await place.answered()

    assert (health.status_code, health.json()["type"]) == (503, "urn:penstock:store-taken")
    assert asked.status_code == 503
    assert first["text"] == "Paris."
