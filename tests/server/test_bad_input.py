"""Whatever is sent gets a sentence that says what is wrong, and nothing is left half-written."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from penstock.server.guard import json_body
from penstock.server.problems import BodyTooSlow
from penstock.testing.models import HOLD, ScriptedModel
from tests.server.place import QUESTION, Place, Places

ASK = "/api/threads/t1/questions"
CHAT = "/v1/chat/completions"
JSON = {"content-type": "application/json"}


def problem(response: httpx.Response) -> str:
    """The kind of an RFC 9457 problem, which must be a whole one."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["detail"].endswith("."), "it is a sentence"
    assert body["title"]
    return str(body["type"]).removeprefix("urn:penstock:")


def openai_problem(response: httpx.Response) -> str:
    """The code of an error in OpenAI's shape."""
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert error["message"].endswith(".")
    assert error["type"]
    return str(error["code"])


DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "not-json"),
    (b"garbage", 400, "not-json"),
    (b'{"text":', 400, "not-json"),
    (b'{"text":"\xff"}', 400, "not-json"),
    (b"\xff\xfe{\x00}\x00", 400, "not-json"),
    (b'{"text":"\\ud800"}', 400, "not-json"),
    (b'{"text":"a\\udc00b"}', 400, "not-json"),
    (b"[]", 400, "wrong-shape"),
    (b"null", 400, "wrong-shape"),
    (b"{}", 400, "wrong-shape"),
    (b'{"text":1}', 400, "wrong-shape"),
    (b'{"text":null}', 400, "wrong-shape"),
    (b'{"text":"?","id":7}', 400, "wrong-shape"),
    (b'{"text":"?","txet":"?"}', 400, "wrong-shape"),
    (b'{"text":' + DEEP + b"}", 400, "wrong-shape"),
    (b'{"deep":' + DEEP + b"}", 400, "wrong-shape"),
    (b'{"text":""}', 400, "question-invalid"),
    (b'{"text":" \\n\\t\\u00a0\\u3000"}', 400, "question-invalid"),
    (b'{"text":"a\\u0000b"}', 400, "question-invalid"),
    (b'{"text":"?","id":"a:b"}', 400, "question-invalid"),
    (b'{"text":"?","id":""}', 400, "question-invalid"),
    (b'{"text":"?","id":"a\\r\\nset-cookie: b"}', 400, "question-invalid"),
    (b'{"text":"?","id":"' + b"x" * 300 + b'"}', 400, "question-invalid"),
    (json.dumps({"text": "x" * 102_401}).encode(), 413, "question-too-long"),
    (json.dumps({"text": "€" * 34_134}, ensure_ascii=False).encode(), 413, "question-too-long"),
]


async def test_every_bad_question_is_refused_and_none_is_written_down(places: Places) -> None:
    async with places.open() as place:
        for body, status, kind in BODIES:
            response = await place.client.post(ASK, content=body, headers=JSON)
            assert (response.status_code, problem(response)) == (status, kind), body[:80]
        thread = await place.get("/api/threads/t1")
        depth = await place.engine.queued()

    assert problem(thread) == "not-found", "no thread began"
    assert depth == 0


@pytest.mark.parametrize("half", [r"\ud800", r"\uD83D", r"\udc00"])
@pytest.mark.parametrize("text", ["{}", "a{}", "{}b", r"{}\n", r"\ud83d\ude42{}", r"{}\ud83d\ude42"])
async def test_half_a_character_is_named(places: Places, text: str, half: str) -> None:
    async with places.open() as place:
        body = '{"text":"' + text.format(half) + '"}'
        refused = await place.client.post(ASK, content=body.encode(), headers=JSON)

    said = f"{half} is half a character (a lone surrogate): send both halves, or leave it out."
    assert (refused.status_code, refused.json()["detail"]) == (400, said)


async def test_what_is_wrong_elsewhere_is_not_blamed_on_a_whole_character(places: Places) -> None:
    async with places.open() as place:
        refused = await place.client.post(ASK, content=rb'{"text":"\ud83d\ude42"', headers=JSON)

    assert "half" not in refused.json()["detail"]


async def test_the_longest_question_is_answered(places: Places) -> None:
    async with places.open() as place:
        answer = await place.answered("x" * 102_400)

    assert answer["text"] == "Paris."


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_a_body_must_say_that_it_is_json(places: Places, media_type: str) -> None:
    async with places.open() as place:
        headers = {"content-type": media_type} if media_type else {}
        ask = await place.client.post(ASK, content=b'{"text":"?"}', headers=headers)
        chat = await place.client.post(CHAT, content=b'{"messages":[]}', headers=headers)

    assert (ask.status_code, problem(ask)) == (415, "wrong-media-type")
    assert (chat.status_code, openai_problem(chat)) == (415, "wrong_media_type")


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all(places: Places) -> None:
    head = b"POST " + ASK.encode() + b" HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    async with places.open(max_body_bytes=1_000) as place:
        said = await place.raw(head + b"content-length: 999999999999\r\nexpect: 100-continue\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 413 "), "and not 100 Continue"
    assert b"connection: close" in said


@pytest.mark.parametrize("path", [ASK, CHAT])
async def test_a_body_that_goes_on_and_on_is_cut_off(places: Places, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n".encode()
    async with places.open(max_body_bytes=1_000) as place:
        # No end of the body is ever sent.
        chunk = b"%x\r\n%b\r\n" % (400, b" " * 400)
        said = await place.raw(head + b"transfer-encoding: chunked\r\n\r\n", chunk, chunk, chunk)

    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"body_too_large" in said or b"body-too-large" in said


@pytest.mark.parametrize("path", [ASK, CHAT])
async def test_a_body_that_does_not_come_to_its_end_is_not_waited_for_for_ever(
    places: Places, path: str
) -> None:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n".encode()
    async with places.open(stalled_s=0.05) as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(head + b'content-length: 100\r\n\r\n{"text":"half')

        said = await reader.read()
        writer.close()

    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"send it again, without pauses." in said
    assert b"connection: close" in said


@pytest.mark.parametrize(
    "head",
    [b"GET / HTTP/1.1\r\nhost: x\r\nx: ", b"GET / HTTP/1.1\r\nhost: x\r\n", b"GET /"],
    ids=["one header", "many headers", "an address"],
)
async def test_a_head_that_goes_on_and_on_is_cut_off(places: Places, head: bytes) -> None:
    piece = b"x: y\r\n" if head.endswith(b"\n") else b"x" * 6
    async with places.open() as place:
        # Its end is never sent.
        said = await place.raw(head, piece * 11_000)

    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.endswith(b"The head of a request has at most 65,536 bytes.")


async def test_trailers_that_go_on_and_on_are_cut_off(places: Places) -> None:
    async with places.open() as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        await reader.readuntil(b"ready\n")
        writer.write(b"0\r\n" + b"x: y\r\n" * 11_000)

        said = await reader.read()
        writer.close()

    assert said.endswith(b"The head of a request has at most 65,536 bytes.")


async def test_a_head_of_sixty_kilobytes_and_a_large_body_are_read(places: Places) -> None:
    async with places.open() as place:
        text = "x" * 90_000
        large = await place.post(ASK, {"text": text}, x="y" * 60_000)

    assert large.status_code == 202


async def test_a_body_may_take_longer_the_more_of_it_has_come() -> None:
    async def body(first: bytes) -> bytes:
        pieces = [first]

        async def receive() -> Message:
            if pieces:
                return {"type": "http.request", "body": pieces.pop(), "more_body": True}
            for _ in range(5):
                await asyncio.sleep(0)
            return {"type": "http.request", "body": b"}", "more_body": False}

        scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
        return await json_body(Request(scope, receive), 20_000, within_s=0.0)

    assert len(await body(b"{" + b" " * 10_000)) == 10_002
    with pytest.raises(BodyTooSlow):
        await body(b"")


async def test_a_client_that_hangs_up_in_the_middle_of_its_question_leaves_nothing(places: Places) -> None:
    head = b"POST " + ASK.encode() + b" HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    async with places.open() as place:
        await place.raw(head + b'content-length: 100\r\n\r\n{"text":"half')
        thread = await place.get("/api/threads/t1")

    assert thread.status_code == 404


CURSORS = [
    "garbage",
    "\u00e9",
    "a.b.c",
    "x" * 5_000,
    "nobody.1.1",
    "-1.1.1",
    "t.1",
    "..",
    "a.1.9999999999999",
]


async def test_a_cursor_that_is_not_ours_is_refused(places: Places) -> None:
    async with places.open() as place:
        turn = (await place.answered())["turn"]
        other = (await place.answered(thread="t2"))["turn"]
        for cursor in [*CURSORS, f"{other}.1.1", f"{turn}.9.1", f"{turn}.1.99"]:
            for path in (f"/api/turns/{turn}/events", "/api/threads/t1/events"):
                sent = await place.get(f"{path}?cursor={quote(cursor)}")
                assert (sent.status_code, problem(sent)) == (400, "cursor-invalid"), (path, cursor)
        header = await place.get(f"/api/turns/{turn}/events", **{"last-event-id": "garbage"})

    assert problem(header) == "cursor-invalid"


async def test_a_cursor_from_the_future_of_a_running_turn_is_refused(places: Places) -> None:
    async with places.open(ScriptedModel(["Pa", HOLD])) as place:
        turn = (await place.ask())["turn"]
        for cursor in (f"{turn}.1.99", f"{turn}.2.1"):
            sent = await place.get(f"/api/turns/{turn}/events?cursor={cursor}")
            assert (sent.status_code, problem(sent)) == (400, "cursor-invalid"), cursor


async def test_an_id_used_again_for_the_same_question_is_the_same_turn(places: Places) -> None:
    async with places.open() as place:
        first = await place.ask(id="q1")
        second = await place.ask(id="q1")
        elsewhere = await place.post("/api/threads/t2/questions", {"text": QUESTION, "id": "q1"})
        changed = await place.post(ASK, {"text": "Another?", "id": "q1"})
        transcript = (await place.get("/api/threads/t1")).json()

    assert (first["turn"], first["repeat"], second["repeat"]) == (second["turn"], False, True)
    assert (changed.status_code, problem(changed)) == (422, "question-changed")
    assert (elsewhere.status_code, problem(elsewhere)) == (422, "question-changed")
    assert len(transcript["turns"]) == 1


async def test_too_many_waiting_questions_are_refused_with_a_time_to_come_back(places: Places) -> None:
    async with places.open(ScriptedModel([HOLD]), max_queued_per_thread=1) as place:
        await place.ask()
        waiting = await place.ask()
        refused = await place.post(ASK, {"text": "?"})

    assert waiting["ahead"] == 1
    assert (refused.status_code, problem(refused)) == (429, "too-many-queued")
    assert int(refused.headers["retry-after"]) >= 1


async def test_a_thread_that_refuses_overlap_says_so(places: Places) -> None:
    async with places.open(ScriptedModel([HOLD]), overlap="reject") as place:
        await place.ask()
        refused = await place.post(ASK, {"text": "?"})

    assert (refused.status_code, problem(refused)) == (409, "thread-busy")


async def test_nothing_is_found_where_nothing_is(places: Places) -> None:
    async with places.open() as place:
        for path in (
            "/nothing",
            "/api",
            "/api/threads/",
            "/api/threads//questions",
            "/api/shared/unknown",
            "/api/shared/" + "x" * 32,
            "/api/threads/t1/",
            "/api/threads/unknown",
            "/api/threads/unknown/events",
            "/api/turns/unknown",
            "/api/turns/unknown/events",
            "/api/threads/a%2Fb",
            "/api/threads/..%2f..%2fetc%2fpasswd",
            "/page.html",
        ):
            sent = await place.get(path)
            assert (sent.status_code, problem(sent)) == (404, "not-found"), path
        for path in ("/v1/nothing", "/v1/models/unknown", "/v1/models/", "/v1/completions"):
            sent = await place.get(path)
            assert (sent.status_code, openai_problem(sent)) == (404, "not_found"), path


async def test_a_method_that_an_address_does_not_take_is_told_which_it_does(places: Places) -> None:
    async with places.open() as place:
        for method, path, allowed in (
            ("PUT", "/api/threads/t1", "DELETE, GET, HEAD, PATCH"),
            ("POST", "/api/threads", "GET, HEAD"),
            ("GET", "/api/threads/t1/share", "DELETE, PUT"),
            ("OPTIONS", ASK, "POST"),
            ("GET", "/api/turns/x/stop", "POST"),
            ("POST", "/metrics", "GET, HEAD"),
        ):
            sent = await place.client.request(method, path)
            assert (sent.status_code, problem(sent)) == (405, "method-not-allowed")
            assert sent.headers["allow"] == allowed
        chat = await place.get(CHAT)

    assert (chat.status_code, openai_problem(chat)) == (405, "method_not_allowed")


async def test_head_is_answered_without_a_body_and_without_following(places: Places) -> None:
    async with places.open(ScriptedModel(["Pa", HOLD])) as place:
        turn = (await place.ask())["turn"]
        for path in (
            "/",
            "/healthz",
            "/api/threads/t1",
            f"/api/turns/{turn}/events",
            "/api/threads/t1/events",
        ):
            head = await place.client.head(path)
            assert (head.status_code, head.content) == (200, b""), path
        await place.readers(0)


NAMES = ["a", "Grüße", "日本語", "🙂", "a b", "100%", "?&=#", "..", "x" * 128, "'; DROP TABLE turns; --"]
BAD_NAMES = ["x" * 129, "a\nb", "a\r\nset-cookie: x", "\x00", "\u202e", "\u2028", "a\tb", "x" * 10_000]


async def test_a_thread_may_have_nearly_any_name(places: Places) -> None:
    async with places.open() as place:
        for name in NAMES:
            # A client would resolve dots that are not encoded.
            thread = quote(name, safe="").replace(".", "%2E")
            accepted = await place.ask(thread=thread)
            read = await place.get(f"/api/threads/{thread}")
            assert (accepted["thread"], read.json()["thread"]) == (name, name)
        for name in BAD_NAMES:
            refused = await place.post(f"/api/threads/{quote(name, safe='')}/questions", {"text": "?"})
            assert (refused.status_code, problem(refused)) == (400, "question-invalid"), name


async def test_bytes_that_are_not_utf_8_in_an_address_do_no_harm(places: Places) -> None:
    async with places.open() as place:
        escaped = await place.get("/api/threads/%ff%fe")
        raw = await place.raw(b"GET /api/threads/\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")

    assert problem(escaped) == "not-found"
    assert raw.split(b" ")[1] in (b"400", b"404")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e3", "٣x"])
async def test_a_page_of_a_thread_has_one_to_two_hundred_turns(places: Places, limit: str) -> None:
    async with places.open() as place:
        await place.answered()
        refused = await place.get(f"/api/threads/t1?limit={quote(limit)}")

    assert (refused.status_code, problem(refused)) == (400, "wrong-shape")


async def test_a_thread_is_read_backwards_page_by_page(places: Places) -> None:
    async with places.open() as place:
        turns = [(await place.answered(f"Question {n}?"))["turn"] for n in range(5)]
        newest = (await place.get("/api/threads/t1?limit=2")).json()
        older = (await place.get(f"/api/threads/t1?limit=2&before={newest['earlier']}")).json()
        oldest = (await place.get(f"/api/threads/t1?limit=2&before={older['earlier']}")).json()
        nothing = (await place.get("/api/threads/t1?before=unknown")).json()

    pages = [[turn["answer"]["turn"] for turn in page["turns"]] for page in (oldest, older, newest)]
    assert pages == [turns[:1], turns[1:3], turns[3:]]
    assert (oldest["earlier"], nothing["turns"]) == (None, [])


async def test_a_page_with_the_first_turn_on_it_has_nothing_before_it(places: Places) -> None:
    async with places.open() as place:
        await place.answered()
        page = (await place.get("/api/threads/t1?limit=1")).json()

    assert (len(page["turns"]), page["earlier"]) == (1, None)


CHATS: list[tuple[Any, int, str]] = [
    (b"garbage", 400, "question_invalid"),
    (b"\xff", 400, "question_invalid"),
    ({}, 400, "question_invalid"),
    ({"messages": []}, 400, "question_invalid"),
    ({"messages": "x"}, 400, "question_invalid"),
    ({"messages": [{"role": "user", "content": " "}]}, 400, "question_invalid"),
    ({"messages": [{"role": "user", "content": "a\x00"}]}, 400, "question_invalid"),
    ({"messages": [{"role": "assistant", "content": "a"}]}, 400, "question_invalid"),
    ({"messages": [{"role": "user", "content": "x" * 102_401}]}, 413, "question_too_long"),
    (b'{"messages":[{"role":"user","content":"\\ud800"}]}', 400, "question_invalid"),
    (b'{"messages":[{"role":"user","content":"?"}],"deep":' + DEEP + b"}", 400, "question_invalid"),
    (
        b'{"messages":[{"role":"user","content":"?"}],"response_format":{"a":' + DEEP + b"}}",
        400,
        "question_invalid",
    ),
]


async def test_every_bad_completion_request_is_refused_in_openais_shape(places: Places) -> None:
    async with places.open() as place:
        for body, status, code in CHATS:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent = await place.client.post(CHAT, content=content, headers=JSON)
            assert (sent.status_code, openai_problem(sent)) == (status, code), content[:80]
        assert await place.engine.queued() == 0


async def of_another_site(place: Place, headers: dict[str, str]) -> list[httpx.Response]:
    return [
        await place.client.post(ASK, json={"text": "?"}, headers=headers),
        await place.client.post(CHAT, json={"messages": []}, headers=headers),
        await place.client.get("/api/threads/t1", headers=headers),
        await place.client.delete("/api/threads/t1", headers=headers),
        await place.client.get("/api/threads/t1/events", headers=headers),
        await place.client.get("/api/turns/x", headers=headers),
        await place.client.post("/api/turns/x/stop", headers=headers),
        await place.client.get("/v1/models", headers=headers),
        await place.client.get("/metrics", headers=headers),
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8000"},
        {"host": "127.0.0.1.evil.example"},
        {"host": ""},
        {"host": "["},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": ""},
        {"origin": "http://127.0.0.1:1"},
    ],
)
async def test_a_page_of_another_site_may_not_use_the_server_on_ones_own_machine(
    places: Places, headers: dict[str, str]
) -> None:
    async with places.open(identified=False) as place:
        for sent in await of_another_site(place, headers):
            assert sent.status_code == 403, sent.request.url
            kind = openai_problem if "/v1/" in str(sent.request.url) else problem
            assert kind(sent).replace("_", "-") == "foreign-origin"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_ones_own_machine_has_several_names(places: Places, host: str) -> None:
    async with places.open(identified=False) as place:
        headers = {"host": f"{host}:{place.port}", "origin": f"http://{host}:{place.port}"}
        sent = await place.client.get("/v1/models", headers=headers)

    assert sent.status_code == 200


async def test_something_that_breaks_is_told_without_its_insides(places: Places) -> None:
    async with places.open() as place:
        # A person that no `identify` should give.
        sent = [await place.get("/api/threads/t1", "a:b/ann"), await place.get("/v1/models", "a:b/ann")]

    assert [response.status_code for response in sent] == [500, 500]
    assert problem(sent[0]) == "config"
    assert "identify" not in sent[0].text + sent[1].text
