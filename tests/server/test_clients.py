"""The official clients, unmodified, at a real server: AG-UI for JavaScript, openai for Python and Node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest

from penstock.core.events import Finished, Usage
from penstock.errors import ModelCut, ModelRefused
from penstock.testing.models import HOLD, ScriptedModel
from tests.channels.official_clients import run
from tests.server.place import QUESTION, Place, Places

MESSAGES: Any = [{"role": "user", "content": QUESTION}]
ASKED: dict[str, Any] = {"model": "any", "messages": MESSAGES}


# --- AG-UI --------------------------------------------------------------------


async def follow(place: Place, turn: str, *cuts: str) -> dict[str, Any]:
    """What the official client makes of a turn when its connections break after these words."""
    given = {
        "url": f"{place.url}/api/turns/{turn}/events",
        "messages": [{"id": "q", "role": "user", "content": QUESTION}],
        "headers": {"x-person": "ann"},
        "cuts": cuts,
    }
    found: dict[str, Any] = await asyncio.to_thread(run, "follow.mjs", given)
    return found


def answers(found: dict[str, Any]) -> list[str]:
    return [message["content"] for message in found["messages"] if message["role"] == "assistant"]


async def test_the_ag_ui_client_follows_an_answer_while_it_is_made(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."])
    async with places.open(model) as place:
        turn = (await place.ask())["turn"]
        following = asyncio.create_task(follow(place, turn))
        await place.readers(1)
        model.go_on()
        found = await following

    assert answers(found) == ["Paris."]
    assert (found["outcome"], found["failures"]) == ("success", [])


@pytest.mark.parametrize("cuts", [("Pa",), ("P", "Pari"), ("Paris",)])
async def test_the_ag_ui_client_resumes_in_mid_message(places: Places, cuts: Sequence[str]) -> None:
    async with places.open(ScriptedModel(["P", "a", "ri", "s", "."])) as place:
        turn = (await place.answered())["turn"]
        found = await follow(place, turn, *cuts)

    assert answers(found) == ["Paris."]
    assert found["sent"][0] is None
    assert all(found["sent"][1:]), "each later connection brought its cursor"
    assert found["outcome"] == "success"


@pytest.mark.parametrize("cuts", [(), ("Lon",)])
async def test_the_ag_ui_client_forgets_what_was_taken_back(places: Places, cuts: Sequence[str]) -> None:
    async with places.open(ScriptedModel(["Lon", ModelCut("cut")], ["Paris."])) as place:
        turn = (await place.answered())["turn"]
        found = await follow(place, turn, *cuts)

    assert answers(found) == ["Paris."]
    assert found["outcome"] == "success"


# --- openai for Python ----------------------------------------------------------


@asynccontextmanager
async def client_of(place: Place, **more: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"{place.url}/v1", api_key="none", max_retries=0, **more
    ) as client:
        yield client


async def test_openai_streams_and_is_told_what_was_used(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris.", Usage("m", 3, 4), Finished()])
    async with places.open(model) as place, client_of(place) as client:
        stream = await client.chat.completions.create(
            **ASKED, stream=True, stream_options={"include_usage": True}
        )
        chunks = []
        async for chunk in stream:
            chunks.append(chunk)
            if chunk.choices and chunk.choices[0].delta.content == "Pa":
                model.go_on()

    assert "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices) == "Paris."
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 7


async def test_openai_gets_an_answer_in_one_piece(places: Places) -> None:
    model = ScriptedModel(["Paris", ".", Usage("m", 3, 4), Finished()])
    async with places.open(model) as place, client_of(place) as client:
        completion = await client.chat.completions.create(
            model="any",
            messages=[
                {"role": "system", "content": "Be short."},
                {"role": "user", "content": "Hello?"},
                {"role": "assistant", "content": "Hi."},
                {"role": "user", "content": QUESTION},
            ],
        )

    assert completion.choices[0].message.content == "Paris."
    assert completion.usage is not None
    assert completion.usage.total_tokens == 7
    assert "Hello?" in str(model.asked[0]), "the history that the client brought is what the model reads"


async def test_openai_lists_the_models(places: Places) -> None:
    async with (
        places.open(ScriptedModel(["Paris."], name="openai/gpt-x")) as place,
        client_of(place) as client,
    ):
        models = [model.id async for model in client.models.list()]
        card = await client.models.retrieve("openai/gpt-x")
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("gpt-2")

    assert models == ["openai/gpt-x"]
    assert card.owned_by == "penstock"


async def test_openai_raises_its_own_errors(places: Places) -> None:
    async with places.open(ScriptedModel([ModelRefused("no")])) as place, client_of(place) as client:
        with pytest.raises(openai.InternalServerError) as failed:
            await client.chat.completions.create(**ASKED)
        with pytest.raises(openai.APIError):
            async for _ in await client.chat.completions.create(**ASKED, stream=True):
                pass
        with pytest.raises(openai.BadRequestError):
            await client.chat.completions.create(model="any", messages=[])
        with pytest.raises(openai.AuthenticationError):
            await client.models.list(extra_headers={"x-person": "nobody"})

    assert failed.value.code == "model_refused"


async def test_openai_does_not_ask_again_what_was_asked_often_enough(places: Places) -> None:
    # A script that is the last is played again and again.
    model = ScriptedModel(["Pa", ModelCut("cut")])
    async with places.open(model, max_attempts=3) as place:
        async with openai.AsyncOpenAI(base_url=f"{place.url}/v1", api_key="none") as patient:
            with pytest.raises(openai.InternalServerError) as failed:
                await patient.chat.completions.create(**ASKED)
        given = {"baseURL": f"{place.url}/v1", "request": ASKED, "maxRetries": 2}
        found = await asyncio.to_thread(run, "openai.mjs", given)

    assert failed.value.code == "model_cut"
    assert found["error"]["code"] == "model_cut"
    assert len(model.asked) == 6


async def test_a_request_sent_again_with_its_key_gives_the_same_answer_once(places: Places) -> None:
    model = ScriptedModel([HOLD, "Paris."])
    key = {"idempotency-key": "k-1"}
    async with places.open(model) as place, client_of(place) as client:
        both = [
            asyncio.create_task(client.chat.completions.create(**ASKED, extra_headers=key)) for _ in range(2)
        ]
        await model.holding()
        await place.readers(2)
        model.go_on()
        one, two = [await completion for completion in both]
        streamed = await client.chat.completions.create(**ASKED, stream=True, extra_headers=key)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in streamed])
        with pytest.raises(openai.UnprocessableEntityError, match="This Idempotency-Key was sent before"):
            await client.chat.completions.create(
                model="any", messages=[{"role": "user", "content": "Another?"}], extra_headers=key
            )

    assert one.id == two.id
    assert one.choices[0].message.content == two.choices[0].message.content == text == "Paris."
    assert len(model.asked) == 1


async def test_without_a_key_every_request_is_a_question_of_its_own(places: Places) -> None:
    model = ScriptedModel(["Paris."])
    async with places.open(model) as place, client_of(place) as client:
        ids = {(await client.chat.completions.create(**ASKED)).id for _ in range(2)}

    assert (len(ids), len(model.asked)) == (2, 2)


@pytest.mark.parametrize("key", ["x" * 201, "x" * 5_000])
async def test_a_key_has_a_bound(places: Places, key: str) -> None:
    async with places.open() as place, client_of(place) as client:
        with pytest.raises(openai.BadRequestError):
            await client.chat.completions.create(**ASKED, extra_headers={"idempotency-key": key})


# --- Hanging up -----------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_whose_client_hung_up_is_stopped(places: Places, stream: bool) -> None:
    model = ScriptedModel(["Pa", HOLD])
    async with places.open(model, rules={"abandoned_s": 0.01}) as place, client_of(place) as client:
        asking = asyncio.create_task(until_words(client, stream))
        await model.holding()
        await place.readers(1)
        asking.cancel()
        report = await place.assistant.reports.get()

    assert report.outcome == "stopped"


async def test_an_answer_that_waits_is_stopped_too_when_its_client_hung_up(places: Places) -> None:
    model = ScriptedModel([HOLD])
    async with (
        places.open(model, rules={"abandoned_s": 0.01}, max_running=1) as place,
        client_of(place) as client,
    ):
        await place.ask()
        await model.holding()
        asking = asyncio.create_task(until_words(client, True))
        await place.readers(1)
        asking.cancel()
        report = await place.assistant.reports.get()

    assert (report.outcome, len(model.asked)) == ("stopped", 1)


async def test_an_answer_goes_on_for_somebody_who_still_follows_it(places: Places) -> None:
    model = ScriptedModel(["Pa", HOLD, "ris."])
    async with places.open(model, rules={"abandoned_s": 0.0}) as place, client_of(place) as client:
        stream = await client.chat.completions.create(**ASKED, stream=True)
        turn = (await anext(aiter(stream))).id.removeprefix("chatcmpl-")
        async with place.stream(f"/api/turns/{turn}/events") as other:
            await other.until_words("Pa")
            await stream.close()
            await place.readers(1)
            model.go_on()
            await other.rest()

    assert other.text == "Paris."


async def until_words(client: openai.AsyncOpenAI, stream: bool) -> None:
    if stream:
        async for _ in await client.chat.completions.create(**ASKED, stream=True):
            pass
    else:
        await client.chat.completions.create(**ASKED)


# --- openai for Node ------------------------------------------------------------


async def node(place: Place, **request: Any) -> Any:
    given = {"baseURL": f"{place.url}/v1", "request": {**ASKED, **request}}
    return await asyncio.to_thread(run, "openai.mjs", given)


async def test_openai_for_node_streams(places: Places) -> None:
    model = ScriptedModel(["Paris", ".", Usage("m", 3, 4), Finished()])
    async with places.open(model) as place:
        found = await node(place, stream=True, stream_options={"include_usage": True})

    assert "error" not in found
    deltas = [choice["delta"] for chunk in found["chunks"] for choice in chunk["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == "Paris."
    assert found["chunks"][-1]["usage"]["total_tokens"] == 7


async def test_openai_for_node_gets_an_answer_in_one_piece_and_errors_as_its_own(places: Places) -> None:
    async with places.open() as place:
        found = await node(place)
        bad = await node(place, n=2)
        models = await asyncio.to_thread(run, "openai.mjs", {"baseURL": f"{place.url}/v1", "models": True})

    assert found["completion"]["choices"][0]["message"]["content"] == "Paris."
    assert (bad["error"]["name"], bad["error"]["status"]) == ("BadRequestError", 400)
    assert models["models"] == ["scripted"]
