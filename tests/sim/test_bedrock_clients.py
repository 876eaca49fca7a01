"""The Bedrock simulator, read by the unmodified boto3: answers, and every fault as boto3 sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import botocore.eventstream  # type: ignore[import-untyped]
import botocore.exceptions  # type: ignore[import-untyped]
import pytest
import urllib3.exceptions

from penstock.sim import HOLD, Bedrock, Simulation, simulate
from penstock.sim.answer import BLOCKED
from tests.sim.clients import CLAUDE, WEATHER, boto, call, converse, invoke, user

TOOLS = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": WEATHER}}}]}
SAID = "Zürich lies on the river Limmat. 🗼"


@pytest.fixture
async def bedrock() -> AsyncIterator[Simulation]:
    async with simulate(Bedrock(say=SAID)) as simulation:
        yield simulation


# --- Converse -----------------------------------------------------------------


async def test_boto3_reads_text_stop_reason_and_usage(bedrock: Simulation) -> None:
    heard = await converse(bedrock, "Where is Zürich?")

    assert heard.error is None
    assert heard.text == SAID
    assert heard.of("messageStop") == [{"stopReason": "end_turn"}]
    assert heard.usage["outputTokens"] == len(heard.of("contentBlockDelta"))
    assert heard.usage["totalTokens"] == heard.usage["inputTokens"] + heard.usage["outputTokens"]


async def test_a_text_block_has_no_start(bedrock: Simulation) -> None:
    assert (await converse(bedrock)).of("contentBlockStart") == []


async def test_an_answer_that_is_not_streamed_is_the_same_one(bedrock: Simulation) -> None:
    heard = await converse(bedrock)

    whole = await call(bedrock, "converse", modelId=CLAUDE, messages=[user("?")])

    assert whole["output"]["message"]["content"] == [{"text": SAID}]
    assert whole["stopReason"] == "end_turn"
    assert whole["usage"] == heard.usage


async def test_a_tool_is_called_with_arguments_that_fit_its_schema(bedrock: Simulation) -> None:
    heard = await converse(bedrock, "[simulate: tool:2]", toolConfig=TOOLS)

    starts = [start["start"]["toolUse"] for start in heard.of("contentBlockStart")]
    parts: dict[int, str] = {}
    for delta in heard.of("contentBlockDelta"):
        at = delta["contentBlockIndex"]
        parts[at] = parts.get(at, "") + delta["delta"]["toolUse"]["input"]
    assert [start["name"] for start in starts] == ["weather", "weather"]
    assert starts[0]["toolUseId"] != starts[1]["toolUseId"]
    for arguments in map(json.loads, parts.values()):
        assert isinstance(arguments["city"], str)
        assert isinstance(arguments["days"], int)
    assert heard.of("messageStop") == [{"stopReason": "tool_use"}]


@pytest.mark.parametrize("choice", [{"any": {}}, {"tool": {"name": "weather"}}])
async def test_a_tool_that_must_be_called_is_called(bedrock: Simulation, choice: dict[str, Any]) -> None:
    heard = await converse(bedrock, toolConfig={**TOOLS, "toolChoice": choice})

    assert heard.of("messageStop") == [{"stopReason": "tool_use"}]


async def test_the_result_of_a_tool_is_answered_with_text(bedrock: Simulation) -> None:
    first = await call(
        bedrock, "converse", modelId=CLAUDE, messages=[user("[simulate: tool]")], toolConfig=TOOLS
    )
    use = first["output"]["message"]["content"][0]["toolUse"]
    result = {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": "Sunny."}]}}

    messages = [user("[simulate: tool]"), first["output"]["message"], {"role": "user", "content": [result]}]
    heard = await converse(bedrock, messages=messages, toolConfig=TOOLS)

    assert heard.text == SAID


async def test_reasoning_comes_first_and_is_signed(bedrock: Simulation) -> None:
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}

    heard = await converse(bedrock, additionalModelRequestFields=thinking)

    deltas = [(delta["contentBlockIndex"], delta["delta"]) for delta in heard.of("contentBlockDelta")]
    thought = [delta["reasoningContent"] for at, delta in deltas if at == 0]
    assert thought[0]["text"]
    assert thought[-1]["signature"]
    assert heard.text == SAID


async def test_a_document_is_cited(bedrock: Simulation) -> None:
    document = {
        "document": {
            "name": "handbook",
            "format": "txt",
            "source": {"text": "Sick pay lasts six weeks. Then it ends."},
            "citations": {"enabled": True},
        }
    }
    messages = [{"role": "user", "content": [document, {"text": "?"}]}]

    heard = await converse(bedrock, messages=messages)

    (citation,) = [d["delta"]["citation"] for d in heard.of("contentBlockDelta") if "citation" in d["delta"]]
    assert citation["title"] == "handbook"
    assert citation["sourceContent"] == [{"text": "Sick pay lasts six weeks."}]


async def test_an_answer_ends_at_max_tokens(bedrock: Simulation) -> None:
    heard = await converse(bedrock, inferenceConfig={"maxTokens": 2})

    assert heard.text == "Zürich lies"
    assert heard.of("messageStop") == [{"stopReason": "max_tokens"}]
    assert heard.usage["outputTokens"] == 2


async def test_an_answer_ends_at_a_stop_sequence(bedrock: Simulation) -> None:
    heard = await converse(bedrock, inferenceConfig={"stopSequences": ["river"]})

    assert heard.text == "Zürich lies on the "
    assert heard.of("messageStop")[0]["stopReason"] == "stop_sequence"


async def test_the_first_words_arrive_before_the_last_are_known() -> None:
    async with simulate(Bedrock(script=[["Pa", HOLD, "ris"]])) as simulation:
        loop = asyncio.get_running_loop()
        first: asyncio.Future[str] = loop.create_future()

        def ask() -> str:
            said = ""
            with boto(simulation) as client:
                for event in client.converse_stream(modelId=CLAUDE, messages=[user("?")])["stream"]:
                    text = event.get("contentBlockDelta", {}).get("delta", {}).get("text")
                    if text and not said:
                        loop.call_soon_threadsafe(first.set_result, text)
                    said += text or ""
            return said

        asking = asyncio.ensure_future(asyncio.to_thread(ask))
        assert await first == "Pa"
        await simulation.holding()
        simulation.go_on()
        assert await asking == "Paris"


# --- What Bedrock refuses -----------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"messages": [{"role": "assistant", "content": [{"text": "Hi"}]}]},
            "must start with a user message",
        ),
        ({"messages": [user("a"), user("b")]}, "must alternate"),
        ({"messages": []}, "messages field is empty"),
        ({"messages": [user("  ")]}, "is blank"),
        ({"inferenceConfig": {"maxTokens": 5, "temperature": 1.5}}, "less than or equal to 1"),
        ({"modelId": "does-not-exist"}, "The provided model identifier is invalid."),
    ],
)
async def test_a_wrong_request_gets_a_validation_exception(
    bedrock: Simulation, request_: dict[str, Any], message: str
) -> None:
    heard = await converse(bedrock, **request_)

    assert isinstance(heard.error, botocore.exceptions.ClientError)
    assert heard.error.response["Error"]["Code"] == "ValidationException"
    assert message in heard.error.response["Error"]["Message"]


async def test_an_arn_of_no_model_is_not_found(bedrock: Simulation) -> None:
    heard = await converse(bedrock, modelId="arn:aws:bedrock:us-east-1::foundation-model/nobody.model")

    assert isinstance(heard.error, botocore.exceptions.ClientError)
    assert heard.error.response["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "model",
    [
        "anthropic.claude-3-haiku-20240307-v1:0",
        "eu.amazon.nova-lite-v1:0",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/apac.meta.llama3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
        "deepseek.r1-v1:0",
    ],
)
async def test_a_model_may_be_named_in_every_way(bedrock: Simulation, model: str) -> None:
    assert (await converse(bedrock, modelId=model)).text == SAID


# --- Faults -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ("throttle", "ThrottlingException", 429),
        ("overloaded", "ServiceUnavailableException", 503),
        ("error", "InternalServerException", 500),
        ("timeout", "ModelTimeoutException", 408),
        ("not-ready", "ModelNotReadyException", 429),
        ("model-error", "ModelErrorException", 424),
        ("unauthorized", "UnrecognizedClientException", 403),
        ("expired", "ExpiredTokenException", 403),
        ("forbidden", "AccessDeniedException", 403),
        ("unknown-model", "ValidationException", 400),
        ("too-long", "ValidationException", 400),
    ],
)
async def test_a_refusal_is_the_exception_that_aws_sends(
    bedrock: Simulation, fault: str, code: str, status: int
) -> None:
    heard = await converse(bedrock, f"[simulate: {fault}]")

    assert isinstance(heard.error, botocore.exceptions.ClientError)
    assert heard.error.response["Error"]["Code"] == code
    assert heard.error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert heard.error.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("throttle-midway", "throttlingException"),
        ("overloaded-midway", "serviceUnavailableException"),
        ("error-midway", "internalServerException"),
        ("model-error-midway", "modelStreamErrorException"),
        ("invalid-midway", "validationException"),
        # boto3 does not know it, and gives it no name.
        ("unknown-exception", ""),
    ],
)
async def test_an_exception_in_the_stream_comes_after_the_first_words(
    bedrock: Simulation, fault: str, code: str
) -> None:
    heard = await converse(bedrock, f"[simulate: {fault}:2]")

    assert isinstance(heard.error, botocore.exceptions.EventStreamError)
    assert heard.error.response["Error"].get("Code", "") == code
    assert heard.text == "Zürich lies"


@pytest.mark.parametrize("fault", ["cut", "cut:300", "reset", "reset:300"])
async def test_a_cut_connection_is_an_error_in_the_middle(bedrock: Simulation, fault: str) -> None:
    heard = await converse(bedrock, f"[simulate: {fault}]")

    assert isinstance(heard.error, urllib3.exceptions.ProtocolError)
    assert heard.of("messageStop") == []
    assert (await bedrock.ended()).outcome == "cut"


@pytest.mark.parametrize("fault", ["end-early", "half-frame", "half-frame:1"])
async def test_boto3_does_not_notice_that_the_end_mark_is_missing(bedrock: Simulation, fault: str) -> None:
    heard = await converse(bedrock, f"[simulate: {fault}]")

    assert heard.error is None
    assert heard.text
    assert heard.of("messageStop") == heard.of("metadata") == []


async def test_a_bad_checksum_is_noticed(bedrock: Simulation) -> None:
    heard = await converse(bedrock, "[simulate: bad-checksum:1]")

    assert isinstance(heard.error, botocore.eventstream.ChecksumMismatch)
    assert heard.text == "Zürich"


@pytest.mark.parametrize(("fault", "text"), [("stall", ""), ("stall-midway", "Zürich lies on the")])
async def test_a_stall_is_waited_for_until_the_client_gives_up(
    bedrock: Simulation, fault: str, text: str
) -> None:
    heard = await converse(bedrock, f"[simulate: {fault}]", read_timeout_s=0.3)

    assert isinstance(heard.error, urllib3.exceptions.ReadTimeoutError)
    assert heard.text == text
    assert (await bedrock.ended()).outcome == "left"


async def test_slow_headers_are_waited_for_until_the_client_gives_up(bedrock: Simulation) -> None:
    heard = await converse(bedrock, "[simulate: slow-headers:30]", read_timeout_s=0.3)

    assert isinstance(heard.error, botocore.exceptions.ReadTimeoutError)


async def test_a_content_filter_stops_in_the_middle(bedrock: Simulation) -> None:
    heard = await converse(bedrock, "[simulate: content-filter]")

    assert heard.of("messageStop") == [{"stopReason": "content_filtered"}]
    assert SAID.startswith(heard.text)
    assert 0 < len(heard.text) < len(SAID)


GUARDRAIL = {"guardrailIdentifier": "abc123", "guardrailVersion": "1", "trace": "enabled"}


async def test_a_guardrail_replaces_the_answer(bedrock: Simulation) -> None:
    heard = await converse(bedrock, "[simulate: guardrail]", guardrailConfig=GUARDRAIL)

    assert heard.text == BLOCKED
    assert heard.of("messageStop") == [{"stopReason": "guardrail_intervened"}]
    trace = heard.of("metadata")[0]["trace"]["guardrail"]
    assert "abc123" in trace["outputAssessments"]
    assert trace["modelOutput"] == [SAID]


@pytest.mark.parametrize(
    ("fault", "mode"), [("guardrail", {"streamProcessingMode": "async"}), ("guardrail-async", {})]
)
async def test_an_asynchronous_guardrail_intervenes_after_the_first_words(
    bedrock: Simulation, fault: str, mode: dict[str, str]
) -> None:
    heard = await converse(bedrock, f"[simulate: {fault}]", guardrailConfig={**GUARDRAIL, **mode})

    assert heard.text.startswith("Zürich lies")
    *_, words, message = heard.of("contentBlockDelta")
    assert message == {"contentBlockIndex": words["contentBlockIndex"] + 1, "delta": {"text": BLOCKED}}
    assert heard.of("messageStop") == [{"stopReason": "guardrail_intervened"}]
    assert heard.of("metadata")[0]["trace"]["guardrail"]["modelOutput"] == [SAID]


async def test_a_guardrail_blocks_a_question(bedrock: Simulation) -> None:
    heard = await converse(bedrock, "[simulate: guardrail-input]", guardrailConfig=GUARDRAIL)

    trace = heard.of("metadata")[0]["trace"]["guardrail"]
    assert "abc123" in trace["inputAssessment"]
    assert trace["modelOutput"] == []


async def test_a_guardrail_tells_no_more_than_it_is_asked_to(bedrock: Simulation) -> None:
    config = {**GUARDRAIL, "trace": "disabled"}

    heard = await converse(bedrock, "[simulate: guardrail]", guardrailConfig=config)

    assert "trace" not in heard.of("metadata")[0]


async def test_boto3_tries_again_after_a_throttled_request(bedrock: Simulation) -> None:
    bedrock.next("throttle")

    heard = await converse(bedrock, tries=2)

    assert heard.text == SAID
    assert [seen.status for seen in bedrock.requests] == [429, 200]


# --- InvokeModel --------------------------------------------------------------

ANTHROPIC = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100}
FAMILIES: list[tuple[str, dict[str, Any]]] = [
    (CLAUDE, {**ANTHROPIC, "messages": [{"role": "user", "content": "?"}]}),
    ("anthropic.claude-v2", {"prompt": "\n\nHuman: ?\n\nAssistant:", "max_tokens_to_sample": 100}),
    ("amazon.nova-micro-v1:0", {"messages": [user("?")]}),
    ("amazon.titan-text-lite-v1", {"inputText": "?"}),
    ("meta.llama3-8b-instruct-v1:0", {"prompt": "?"}),
    ("cohere.command-text-v14", {"prompt": "?"}),
    ("cohere.command-r-v1:0", {"message": "?"}),
    ("mistral.mistral-7b-instruct-v0:2", {"prompt": "?"}),
]


def text_of(chunk: dict[str, Any]) -> str:
    match chunk:
        case (
            {"type": "content_block_delta", "delta": {"text": text}}
            | {"contentBlockDelta": {"delta": {"text": text}}}
            | {"completion": text}
            | {"outputText": text}
            | {"generation": text}
            | {"event_type": "text-generation", "text": text}
            | {"outputs": [{"text": text}]}
        ):
            return str(text)
        case _:
            return ""


@pytest.mark.parametrize(("model", "body"), FAMILIES, ids=[model for model, _ in FAMILIES])
async def test_every_family_streams_its_own_json(
    bedrock: Simulation, model: str, body: dict[str, Any]
) -> None:
    chunks = await invoke(bedrock, model, body)

    assert "".join(map(text_of, chunks)) == SAID
    metrics = chunks[-1]["amazon-bedrock-invocationMetrics"]
    assert metrics["outputTokenCount"] > 1


@pytest.mark.parametrize(("model", "body"), FAMILIES, ids=[model for model, _ in FAMILIES])
async def test_every_family_answers_in_one_piece(
    bedrock: Simulation, model: str, body: dict[str, Any]
) -> None:
    whole = await call(bedrock, "invoke_model", modelId=model, body=json.dumps(body))

    assert SAID in json.dumps(whole, ensure_ascii=False)


async def test_only_the_last_question_of_a_prompt_asks_for_faults(bedrock: Simulation) -> None:
    prompt = "\n\nHuman: [simulate: throttle]\n\nAssistant: No.\n\nHuman: And now?\n\nAssistant:"

    chunks = await invoke(bedrock, "anthropic.claude-v2", {"prompt": prompt, "max_tokens_to_sample": 99})

    assert "".join(map(text_of, chunks)) == SAID


async def test_a_body_without_what_it_needs_is_refused(bedrock: Simulation) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match=r"required key \[max_tokens\] not found"):
        await invoke(bedrock, CLAUDE, {"anthropic_version": "x", "messages": []})


async def test_a_guardrail_marks_an_invoked_answer(bedrock: Simulation) -> None:
    body = {**ANTHROPIC, "messages": [{"role": "user", "content": "[simulate: guardrail]"}]}

    chunks = await invoke(bedrock, CLAUDE, body)

    assert chunks[-1]["amazon-bedrock-guardrailAction"] == "INTERVENED"
    assert chunks[-2]["delta"]["stop_reason"] == "guardrail_intervened"
