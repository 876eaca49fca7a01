"""What a guardrail in Bedrock does to an answer: what is taken back, what is left, what is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import http
from penstock.aws.credentials import Credentials, Given
from penstock.aws.http import Service
from penstock.core.events import (
    Event,
    Finished,
    Noted,
    Retracted,
    Text,
    Usage,
)
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.core.turn import fold
from penstock.models.bedrock import Bedrock
from penstock.models.bedrock.converse import Converse
from penstock.models.bedrock.guardrail import Guardrail
from penstock.models.bedrock.ids import parse
from penstock.models.bedrock.invoke import Invoke
from penstock.sim import Bedrock as Simulated
from penstock.sim import simulate
from penstock.sim.answer import BLOCKED
from tests.models.bedrock_streams import (
    ASYNC,
    CLAUDE,
    CONVERSE,
    FINANCE,
    HATE,
    PII,
    START,
    claude,
    claude_stop,
    claude_text,
    invoke_async,
    metadata,
    stopped,
    text,
    told,
    trace,
)

CONVERSE_ID = parse("anthropic.claude-sonnet-4-5-20250929-v1:0")
USED = Usage("asked-for", 3, 2)

SORRY = "Sorry, the model cannot answer this question."


def text_of(events: list[Event]) -> str:
    """What a reader sees in the end."""
    return fold(events).text


def test_a_question_that_a_guardrail_blocks_is_answered_with_the_guardrails_words_alone() -> None:
    events = told(START, text(SORRY), stopped("guardrail_intervened"), metadata(trace(asked=FINANCE)))

    assert events == [
        Text(SORRY),
        Noted(
            "guardrail",
            {"guardrail": "gr1", "blocked": True, "findings": 1, "input": "topicPolicy Finance BLOCKED"},
        ),
        USED,
        Finished("blocked"),
    ]


@pytest.mark.parametrize("message", [[SORRY], ["Sorry, the model", " cannot answer", " this question."]])
@pytest.mark.parametrize("block", [0, 1])
def test_an_answer_that_a_guardrail_blocks_is_taken_back_but_for_the_guardrails_words(
    message: list[str], block: int
) -> None:
    words = ["First ", "you ", "take ", "a ", "wrench."]

    events = told(
        START,
        *map(text, words),
        *(text(part, block) for part in message),
        stopped("guardrail_intervened"),
        metadata(trace(answered=HATE, output="".join(words) + " Then you go on.")),
        api=ASYNC,
    )

    assert text_of(events) == SORRY
    assert Retracted(0, "guardrail") in events
    assert events[-1] == Finished("blocked")


def test_a_trace_that_holds_only_the_piece_that_was_judged_takes_back_what_came_before_it_too() -> None:
    events = told(
        START,
        text("A harmless beginning. "),
        text("Then the harmful part."),
        text(SORRY),
        stopped("guardrail_intervened"),
        metadata(trace(answered=HATE, output="Then the harmful part.")),
        api=ASYNC,
    )

    assert text_of(events) == SORRY


def test_an_answer_blocked_before_a_word_of_it_was_shown_takes_nothing_back() -> None:
    events = told(
        START,
        text("Sorry, the model"),
        text(" cannot answer this question."),
        stopped("guardrail_intervened"),
        metadata(trace(answered=HATE, output="First you take a wrench.")),
        api=ASYNC,
    )

    assert text_of(events) == SORRY
    assert not any(isinstance(e, Retracted) for e in events)


def test_a_blocked_answer_without_words_of_the_guardrail_leaves_nothing() -> None:
    events = told(
        START,
        text("First you"),
        stopped("guardrail_intervened"),
        metadata(trace(answered=HATE, output="First you take")),
        api=ASYNC,
    )

    assert text_of(events) == ""


UNUSABLE = [
    None,
    trace(answered=HATE),
    {"guardrail": {"modelOutput": 3}},
    {"guardrail": {"modelOutput": "x"}},
]


@pytest.mark.parametrize("traced", UNUSABLE)
def test_without_the_models_words_in_a_trace_the_last_block_is_the_guardrails(traced: Any) -> None:
    words = [text("First "), text("you"), text("Sorry, ", 1), text("I cannot.", 1)]

    events = told(START, *words, stopped("guardrail_intervened"), metadata(traced), api=ASYNC)

    assert text_of(events) == "Sorry, I cannot."
    assert events[-1] == Finished("blocked")


@pytest.mark.parametrize("traced", UNUSABLE)
def test_of_a_single_block_without_the_models_words_in_a_trace_no_half_is_left(traced: Any) -> None:
    words = [text("Sorry, "), text("I "), text("cannot.")]

    events = told(START, *words, stopped("guardrail_intervened"), metadata(traced), api=ASYNC)

    assert text_of(events) == "Sorry, I cannot."
    assert not any(isinstance(event, Retracted) for event in events)


@pytest.mark.parametrize("api", [CONVERSE, Converse(CONVERSE_ID, guardrail=Guardrail("gr1"))])
@pytest.mark.parametrize("traced", [None, trace(answered=HATE, output="First you take")])
def test_what_was_judged_before_it_was_shown_is_never_taken_back(api: Converse, traced: Any) -> None:
    words = [text("First you"), text(" take. "), text(SORRY, 1)]

    events = told(START, *words, stopped("guardrail_intervened"), metadata(traced), api=api)

    assert text_of(events) == f"First you take. {SORRY}"
    assert events[-1] == Finished("blocked")


@pytest.mark.parametrize("words", [[], ["It is easy. "]])
@pytest.mark.parametrize("block", [0, 1])
def test_a_masked_name_at_the_end_does_not_keep_the_models_words(words: list[str], block: int) -> None:
    output = "".join(words) + "Mix the acid with it, then write to joe@x.org and boil"

    events = told(
        START,
        *map(text, words),
        text("Mix the acid with it, then write to {EMAIL}"),
        text(SORRY, block),
        stopped("guardrail_intervened"),
        metadata(trace(answered=HATE, output=output)),
        api=ASYNC,
    )

    assert text_of(events) == SORRY


async def asked_of(url: str, api: str, model: str, guardrail: Guardrail) -> list[Event]:
    client, id = http.Client(), parse(model)
    service = Service(
        "bedrock-runtime",
        region="eu-west-1",
        client=client,
        credentials=Given(Credentials("AKIDEXAMPLE", "any")),
        endpoint_url=url,
    )
    way = Converse(id, guardrail=guardrail) if api == "bedrock" else Invoke(id, guardrail=guardrail)
    bedrock = Bedrock(id, api=way, service=service, owned=client)
    try:
        return [event async for event in bedrock.stream(Prompt((Message("user", "Where?"),)))]
    finally:
        await bedrock.close()


@pytest.mark.parametrize("api", ["bedrock", "bedrock_invoke"])
@pytest.mark.parametrize(
    "model", ["anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.titan-text-express-v1"]
)
@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("tell", ["enabled", "disabled"])
@pytest.mark.parametrize("fault", ["guardrail", "guardrail-input"])
async def test_all_that_is_left_of_a_blocked_answer_is_the_guardrails_message(
    api: str, model: str, mode: str, tell: str, fault: str
) -> None:
    if (api, model[:6], mode, tell, fault) == ("bedrock_invoke", "amazon", "async", "disabled", "guardrail"):
        # Titan has no blocks: without a trace nothing tells where the message begins.
        left = f"Zürich is{BLOCKED}"
    else:
        left = BLOCKED

    async with simulate(Simulated(say="Zürich is large.", faults=[fault])) as simulation:
        events = await asked_of(simulation.url, api, model, Guardrail("gr1", mode=mode, trace=tell))

    assert text_of(events) == left
    assert events[-1] == Finished("blocked")


def test_an_answer_in_which_names_were_masked_is_complete() -> None:
    events = told(
        START,
        text("It was {NAME}."),
        stopped("guardrail_intervened"),
        metadata(trace(answered=PII, output="It was Ada Lovelace.")),
    )

    assert text_of(events) == "It was {NAME}."
    assert events[-1] == Finished()


def test_an_invoked_model_whose_masked_answer_met_its_limit_still_says_so() -> None:
    verdict = {
        "amazon-bedrock-guardrailAction": "INTERVENED",
        "amazon-bedrock-trace": {"guardrail": {"outputs": [{"gr1": PII}]}},
    }

    events = told(*claude(claude_text("It was {NAME}"), claude_stop("max_tokens"), last=verdict), api=CLAUDE)

    assert text_of(events) == "It was {NAME}"
    assert events[-1] == Finished("length")


def test_no_words_of_people_are_in_what_is_noted_of_a_guardrail() -> None:
    words = {"wordPolicy": {"customWords": [{"match": "grandmother's ring", "action": "BLOCKED"}]}}
    assessed = {**words, **PII, **FINANCE, "invocationMetrics": {"guardrailProcessingLatency": 3}}

    events = told(
        START,
        text(SORRY),
        stopped("guardrail_intervened"),
        metadata(trace(asked=assessed, output="It was Ada Lovelace.")),
    )

    (noted,) = [e for e in events if isinstance(e, Noted)]
    assert noted.detail["input"] == (
        "wordPolicy BLOCKED, sensitiveInformationPolicy NAME ANONYMIZED, topicPolicy Finance BLOCKED"
    )
    assert "Ada" not in str(noted)
    assert "ring" not in str(noted)


def test_a_guardrail_that_found_nothing_is_not_worth_a_note() -> None:
    quiet = {"contentPolicy": {"filters": [{"type": "HATE", "action": "NONE", "detected": False}]}}

    assert told(START, text("A"), stopped(), metadata(trace(asked=quiet))) == [Text("A"), USED, Finished()]


def test_an_invoked_model_says_in_its_last_chunk_that_a_guardrail_intervened() -> None:
    verdict = {
        "amazon-bedrock-guardrailAction": "INTERVENED",
        "amazon-bedrock-trace": {
            "guardrail": {"outputs": [{"gr1": HATE}], "modelOutput": ["First you take a wrench"]}
        },
    }

    events = told(
        *claude(claude_text("First you take"), claude_text(SORRY), claude_stop("end_turn"), last=verdict),
        api=invoke_async("us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    )

    assert text_of(events) == SORRY
    assert events[-1] == Finished("blocked")


def test_a_stop_reason_of_a_guardrail_is_known_in_claudes_own_messages() -> None:
    events = told(*claude(claude_text(SORRY), claude_stop("guardrail_intervened")), api=CLAUDE)

    assert [type(e) for e in events] == [Text, Noted, Usage, Finished]
    assert events[1] == Noted("guardrail", {"blocked": True})
    assert events[-1] == Finished("blocked")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=30), max_size=8), st.text(max_size=60), st.integers(0, 8), st.data()
)
def test_of_a_blocked_answer_no_piece_of_the_models_stays_that_the_trace_knows(
    leaked: list[str], message: str, more: int, data: st.DataObject
) -> None:
    output = "".join(leaked) + "x" * more
    pieces = [*leaked, *([message] if message else [])]

    events = told(
        START,
        *map(text, pieces),
        stopped("guardrail_intervened"),
        metadata(trace(answered=HATE, output=output)),
        api=ASYNC,
    )

    assert text_of(events) in (message, "") or not leaked
