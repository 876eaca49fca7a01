"""Requests to AWS: signed for whoever sends them, and signed once more when only that can help."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.aws.credentials import Credentials, Given, Unavailable
from penstock.aws.http import AwsError, Service, complaint, skew_s
from penstock.aws.signing import sign
from penstock.errors import ConfigError
from penstock.http import Client
from tests.aws.keys import NOW_S, of
from tests.aws.loopback import Answer, Asked, answering, in_turn

PATH = "/model/anthropic.claude-v9%3A0/converse-stream"
KEYS = of("first")
EXPIRED = Answer(403, b'{"message":"expired"}', {"x-amzn-errortype": "ExpiredTokenException"})


class Renewable:
    """Credentials that can be renewed, and count how often they were."""

    def __init__(self, *others: Credentials) -> None:
        self.current = KEYS
        self.others = list(others)

    async def get(self) -> Credentials:
        return self.current

    async def renew(self, refused: Credentials) -> Credentials:
        assert refused == self.current
        self.current = self.others.pop(0) if self.others else self.current
        return self.current


def service(url: str, client: Client, **more: object) -> Service:
    given = {"credentials": Given(KEYS), "region": "eu-west-1", "now_s": lambda: NOW_S, **more}
    return Service("bedrock-runtime", client=client, endpoint_url=url, **given)  # type: ignore[arg-type]


def signed_by(asked: Asked, url: str, keys: Credentials, now_s: float = NOW_S) -> bool:
    headers = {"content-type": asked.headers["content-type"]}
    expected = sign(
        asked.method,
        url + asked.path,
        headers,
        asked.body,
        keys,
        region="eu-west-1",
        service="bedrock",
        now_s=now_s,
    )
    return expected.items() <= asked.headers.items()


async def sent(service: Service) -> tuple[int, bytes]:
    response = await service.post(PATH, b'{"messages":[]}', {"content-type": "application/json"})
    with closing(response):
        return response.status, await response.whole(1_000)


async def test_a_request_arrives_as_it_was_signed(client: Client) -> None:
    async with answering(in_turn(Answer(200, b"answer"))) as server:
        assert await sent(service(server.url, client)) == (200, b"answer")

    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", PATH, b'{"messages":[]}')
    assert asked.headers["x-amz-security-token"] == "first-token"
    assert signed_by(asked, server.url, KEYS)


async def test_a_query_is_signed_as_well(client: Client) -> None:
    async with answering(in_turn(Answer())) as server:
        response = await service(server.url, client).post("/@connections/x%3D?b=2&a=1", b"")
        response.close()

    (asked,) = server.asked
    assert asked.path == "/@connections/x%3D?b=2&a=1"
    url = server.url + asked.path
    expected = sign("POST", url, {}, b"", KEYS, region="eu-west-1", service="bedrock", now_s=NOW_S)
    assert asked.headers["authorization"] == expected["authorization"]


async def test_a_bearer_token_goes_before_credentials(client: Client) -> None:
    async with answering(in_turn(Answer())) as server:
        await sent(service(server.url, client, bearer="a-token"))

    (asked,) = server.asked
    assert asked.headers["authorization"] == "Bearer a-token"
    assert "x-amz-date" not in asked.headers


async def test_without_credentials_and_bearer_nothing_is_sent(client: Client) -> None:
    async with answering(in_turn(Answer())) as server:
        with pytest.raises(ConfigError, match="bedrock-runtime"):
            await sent(service(server.url, client, credentials=None))

    assert server.asked == []


async def test_credentials_that_cannot_be_had_now_make_the_service_unreachable(client: Client) -> None:
    class Gone(Given):
        async def get(self) -> Credentials:
            raise Unavailable("the container does not answer")

    with pytest.raises(Unavailable):
        await sent(service("http://127.0.0.1:1", client, credentials=Gone(KEYS)))


@pytest.mark.parametrize(
    "answer",
    [
        EXPIRED,
        Answer(400, b'{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"expired"}'),
    ],
)
async def test_expired_credentials_are_renewed_and_the_request_is_sent_again(
    client: Client, answer: Answer
) -> None:
    async with answering(in_turn(answer, Answer(200, b"answer"))) as server:
        assert await sent(service(server.url, client, credentials=Renewable(of("second")))) == (
            200,
            b"answer",
        )

    first, second = server.asked
    assert signed_by(first, server.url, KEYS)
    assert signed_by(second, server.url, of("second"))


async def test_it_is_sent_again_only_once(client: Client) -> None:
    others = Renewable(of("second"), of("third"))
    async with answering(in_turn(EXPIRED)) as server:
        assert await sent(service(server.url, client, credentials=others)) == (403, EXPIRED.body)

    assert len(server.asked) == 2


async def test_without_other_credentials_the_complaint_is_handed_on_whole(client: Client) -> None:
    async with answering(in_turn(EXPIRED)) as server:
        assert await sent(service(server.url, client)) == (403, EXPIRED.body)

    assert len(server.asked) == 1


def skewed(now_s: float) -> Callable[[Asked], Answer]:
    """AWS, whose clock says this."""

    def answer(asked: Asked) -> Answer:
        headers = {"date": format_datetime(datetime.fromtimestamp(now_s, UTC), usegmt=True)}
        signed_s = datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%S%z").timestamp()
        if abs(signed_s - now_s) <= 300:
            return Answer(200, b"answer", headers)
        body = json.dumps({"message": "Signature expired"}).encode()
        return Answer(403, body, {"x-amzn-errortype": "InvalidSignatureException", **headers})

    return answer


@pytest.mark.parametrize("ahead_s", [-86_400, -600, 0, 250, 600, 86_400])
async def test_a_clock_that_is_wrong_is_corrected_by_what_aws_says_the_time_is(
    client: Client, ahead_s: float
) -> None:
    aws = skewed(NOW_S + ahead_s)

    async def handler(asked: Asked) -> Answer:
        return aws(asked)

    async with answering(handler) as server:
        bedrock = service(server.url, client)
        assert await sent(bedrock) == (200, b"answer")
        asked = len(server.asked)
        assert await sent(bedrock) == (200, b"answer")

    # The second request knows what the first one learned.
    assert len(server.asked) == asked + 1


async def test_requests_that_learn_of_a_wrong_clock_together_are_all_sent_again(client: Client) -> None:
    aws, all_here = skewed(NOW_S + 600), asyncio.Barrier(5)

    async def handler(asked: Asked) -> Answer:
        if len(server.asked) <= 5:
            await all_here.wait()
        return aws(asked)

    async with answering(handler) as server:
        bedrock = service(server.url, client)
        assert await asyncio.gather(*(sent(bedrock) for _ in range(5))) == [(200, b"answer")] * 5


async def test_a_wrong_key_is_not_taken_for_a_wrong_clock(client: Client) -> None:
    refusal = Answer(
        403, b"{}", {"x-amzn-errortype": "InvalidSignatureException", "date": "Fri, 20 Nov 2026 12:01:00 GMT"}
    )
    async with answering(in_turn(refusal)) as server:
        assert await sent(service(server.url, client)) == (403, b"{}")

    assert len(server.asked) == 1


async def test_a_complaint_that_breaks_off_is_still_a_complaint(client: Client) -> None:
    # It has ten bytes, it says, and hangs up after one.
    broken = Answer(403, b"{", {"content-length": "10", "connection": "close"})
    async with answering(in_turn(broken)) as server:
        with closing(await service(server.url, client).post(PATH, b"{}")) as response:
            assert (response.status, await response.beginning()) == (403, b"{")


async def test_a_complaint_that_stalls_is_handed_on_as_far_as_it_came(client: Client) -> None:
    async with answering(in_turn(Answer(403, b"{", {"content-length": "10"}))) as server:
        # Ten minutes, if asked again: it was waited for once.
        with closing(await service(server.url, client, complaint_s=0.05).post(PATH, b"{}")) as response:
            assert (response.status, await response.beginning(within_s=600)) == (403, b"{")


async def test_the_connection_of_a_complaint_is_used_for_the_second_try(client: Client) -> None:
    async with answering(in_turn(EXPIRED, Answer(200, b"answer"))) as server:
        await sent(service(server.url, client, credentials=Renewable(of("second"))))

    assert server.connections() == 1


async def test_other_complaints_are_handed_on_as_they_are(client: Client) -> None:
    throttled = Answer(429, b'{"message":"Too many requests"}', {"x-amzn-errortype": "ThrottlingException"})
    invalid = Answer(
        400, b'{"message":"no such model"}', {"x-amzn-errortype": "ValidationException:http://x/"}
    )
    async with answering(in_turn(throttled, invalid)) as server:
        bedrock = service(server.url, client)

        assert await sent(bedrock) == (429, throttled.body)
        assert await sent(bedrock) == (400, invalid.body)


# --- Complaints ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "body", "code", "message"),
    [
        ({"x-amzn-errortype": "ThrottlingException"}, b'{"message":"slow"}', "ThrottlingException", "slow"),
        (
            {"x-amzn-errortype": "ValidationException:http://internal.amazon.com/coral/"},
            b'{"Message":"bad"}',
            "ValidationException",
            "bad",
        ),
        (
            {},
            b'{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"gone"}',
            "ResourceNotFoundException",
            "gone",
        ),
        ({}, b'{"code":"AccessDenied","message":null}', "AccessDenied", ""),
        ({}, b'{"code":403,"__type":"Odd","message":"odd"}', "Odd", "odd"),
        ({}, b"<html>Bad gateway</html>", "", ""),
        ({}, b"", "", ""),
        ({}, b"[]", "", ""),
        ({}, b'{"message":{"a":1}}', "", ""),
        ({}, b'{"message":"\xff"}', "", ""),
    ],
)
def test_a_complaint_has_a_code_and_a_message(
    headers: dict[str, str], body: bytes, code: str, message: str
) -> None:
    assert complaint(400, headers, body) == AwsError(400, code, message)


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["x-amzn-errortype", "date"]), st.text()),
    st.binary(),
)
def test_no_answer_is_too_strange_to_be_a_complaint(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    assert complaint(status, headers, body).status == status
    assert isinstance(skew_s(headers, NOW_S), float)


def test_what_aws_saw_of_our_request_is_not_repeated() -> None:
    said = (
        "The request signature we calculated does not match the signature you provided.\n\n"
        "The Canonical String for this request should have been\n'POST\n/\nx-amz-security-token:hidden'"
    )

    error = complaint(403, {}, json.dumps({"message": said}).encode())

    assert error.message == "The request signature we calculated does not match the signature you provided."
