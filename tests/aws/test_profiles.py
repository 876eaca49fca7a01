"""Profiles: read by botocore as the AWS CLI reads them, and by nothing when it is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.aws.credentials import chain, region
from penstock.errors import ConfigError
from penstock.http import Client
from tests.aws.keys import NOW_S, of
from tests.aws.loopback import answering, in_turn, role


def written(environ: Mapping[str, str], name: str, text: str) -> None:
    Path(environ[name]).write_text(text)


async def test_a_profile_is_read_by_botocore(nowhere: dict[str, str], client: Client) -> None:
    written(
        nowhere,
        "AWS_SHARED_CREDENTIALS_FILE",
        "[default]\naws_access_key_id=plain\naws_secret_access_key=plain-secret\n"
        "[work]\naws_access_key_id=work\naws_secret_access_key=work-secret\naws_session_token=work-token\n",
    )

    assert (await chain(nowhere, client).get()).access_key == "plain"
    assert await chain({**nowhere, "AWS_PROFILE": "work"}, client).get() == of("work", None)


async def test_a_profile_may_get_its_credentials_from_a_process_again_and_again(
    nowhere: dict[str, str], client: Client, tmp_path: Path
) -> None:
    answer = {"Version": 1, "AccessKeyId": "process", "SecretAccessKey": "process-secret"}
    answer |= {"SessionToken": "process-token", "Expiration": "2099-01-01T00:00:00Z"}
    (tmp_path / "answer").write_text(json.dumps(answer))
    script = f"{sys.executable} -c \"print(open('{tmp_path / 'answer'}').read())\""
    written(nowhere, "AWS_CONFIG_FILE", f"[profile tool]\ncredential_process = {script}\n")
    provider = chain({**nowhere, "AWS_PROFILE": "tool"}, client, now_s=lambda: NOW_S)

    first = await provider.get()
    (tmp_path / "answer").write_text(json.dumps({**answer, "AccessKeyId": "renewed"}))
    second = await provider.renew(first)

    expires_s = datetime(2099, 1, 1, tzinfo=UTC).timestamp()
    assert first == of("process", expires_s)
    assert (second.access_key, second.expires_s) == ("renewed", expires_s)


async def test_a_profile_goes_before_the_role_of_the_container(
    nowhere: dict[str, str], client: Client
) -> None:
    written(
        nowhere,
        "AWS_SHARED_CREDENTIALS_FILE",
        "[work]\naws_access_key_id=work\naws_secret_access_key=work-secret\n",
    )
    async with answering(in_turn(role("container"))) as server:
        environ = {**nowhere, "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url}

        assert (await chain({**environ, "AWS_PROFILE": "work"}, client).get()).access_key == "work"
        # The files have no default profile.
        assert (await chain(environ, client).get()).access_key == "container"


async def test_a_profile_goes_before_the_identity_of_the_pod(
    nowhere: dict[str, str], client: Client, tmp_path: Path
) -> None:
    written(
        nowhere,
        "AWS_SHARED_CREDENTIALS_FILE",
        "[work]\naws_access_key_id=work\naws_secret_access_key=secret\n",
    )
    (tmp_path / "token").write_text("identity-token")
    environ = {
        **nowhere,
        "AWS_PROFILE": "work",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/reader",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-west-1",
    }

    assert (await chain(environ, client).get()).access_key == "work"


async def test_from_files_botocore_gives_nothing_that_is_not_in_them(
    nowhere: dict[str, str], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-process")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-process")
    written(nowhere, "AWS_CONFIG_FILE", "[default]\nregion = eu-west-1\n")

    with pytest.raises(ConfigError, match="No credentials"):
        await chain(nowhere, client).get()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("", "not in ~/.aws"),
        ("[profile work]\nregion = eu-west-1\n", "has no credentials"),
        ("[profile work]\nrole_arn = arn:aws:iam::1:role/x\n", "PartialCredentialsError"),
        ("[profile work]\ncredential_process = false\n", "CredentialRetrievalError"),
        ("[profile work]\ncredential_process = /no/such/tool\n", "FileNotFoundError"),
        ("[profile work]\ncredential_process = echo no json\n", "JSONDecodeError"),
        ("no ini file", "ConfigParseError"),
        (
            "[profile work]\nsso_session = us\nsso_account_id = 123456789012\nsso_role_name = reader\n"
            "[sso-session us]\nsso_region = eu-west-1\nsso_start_url = https://penstock.invalid/start\n",
            "aws sso login --profile work",
        ),
    ],
)
async def test_a_profile_that_gives_nothing_says_what_to_do(
    nowhere: dict[str, str], client: Client, config: str, says: str
) -> None:
    written(nowhere, "AWS_CONFIG_FILE", config)

    with pytest.raises(ConfigError, match=says):
        await chain({**nowhere, "AWS_PROFILE": "work"}, client).get()


_WITHOUT_BOTOCORE = """
import asyncio, json, sys
sys.modules["botocore"] = None
from penstock.aws.credentials import chain
from penstock.errors import ConfigError
from penstock.http import Client
try:
    asyncio.run(chain(json.loads(sys.argv[1]), Client()).get())
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize("profile", ["work", ""])
def test_a_profile_without_botocore_says_what_to_install(nowhere: dict[str, str], profile: str) -> None:
    written(nowhere, "AWS_CONFIG_FILE", "[default]\nregion = eu-west-1\n")
    environ = json.dumps({**nowhere, "AWS_PROFILE": profile})

    said = subprocess.run(
        [sys.executable, "-c", _WITHOUT_BOTOCORE, environ], capture_output=True, text=True, check=True
    ).stdout

    assert 'pip install "penstock[aws]"' in said


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "us-east-2", "AWS_PROFILE": "work"}, "us-east-2"),
        ({"AWS_PROFILE": "work"}, "eu-west-1"),
        ({"AWS_PROFILE": "two words"}, "eu-west-2"),
        ({"AWS_PROFILE": "old"}, "eu-west-3"),
        ({"AWS_PROFILE": "none"}, ""),
        ({}, "eu-central-1"),
    ],
)
def test_the_region_comes_from_the_environment_or_the_profile(
    nowhere: dict[str, str], environ: dict[str, str], expected: str
) -> None:
    written(
        nowhere,
        "AWS_CONFIG_FILE",
        "[default]\nregion = eu-central-1\n[profile work]\nregion=eu-west-1\n"
        '[profile "two words"]\nregion = eu-west-2\n',
    )
    written(nowhere, "AWS_SHARED_CREDENTIALS_FILE", "[old]\nregion = eu-west-3\n")

    assert region({**nowhere, **environ}) == expected


@pytest.mark.parametrize(
    "config", [b"no ini file\n", b"[default]\nregion", b"\xff\xfe", b"[a]\n[a]\n", b"[]"]
)
def test_a_file_of_profiles_that_makes_no_sense_has_no_region(nowhere: dict[str, str], config: bytes) -> None:
    Path(nowhere["AWS_CONFIG_FILE"]).write_bytes(config)

    assert region(nowhere) == ""
