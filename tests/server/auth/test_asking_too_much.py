"""How many questions a person may ask in a minute, wherever they ask them."""

from __future__ import annotations

import json
from typing import Any

from tests.server.auth.people import ANN, ASK, BOB, SETTINGS, bearer, socket
from tests.server.place import QUESTION, Place, Places

TWO = {**SETTINGS, "questions_per_minute": 2}
CHAT: Any = {"messages": [{"role": "user", "content": QUESTION}]}
SENTENCE = "You may ask 2 questions a minute. Please ask again in "


async def asked(place: Place, times: int, token: str = ANN) -> None:
    for _ in range(times):
        thread = f"/api/threads/of-{token[4:7]}/questions"
        answered = await place.client.post(thread, json={"text": "?"}, headers=bearer(token))
        assert answered.status_code == 202, answered.text


async def test_who_asks_too_much_is_told_when_to_come_back(places: Places) -> None:
    async with places.open(**TWO) as place:
        await asked(place, 2)
        refused = await place.client.post(ASK, json={"text": "?"}, headers=bearer(ANN))

    assert (refused.status_code, refused.json()["type"]) == (429, "urn:penstock:too-many-questions")
    assert refused.json()["detail"] == f"{SENTENCE}{refused.headers['retry-after']} seconds."
    assert 1 <= int(refused.headers["retry-after"]) <= 30


async def test_the_limit_is_the_same_on_the_socket_and_for_openais_clients(places: Places) -> None:
    async with places.open(**TWO) as place:
        await asked(place, 2)
        chat = await place.client.post("/v1/chat/completions", json=CHAT, headers=bearer(ANN))
        async with socket(place, **bearer(ANN)) as opened:
            await opened.send(json.dumps({"type": "ask", "re": "1", "thread": "t1", "text": "?"}))
            told = json.loads(await opened.recv())

    assert (chat.status_code, chat.json()["error"]["code"]) == (429, "too_many_questions")
    assert int(chat.headers["retry-after"]) >= 1
    assert (told["type"], told["re"], told["code"]) == ("error", "1", "too_many_questions")
    assert told["message"].startswith(SENTENCE)


async def test_what_one_person_asks_is_not_counted_against_another(places: Places) -> None:
    async with places.open(**TWO) as place:
        await asked(place, 2)
        await asked(place, 2, BOB)


async def test_reading_is_not_counted(places: Places) -> None:
    async with places.open(**TWO) as place:
        await asked(place, 2)
        read = [await place.client.get("/api/threads/of-ann", headers=bearer(ANN)) for _ in range(10)]

    assert {response.status_code for response in read} == {200}


async def test_a_program_of_ones_own_has_the_limit_too_and_ones_own_machine_has_none(places: Places) -> None:
    async with places.open(questions_per_minute=2) as place:
        statuses = [(await place.post(ASK, {"text": "?"})).status_code for _ in range(3)]
    async with places.open(identified=False, questions_per_minute=2) as place:
        mine = [(await place.post(ASK, {"text": "?"})).status_code for _ in range(5)]

    assert statuses == [202, 202, 429]
    assert mine == [202] * 5
