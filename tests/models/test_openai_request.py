"""What the openai model asks for, how it is set up, and what it takes from complaints; no network."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from penstock.core.events import Finished, Noted, Passage, Text
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.errors import (
    ConfigError,
    ModelBusy,
    ModelError,
    ModelMisconfigured,
    ModelRefused,
    ModelUnreachable,
)
from penstock.models import complaint
from penstock.models.complaint import Complaint
from penstock.models.hiding import Hidden
from penstock.models.http import Http
from penstock.models.openai import OpenAI, encode, window_of
from penstock.models.openai.chunks import Reading
from penstock.models.openai.model import left_out

ASK = (Message("user", "Hi"),)


def body(prompt: Prompt, model: str = "gpt-4o") -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(encode(prompt, model))
    return decoded


def test_instructions_and_passages_are_one_system_message_before_the_thread() -> None:
    prompt = Prompt(
        (Message("user", "Grüße 🗼"), Message("assistant", "Hi"), *ASK),
        instructions="Be brief.",
        passages=(Passage("a.md", "Pumps hum."),),
    )

    messages = body(prompt)["messages"]

    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[0]["content"].startswith("Be brief.")
    assert "Pumps hum." in messages[0]["content"]
    assert messages[1]["content"] == "Grüße 🗼"


def test_without_instructions_there_is_no_system_message() -> None:
    assert body(Prompt(ASK))["messages"] == [{"role": "user", "content": "Hi"}]


def test_known_wishes_are_passed_on_and_nothing_can_change_the_stream() -> None:
    wishes: dict[str, object] = {
        "temperature": 0.2, "stop": ["\n"], "seed": 7, "response_format": {"type": "json_object"},
        "top_p": None, "stream": False, "n": 5, "model": "other", "messages": [], "tools": [{}], "unheard": 1,
    }  # fmt: skip

    sent = body(Prompt(ASK, options=wishes))

    assert set(sent) == {
        "model", "messages", "stream", "stream_options", "temperature", "stop", "seed", "response_format"
    }  # fmt: skip
    assert sent["stream"] is True
    assert sent["model"] == "gpt-4o"


def test_the_names_of_wishes_that_are_left_out_are_noted_at_the_end() -> None:
    wishes: dict[str, object] = {"temperature": 0.2, "max_tokens": 9, "nonsense": 3, "n": 2, "top_p": None}
    reading = Reading("m", "who", dropped=left_out(Prompt(ASK, options=wishes)))

    events = list(reading.events([b'{"choices":[{"delta":{"content":"A"},"finish_reason":"stop"}]}']))

    assert events == [Text("A")]
    assert list(reading.end()) == [Noted("wishes_dropped", {"n": True, "nonsense": True}), Finished()]


@pytest.mark.parametrize("wish", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(
    ("model", "sent_as"),
    [
        ("gpt-4o", "max_tokens"),
        ("llama3.2:3b", "max_tokens"),
        ("o3-mini", "max_completion_tokens"),
        ("gpt-5.2", "max_completion_tokens"),
        ("openai/gpt-5", "max_completion_tokens"),
    ],
)
def test_the_limit_on_the_answer_goes_by_the_name_the_model_knows(
    wish: str, model: str, sent_as: str
) -> None:
    sent = body(Prompt(ASK, options={wish: 100}), model)

    assert {name: sent[name] for name in sent if name.startswith("max_")} == {sent_as: 100}


@pytest.mark.parametrize("value", [object(), "\ud83d", {1: {2, 3}, "x": object()}])
def test_a_wish_that_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(ModelRefused, match="JSON"):
        encode(Prompt(ASK, options={"user": value}), "gpt-4o")


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o-mini", 128_000),
        ("gpt-4", 8_192),
        ("gpt-4.1-nano", 1_047_576),
        ("ft:gpt-4o-mini:acme::x1", 128_000),
        ("anthropic/claude-sonnet-4.5", 200_000),
        ("deepseek/deepseek-r1:free", 64_000),
        ("llama3.2:3b", 4_096),
        ("gpt-oss:20b", 4_096),
        ("my-own-model", 4_096),
    ],
)
def test_the_window_is_the_familys_or_a_careful_one(model: str, tokens: int) -> None:
    assert window_of(model) == tokens


def test_a_model_is_set_up_without_a_loop_and_shows_no_key() -> None:
    model = OpenAI(
        "gpt-4o", base_url="https://h.example/v1/", api_key=" sk-abc\n", http=Http(), window_tokens=9
    )

    assert model.name == "openai/gpt-4o"
    assert model.window_tokens == 9
    assert "sk-abc" not in repr(model)


@pytest.mark.parametrize(
    "base_url", ["", "api.openai.com/v1", "ftp://h/v1", "http://", "http://h:x/v1", "http://h/v1?a=b"]
)
def test_a_base_url_that_is_none_is_a_problem_of_the_settings(base_url: str) -> None:
    with pytest.raises(ConfigError, match="https://host/v1"):
        OpenAI("m", base_url=base_url, http=Http())


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\nb", "sk-ü"])
def test_a_key_that_cannot_be_one_is_a_problem_of_the_settings_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        OpenAI("m", api_key=key, http=Http())

    assert "sk-" not in str(raised.value)


def test_two_sorts_of_credentials_are_a_problem_of_the_settings() -> None:
    OpenAI("m", base_url="https://me:secret@h.example/v1", http=Http())

    with pytest.raises(ConfigError, match="leave out") as raised:
        OpenAI("m", base_url="https://me:secret@h.example/v1", api_key="sk-x", http=Http())

    assert "secret" not in str(raised.value)


# --- Complaints ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error":{"message":"a","type":"t","code":"c"}}', Complaint("a", "c")),
        ('{"error":{"message":"a","type":"t","code":null}}', Complaint("a", "t")),
        ('{"error":{"message":"a","type":"None","code":"429"}}', Complaint("a", "", 429)),
        ('{"error":{"message":"a","code":502}}', Complaint("a", "", 502)),
        (
            '{"object":"error","message":"a","type":"BadRequestError","code":400}',
            Complaint("a", "BadRequestError", 400),
        ),
        (
            '[{"error":{"code":400,"message":"a","status":"INVALID_ARGUMENT"}}]',
            Complaint("a", "INVALID_ARGUMENT", 400),
        ),
        (
            '{"type":"error","error":{"type":"overloaded_error","message":"a"}}',
            Complaint("a", "overloaded_error"),
        ),
        ('{"error":"a"}', Complaint("a")),
        ('{"detail":"a"}', Complaint("a")),
        ('{"detail":[{"msg":"x"}]}', Complaint()),
        ('{"error":' * 200 + "1" + "}" * 200, Complaint()),
        ("plain words", Complaint("plain words")),
        ("<html>no</html>", Complaint()),
        ("", Complaint()),
        ("3", Complaint()),
    ],
)
def test_a_complaint_is_found_in_every_shape(body: str, said: Complaint) -> None:
    assert complaint.read(body.encode()) == said


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("rate_limit_exceeded", ModelBusy),
        ("overloaded_error", ModelBusy),
        ("insufficient_quota", ModelMisconfigured),
        ("billing_hard_limit_reached", ModelMisconfigured),
        ("invalid_api_key", ModelMisconfigured),
        ("authentication_error", ModelMisconfigured),
        ("PERMISSION_DENIED", ModelMisconfigured),
        ("NotFoundError", ModelMisconfigured),
        ("context_length_exceeded", ModelRefused),
        ("invalid_request_error", ModelRefused),
        ("BadRequestError", ModelRefused),
        ("model_not_found", ModelMisconfigured),
        ("server_error", ModelUnreachable),
        ("api_error", ModelUnreachable),
        ("InternalServerError", ModelUnreachable),
        ("", ModelError),
        ("odd", ModelError),
    ],
)
def test_without_a_number_the_word_decides(word: str, kind: type[ModelError]) -> None:
    assert type(complaint.error(Complaint("m", word), who="x")) is kind


def test_an_account_without_credit_is_its_owners_matter_within_a_stream_too() -> None:
    said = Complaint("Your credit balance is too low to access the Anthropic API.", "invalid_request_error")

    assert type(complaint.error(said, who="x")) is ModelMisconfigured


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("invalid_request_error", "invalid_request_error"),
        ("com.amazon#ValidationException", "com.amazon#ValidationException"),
        ("Where is Anna Lutz?", "Where is [...]?"),
        ("x" * 70, "x" * 64),
        ("\n".join(["why"] * 1_000_000), " ".join(["why"] * 16)),
    ],
)
def test_a_providers_word_is_short_and_says_nothing_of_people(word: str, shown: str) -> None:
    found = complaint.error(Complaint("", word), who="x", status=400, hidden=Hidden("", "I am Anna Lutz."))

    assert str(found) == f"x answered 400 {shown}"


def test_a_quota_that_is_used_up_is_not_waited_for_though_it_comes_as_429() -> None:
    found = complaint.error(Complaint("m", "insufficient_quota"), who="x", status=429)

    assert isinstance(found, ModelMisconfigured)


@pytest.mark.parametrize(
    "said",
    [
        Complaint("Incorrect API key provided: xa***c.", "Client specified an invalid argument"),
        Complaint("API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"),
        Complaint("The model has been decommissioned.", "model_decommissioned"),
        Complaint("Your credit balance is too low to access the Anthropic API.", "invalid_request_error"),
        Complaint("You have exceeded your current quota.", "invalid_request_error"),
        Complaint("Please see Plans & Billing.", "invalid_request_error"),
    ],
)
def test_what_only_the_owner_can_mend_is_known_though_it_comes_as_400(said: Complaint) -> None:
    found = complaint.error(said, who="x", status=400)

    assert isinstance(found, ModelMisconfigured)
    assert found.for_reader == "This assistant is not set up correctly. Please tell its owner."


@pytest.mark.parametrize(
    "body",
    [
        '{"error":{"message":"flagged","code":403,"metadata":{"flagged_input":"no","reasons":["x"]}}}',
        '{"error":{"message":"no","code":"content_policy_violation"}}',
    ],
)
def test_a_question_against_the_providers_rules_is_not_the_owners_fault_though_it_comes_as_403(
    body: str,
) -> None:
    assert type(complaint.error(complaint.read(body.encode()), who="x", status=403)) is ModelRefused


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:20:00 GMT"}, 200.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "next tuesday"}, None),
    ],
)
def test_how_long_to_wait_is_read_from_every_form(headers: dict[str, str], wait_s: float | None) -> None:
    assert complaint.retry_after_s(headers, now_s=1_000.0) == wait_s
