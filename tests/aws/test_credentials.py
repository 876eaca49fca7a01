"""Credentials: found where AWS's own tools find them, and never shown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from penstock.aws import roles
from penstock.aws.credentials import Unavailable, chain
from penstock.errors import ConfigError
from penstock.http import Client
from tests.aws.keys import LATER, NOW_S, of
from tests.aws.loopback import Answer, Asked, answering, in_turn, role


def sts(name: str) -> Answer:
    return Answer(
        200,
        f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult><Credentials><SessionToken>{name}-token</SessionToken>
        <SecretAccessKey>{name}-secret</SecretAccessKey><Expiration>{LATER}</Expiration>
        <AccessKeyId>{name}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>""".encode(),
    )


# --- What is no answer ---------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"AccessKeyId":"\xff"}',
        b'{"x":' + b"[" * 100_000,
        role("odd", "0001-01-01T00:00:00").body,
        sts("odd").body.replace(LATER.encode(), b"0001-01-01T00:00:00"),
    ],
    ids=["nothing", "no text", "too deep", "out of time", "STS, out of time"],
)
def test_an_answer_that_cannot_be_read_gives_no_credentials(body: bytes) -> None:
    with pytest.raises(Unavailable, match="did not answer with credentials"):
        roles.decode(body, "the container")
    with pytest.raises(Unavailable, match="did not answer with credentials"):
        roles.decode_sts(body)


# --- Where they are found -----------------------------------------------------


async def test_keys_in_the_environment_go_before_everything_else(
    nowhere: dict[str, str], client: Client
) -> None:
    environ = {
        **nowhere,
        "AWS_ACCESS_KEY_ID": "env",
        "AWS_SECRET_ACCESS_KEY": "env-secret",
        "AWS_SESSION_TOKEN": "env-token",
        "AWS_PROFILE": "other",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
    }

    assert await chain(environ, client).get() == of("env", None)


@pytest.mark.parametrize("alone", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
async def test_half_of_a_key_is_a_mistake(nowhere: dict[str, str], client: Client, alone: str) -> None:
    with pytest.raises(ConfigError, match="is missing") as caught:
        await chain({**nowhere, alone: "half"}, client).get()

    assert "half" not in str(caught.value).replace("other half", "")


async def test_without_any_credentials_a_sentence_says_what_to_set(
    nowhere: dict[str, str], client: Client
) -> None:
    with pytest.raises(ConfigError) as caught:
        await chain(nowhere, client).get()

    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK"):
        assert name in str(caught.value)


async def test_a_pod_on_eks_trades_its_token_for_a_role(
    nowhere: dict[str, str], client: Client, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("identity-token\n")
    async with answering(in_turn(sts("web"))) as server:
        environ = {
            **nowhere,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/reader",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_STS": server.url,
        }

        assert await chain(environ, client, now_s=lambda: NOW_S).get() == of("web")

    (asked,) = server.asked
    assert {name: value for name, (value,) in parse_qs(asked.body.decode()).items()} == {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::123456789012:role/reader",
        "RoleSessionName": f"penstock-{int(NOW_S)}",
        "WebIdentityToken": "identity-token",
    }
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "AccessDenied", ConfigError),
        (400, "InvalidIdentityToken", ConfigError),
        (400, "IDPCommunicationError", Unavailable),
        (503, "ServiceUnavailable", Unavailable),
    ],
)
async def test_sts_refuses_for_good_or_for_now(
    nowhere: dict[str, str],
    client: Client,
    tmp_path: Path,
    status: int,
    code: str,
    error: type[Exception],
) -> None:
    (tmp_path / "token").write_text("identity-token")
    refusal = f"<ErrorResponse><Error><Code>{code}</Code><Message>x</Message></Error></ErrorResponse>"
    async with answering(in_turn(Answer(status, refusal.encode()))) as server:
        environ = {
            **nowhere,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/reader",
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": "eu-west-1",
        }

        with pytest.raises(error) as caught:
            await chain(environ, client).get()

    assert "identity-token" not in str(caught.value)


async def test_a_token_file_that_cannot_be_read_is_named_by_its_variable(
    nowhere: dict[str, str], client: Client
) -> None:
    environ = {**nowhere, "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/at/all", "AWS_ROLE_ARN": "arn"}

    with pytest.raises(ConfigError, match="AWS_WEB_IDENTITY_TOKEN_FILE") as caught:
        await chain(environ, client).get()

    assert "/nowhere" not in str(caught.value)


async def test_a_container_is_asked_with_its_token_which_is_read_anew_each_time(
    nowhere: dict[str, str], client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    async with answering(in_turn(role("one"), role("two"))) as server:
        environ = {
            **nowhere,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not this one",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file),
        }
        provider = chain(environ, client, now_s=lambda: NOW_S)

        first = await provider.get()
        file.write_text("second")
        second = await provider.renew(first)

    assert (first, second) == (of("one"), of("two"))
    assert [(asked.path, asked.headers["authorization"]) for asked in server.asked] == [
        ("/v1/credentials", "first"),
        ("/v1/credentials", "second"),
    ]


async def test_who_had_credentials_first_is_asked_for_the_next_ones(
    nowhere: dict[str, str], client: Client
) -> None:
    async with answering(in_turn(role("one"), role("two"))) as server:
        environ = {**nowhere, "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url}
        provider = chain(environ, client)
        first = await provider.get()

        environ |= {"AWS_ACCESS_KEY_ID": "env", "AWS_SECRET_ACCESS_KEY": "env-secret"}

        assert (await provider.renew(first)).access_key == "two"


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://credentials.example.com/x", True),
        ("http://localhost:1234/x", True),
        ("http://127.0.0.2/x", True),
        ("http://[::1]/x", True),
        ("http://169.254.170.2/x", True),
        ("http://169.254.170.23/v1/credentials", True),
        ("http://[fd00:ec2::23]/v1/credentials", True),
        ("http://169.254.169.254/x", False),
        ("http://credentials.example.com/x", False),
        ("http://localhost.example.com/x", False),
        ("http://192.168.1.1/x", False),
        ("ftp://192.168.1.1/x", False),
        ("nonsense", False),
    ],
)
def test_a_token_is_told_to_no_stranger(url: str, may: bool) -> None:
    assert roles.may_be_told(url) is may


async def test_an_address_that_may_not_be_told_is_a_mistake(nowhere: dict[str, str], client: Client) -> None:
    environ = {**nowhere, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"}

    with pytest.raises(ConfigError, match="AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        await chain(environ, client).get()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b"key-in-an-error"),
        Answer(200, b"no json key-in-an-error"),
        Answer(200, b'{"AccessKeyId": "key-in-an-error"}'),
        Answer(
            200, b'{"AccessKeyId":"a","SecretAccessKey":"key-in-an-error","Token":"","Expiration":"soon"}'
        ),
    ],
)
async def test_a_container_that_answers_nonsense_is_unavailable_and_not_repeated(
    nowhere: dict[str, str], client: Client, answer: Answer
) -> None:
    async with answering(in_turn(answer)) as server:
        environ = {**nowhere, "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url}

        with pytest.raises(Unavailable) as caught:
            await chain(environ, client).get()

    assert "key-in-an-error" not in str(caught.value)
    assert server.url not in str(caught.value)


async def test_an_instance_is_asked_by_the_second_version_of_its_service(
    nowhere: dict[str, str], client: Client
) -> None:
    async with answering(in_turn(Answer(200, b"session"), Answer(200, b"my-role\n"), role("ec2"))) as server:
        environ = {
            **nowhere,
            "AWS_EC2_METADATA_DISABLED": "false",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{server.url}/",
        }

        assert await chain(environ, client, now_s=lambda: NOW_S).get() == of("ec2")

    token, name, keys = server.asked
    assert (token.method, token.path) == ("PUT", "/latest/api/token")
    assert token.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
    assert name.path == "/latest/meta-data/iam/security-credentials/"
    assert keys.path == "/latest/meta-data/iam/security-credentials/my-role"
    assert keys.headers["x-aws-ec2-metadata-token"] == "session"


async def test_expired_credentials_of_an_instance_are_used_until_it_has_others(
    nowhere: dict[str, str], client: Client
) -> None:
    expired = role("ec2", "2026-11-20T11:00:00Z")
    async with answering(in_turn(Answer(200, b"session"), Answer(200, b"my-role"), expired)) as server:
        environ = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url}
        found = await roles.instance(environ, client, now_s=lambda: NOW_S)()

    assert found == of("ec2", NOW_S + 900)


async def test_a_machine_that_is_no_instance_is_told_so_and_not_waited_for(
    nowhere: dict[str, str], client: Client
) -> None:
    async def never(_: Asked) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    async with answering(never) as server:
        environ = {
            **nowhere,
            "AWS_EC2_METADATA_DISABLED": "",
            "AWS_METADATA_SERVICE_TIMEOUT": "0.01",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
        }

        async with asyncio.timeout(5):
            with pytest.raises(ConfigError, match="AWS_PROFILE"):
                await chain(environ, client).get()
