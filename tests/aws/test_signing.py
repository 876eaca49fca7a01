"""Signatures: AWS's own test suite, and botocore's signer on random requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials as BotocoreCredentials  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from penstock.aws.signing import Credentials, sign

# AWS's signature version 4 test suite (Copyright 2019 Amazon.com, Inc. or its affiliates, Apache 2.0), as it
# lies in botocore's tests/unit/auth/aws4_testsuite; repeated headers joined, queries encoded as if sent.
SUITE: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "sigv4_suite.json").read_text("utf-8"))

NOW_S = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
ARN = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-v9:0"


@pytest.mark.parametrize("name", SUITE)
def test_the_suite_of_aws_is_signed_as_it_says(name: str) -> None:
    case = SUITE[name]
    keys = Credentials(KEYS.access_key, KEYS.secret_key, case.get("session_token", ""))

    added = sign(
        case["method"],
        f"https://example.amazonaws.com{case['path']}",
        case.get("headers", {}),
        case.get("body", "").encode(),
        keys,
        region="us-east-1",
        service="service",
        now_s=NOW_S,
    )

    assert added["authorization"] == case["authorization"]


def by_botocore(
    method: str, url: str, headers: dict[str, str], body: bytes, keys: Credentials, service: str
) -> str:
    """The signature that botocore makes at the moment that our request was signed at."""
    request = AWSRequest(method, url, headers, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(
        BotocoreCredentials(keys.access_key, keys.secret_key, keys.session_token), service, "eu-west-1"
    )
    signer._inject_signature_to_request(
        request,
        signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request),
    )
    return str(request.headers["Authorization"])


_segments = st.lists(st.text(max_size=12).map(lambda text: quote(text, safe="")), max_size=4)
_pairs = st.lists(st.tuples(st.text("ab-_ :/é", max_size=4), st.text("xy=&+ é", max_size=4)), max_size=4)
_names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True).map(lambda name: f"q{name}")
_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@given(
    st.sampled_from(["GET", "POST", "put"]),
    st.sampled_from(
        ["https://bedrock-runtime.eu-west-1.amazonaws.com", "http://127.0.0.1:4700", "http://[::1]:80"]
    ),
    _segments,
    _pairs,
    st.dictionaries(_names, _values, max_size=4),
    st.binary(max_size=100),
    st.sampled_from(["", "token/with+signs=="]),
    st.floats(0, 4e9),
)
def test_random_requests_get_the_signature_that_botocore_gives_them(
    method: str,
    origin: str,
    segments: list[str],
    pairs: list[tuple[str, str]],
    headers: dict[str, str],
    body: bytes,
    token: str,
    now_s: float,
) -> None:
    headers = {name.lower(): value for name, value in headers.items()}
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    url = f"{origin}/{'/'.join(segments)}{'?' if query else ''}{query}"
    keys = Credentials("AKIDEXAMPLE", "a secret of some/length", token)

    added = sign(method, url, headers, body, keys, region="eu-west-1", service="bedrock", now_s=now_s)

    ours = added.pop("authorization")
    assert ours == by_botocore(method, url, {**headers, **added}, body, keys, "bedrock")


@pytest.mark.parametrize("model", [ARN, "anthropic.claude-v9:0", "~a b/ü%2F", "..", "a//b"])
def test_the_names_of_models_are_signed_as_botocore_signs_them(model: str) -> None:
    url = f"https://bedrock-runtime.eu-west-1.amazonaws.com/model/{quote(model, safe='')}/converse-stream"

    added = sign("POST", url, {}, b"{}", KEYS, region="eu-west-1", service="bedrock", now_s=NOW_S)

    ours = added.pop("authorization")
    assert ours == by_botocore("POST", url, added, b"{}", KEYS, "bedrock")


@pytest.mark.parametrize("name", ["User-Agent", "traceparent", "Transfer-Encoding", "X-Amzn-Trace-Id"])
def test_what_a_proxy_may_change_is_not_signed(name: str) -> None:
    added = sign("POST", "https://a.b", {name: "1"}, b"", KEYS, region="r", service="s", now_s=0)

    assert "SignedHeaders=host;x-amz-date," in added["authorization"]


def test_what_is_signed_as_the_host_is_what_is_to_be_sent() -> None:
    def host(url: str) -> str:
        return sign("GET", url, {}, b"", KEYS, region="r", service="s", now_s=0)["host"]

    assert host("https://SQS.eu-west-1.amazonaws.com:443/") == "sqs.eu-west-1.amazonaws.com"
    assert host("http://127.0.0.1:4700/x") == "127.0.0.1:4700"
    assert host("http://user:word@[::1]:80") == "[::1]"


def test_the_next_day_is_signed_with_the_key_of_the_next_day() -> None:
    def scope(now_s: float) -> str:
        signed = sign("GET", "https://a.b/", {}, b"", KEYS, region="r", service="s", now_s=now_s)
        return signed["authorization"].partition(",")[0]

    assert scope(NOW_S).endswith("/20150830/r/s/aws4_request")
    assert scope(NOW_S + 86_400).endswith("/20150831/r/s/aws4_request")


def test_credentials_do_not_show_themselves() -> None:
    keys = Credentials("AKIDEXAMPLE", "hidden-key", "hidden-token", 12.0)

    assert repr(keys) == str(keys) == "Credentials(expires_s=12.0)"
