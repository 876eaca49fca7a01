"""Faults as pure changes of an answer's steps: which there are, who asks for them, where they strike."""

from __future__ import annotations

import json

import msgspec
import pytest

from penstock.aws.eventstream import Decoder, Message
from penstock.sim import Bedrock, OpenAI
from penstock.sim.asked import Request
from penstock.sim.faults import HEADER, known
from penstock.sim.simulator import Count, Simulator
from penstock.sim.steps import Cut, Head, Say, Steps, Wait, is_chunked
from tests.sim.arriving import body

SAID = "Zürich lies on the river Limmat. 🗼"
TOOL = {"name": "weather", "inputSchema": {"json": {"properties": {"city": {"type": "string"}}}}}


def converse(question: str = "?", *, streamed: bool = True, fault: str = "") -> Request:
    asked = {
        "messages": [{"role": "user", "content": [{"text": question}]}],
        "toolConfig": {"tools": [{"toolSpec": TOOL}]},
    }
    path = f"/model/anthropic.claude-v2/converse{'-stream' if streamed else ''}"
    return Request("POST", path, {"authorization": "Bearer any", HEADER: fault}, msgspec.json.encode(asked))


def chat(question: str = "?", *, streamed: bool = True) -> Request:
    asked = {
        "model": "m",
        "messages": [{"role": "user", "content": question}],
        "stream": streamed,
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": {}}}],
    }
    headers = {"authorization": "Bearer any"}
    return Request("POST", "/v1/chat/completions", headers, msgspec.json.encode(asked))


def messages(question: str = "?", *, streamed: bool = True) -> Request:
    asked = {
        "model": "m",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": question}],
        "stream": streamed,
        "tools": [{"name": "weather", "input_schema": {}}],
    }
    headers = {"x-api-key": "any", "anthropic-version": "2023-06-01"}
    return Request("POST", "/v1/messages", headers, msgspec.json.encode(asked))


ASKING = {"bedrock": converse, "openai": chat, "anthropic": messages}
APIS: list[tuple[str, Simulator]] = [
    ("bedrock", Bedrock(say=SAID)),
    ("openai", OpenAI(say=SAID)),
    ("anthropic", OpenAI(say=SAID)),
]
EVERY_FAULT = [(api, simulator, fault) for api, simulator in APIS for fault in known(simulator.kind)]


def steps(simulator: Simulator, request: Request, asked: int = 0) -> Steps:
    return simulator.reply(request, Count(asked)).steps


def status(said: Steps) -> int:
    return next(step.status for step in said if isinstance(step, Head))


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("api", "simulator", "fault"), EVERY_FAULT, ids=[f"{api}-{fault}" for api, _, fault in EVERY_FAULT]
)
def test_every_fault_changes_what_happens(api: str, simulator: Simulator, fault: str, streamed: bool) -> None:
    order = "tokens:3" if fault == "tokens" else fault

    plain = steps(simulator, ASKING[api](streamed=streamed))
    reply = simulator.reply(msgspec.structs.replace(ASKING[api](streamed=streamed), told=order), Count())

    assert reply.faults == (fault,)
    assert reply.steps != plain


# --- Who asks for them --------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        converse("Why? [simulate: throttle]"),
        converse("Why? [Simulate:throttle ]"),
        converse(fault="throttle"),
        msgspec.structs.replace(converse(), told="throttle"),
    ],
    ids=["question", "question, written otherwise", "header", "program"],
)
def test_a_request_asks_for_a_fault(request_: Request) -> None:
    assert status(steps(Bedrock(), request_)) == 429


def test_several_faults_happen_together() -> None:
    reply = Bedrock(say=SAID).reply(converse("[simulate: reasoning, cut:2000]"), Count())

    assert reply.faults == ("reasoning", "cut")
    assert b"reasoningContent" in body(reply.steps)
    assert len(body(reply.steps)) == 2000


def test_every_third_request_is_throttled() -> None:
    simulator = Bedrock(faults=["throttle@3"])

    assert [status(steps(simulator, converse(), asked)) for asked in range(6)] == [200, 200, 429] * 2


def test_some_requests_are_throttled_by_chance_and_the_same_ones_again() -> None:
    def statuses(seed: int) -> list[int]:
        simulator = Bedrock(faults=["throttle@30%"], seed=seed, tokens=1)
        return [status(steps(simulator, converse(), asked)) for asked in range(200)]

    assert statuses(7) == statuses(7) != statuses(8)
    assert 30 < statuses(7).count(429) < 90


def test_a_question_wins_over_the_flag() -> None:
    simulator = Bedrock(say=SAID, faults=["throttle-midway:3"])

    assert body(steps(simulator, converse("[simulate: throttle-midway:1]"))).count(b'"text"') == 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("thrtle", "no fault 'thrtle'. There are: reasoning, "),
        ("error:5", "takes no number"),
        ("cut:-1", "no way to write the fault 'cut'"),
        ("throttle@0", "would never happen"),
    ],
)
def test_a_fault_that_makes_no_sense_is_told(fault: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Bedrock(faults=[fault])


def test_a_fault_that_makes_no_sense_in_a_question_is_a_bad_request() -> None:
    said = steps(Bedrock(), converse("[simulate: thrtle]"))

    assert status(said) == 400
    assert b"There are: reasoning" in body(said)


def test_the_faults_of_another_simulator_are_not_known() -> None:
    assert "guardrail" not in known("openai")
    assert status(steps(OpenAI(), chat("[simulate: bad-checksum]"))) == 400


# --- Where they strike --------------------------------------------------------


@pytest.mark.parametrize(("api", "simulator"), APIS, ids=[api for api, _ in APIS])
def test_an_answer_can_be_cut_at_every_byte(api: str, simulator: Simulator) -> None:
    request = ASKING[api]()
    whole = body(steps(simulator, request))

    for at in range(len(whole) + 2):
        cut = steps(simulator, msgspec.structs.replace(request, told=f"cut:{at}"))
        assert body(cut) == whole[:at]
        assert isinstance(cut[-1], Cut)


def test_a_random_cut_is_somewhere_else_the_next_time_and_the_same_with_the_same_seed() -> None:
    def lengths(seed: int) -> list[int]:
        simulator = Bedrock(faults=["cut"], seed=seed)
        return [len(body(steps(simulator, converse(), asked))) for asked in range(5)]

    assert len(set(lengths(1))) == 5
    assert lengths(1) == lengths(1)


@pytest.mark.parametrize(("api", "simulator"), APIS, ids=[api for api, _ in APIS])
@pytest.mark.parametrize("after", [0, 1, 3, 1000])
def test_an_error_comes_after_so_many_tokens(api: str, simulator: Simulator, after: int) -> None:
    request = ASKING[api]()

    said = steps(simulator, msgspec.structs.replace(request, told=f"throttle-midway:{after}"))

    words = [step for step in said if isinstance(step, Say) and step.part == "words"]
    total = [step for step in steps(simulator, request) if isinstance(step, Say) and step.part == "words"]
    assert words == total[:after]
    assert not any(isinstance(step, Say) and step.part == "end" for step in said)


@pytest.mark.parametrize(("api", "simulator"), APIS, ids=[api for api, _ in APIS])
def test_what_is_not_streamed_is_told_of_an_error_by_its_status(api: str, simulator: Simulator) -> None:
    said = steps(simulator, ASKING[api]("[simulate: throttle-midway]", streamed=False))

    assert status(said) == 429


def test_what_is_not_streamed_ends_in_the_middle_of_its_json() -> None:
    said = steps(Bedrock(say=SAID), converse("[simulate: end-early]", streamed=False))

    assert isinstance(said[0], Head)
    assert dict(said[0].headers)["content-length"] == str(len(body(said)))
    with pytest.raises(json.JSONDecodeError):
        json.loads(body(said))


def test_a_stall_is_before_the_first_token_or_in_the_middle() -> None:
    before = steps(Bedrock(say="a b"), converse("[simulate: stall:5]"))
    midway = steps(Bedrock(say="a b"), converse("[simulate: stall-midway:5]"))

    assert before.index(Wait(5)) == 2
    assert midway.index(Wait(5)) == 3


def test_slow_headers_come_line_by_line() -> None:
    assert steps(Bedrock(), converse("[simulate: slow-headers:5]"))[0].line_every_s == 5  # type: ignore[union-attr]


# --- Pace and seed ------------------------------------------------------------


def waits(simulator: Simulator) -> list[float]:
    return [step.seconds for step in steps(simulator, converse()) if isinstance(step, Wait)]


def test_tokens_come_at_the_pace_that_is_told() -> None:
    assert waits(Bedrock(tokens=4, pace=50)) == [0.02] * 4


def test_the_first_token_takes_longer() -> None:
    assert waits(Bedrock(tokens=3, pace=50, first_s=1)) == [1.02, 0.02, 0.02]


def test_jitter_lengthens_and_shortens_the_pauses() -> None:
    found = waits(Bedrock(tokens=200, pace=50, jitter=0.5))

    assert 0.01 <= min(found) < 0.013
    assert 0.027 < max(found) <= 0.03


def test_without_a_pace_nothing_waits() -> None:
    assert waits(Bedrock(tokens=50)) == []


def test_an_answer_that_is_not_streamed_takes_as_long() -> None:
    said = steps(Bedrock(tokens=100, pace=50), converse(streamed=False))

    assert said[0] == Wait(2.0)


@pytest.mark.parametrize(("api", "simulator"), APIS, ids=[api for api, _ in APIS])
def test_a_seed_gives_the_same_bytes_again(api: str, simulator: Simulator) -> None:
    def said(seed: int) -> Steps:
        other = msgspec.structs.replace(simulator, seed=seed, say="", pace=50, jitter=0.5)
        return steps(other, ASKING[api]())

    assert said(1) == said(1)
    assert body(said(1)) != body(said(2))


def test_an_answer_has_as_many_tokens_as_told_and_characters_of_other_scripts() -> None:
    said = Bedrock(tokens=500).reply(converse(), Count()).steps

    texts = [content["delta"]["text"] for content in contents(said) if "delta" in content]
    assert len(texts) == 500
    assert not "".join(texts).isascii()


def contents(said: Steps) -> list[dict[str, dict[str, str]]]:
    found: list[Message] = Decoder().feed(body(said))
    return [json.loads(message.payload) for message in found]


def test_a_script_is_answered_in_its_order_and_its_last_answer_again() -> None:
    simulator = Bedrock(script=["first", "second"])

    answers = [
        contents(simulator.reply(converse(), Count(9, answered)).steps)[1]["delta"]["text"]
        for answered in range(3)
    ]

    assert answers == ["first", "second", "second"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"faults": "throttle"}, "are lists"),
        ({"script": "text"}, "are lists"),
        ({"jitter": 2}, "from 0 to 1"),
        ({"pace": -1}, "from 0 up"),
    ],
)
def test_settings_that_make_no_sense_are_told(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Bedrock(**wrong)  # type: ignore[arg-type]


def test_a_streamed_answer_is_chunked_and_another_has_a_length() -> None:
    streamed, whole = (steps(Bedrock(), converse(streamed=one))[0] for one in (True, False))

    assert isinstance(streamed, Head)
    assert isinstance(whole, Head)
    assert is_chunked(streamed)
    assert not is_chunked(whole)
