"""The roles a machine has been given: by its cluster, its container or the instance it runs on.

Each source is silent (None) where nothing says that there is such a role. Times are short: who
is asked here is as near as the next process, and the first words of an answer wait for it.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec

from penstock.aws.endpoints import endpoint
from penstock.aws.provider import Source, Unavailable
from penstock.aws.signing import Credentials
from penstock.errors import ConfigError
from penstock.http import Client, Unreachable

_ANSWER_BYTES = 64 * 1024
_STS_TIMEOUT_S = 10.0
_CONTAINER_TIMEOUT_S = 5.0
# Where there is no EC2, nobody answers, and this is how long everybody waits for the sentence that says so.
_INSTANCE_TIMEOUT_S = 1.0
_INSTANCE_TOKEN_TTL_S = 21_600
# EC2 gives out expired credentials when it cannot renew them, and AWS takes them:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials-ec2.html
_EXTENDED_S = 900.0

_CONTAINER = "http://169.254.170.2"
_INSTANCE = "http://169.254.169.254"
_INSTANCE_IPV6 = "http://[fd00:ec2::254]"
# ECS, and EKS Pod Identity by either protocol; plain HTTP to anybody else would give a token away.
_CONTAINER_HOSTS = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"}


# --- Wire: plain data in, plain data out --------------------------------------


class _Answer(msgspec.Struct, rename="pascal"):
    access_key_id: str
    secret_access_key: str
    token: str
    expiration: datetime


def decode(body: bytes, who: str) -> Credentials:
    """What container and instance answer. Raises Unavailable."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
        expires_s = answer.expiration.timestamp()
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        # Nothing of it is repeated: half of an answer may be a secret.
        raise Unavailable(f"{who} did not answer with credentials") from None
    return Credentials(answer.access_key_id, answer.secret_access_key, answer.token, expires_s)


def decode_sts(body: bytes) -> Credentials:
    """What is in the XML of AssumeRoleWithWebIdentity. Raises Unavailable."""
    # None of these may hold a character that XML would escape.
    found = dict(re.findall(r"<(\w+)>([^<]+)</\1>", body.decode("utf-8", "replace")))
    try:
        return Credentials(
            found["AccessKeyId"],
            found["SecretAccessKey"],
            found["SessionToken"],
            datetime.fromisoformat(found["Expiration"]).timestamp(),
        )
    except (KeyError, ValueError, OverflowError):
        raise Unavailable("STS did not answer with credentials") from None


def may_be_told(url: str) -> bool:
    """Whether the token that opens a container's role may be sent there; botocore's rule."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or host in _CONTAINER_HOSTS:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# --- I/O ----------------------------------------------------------------------


def web_identity(
    environ: Mapping[str, str], client: Client, *, now_s: Callable[[], float] = time.time
) -> Source:
    """The role that STS gives for a token in a file, as on EKS."""

    async def fetch() -> Credentials | None:
        file, role = environ.get("AWS_WEB_IDENTITY_TOKEN_FILE", ""), environ.get("AWS_ROLE_ARN", "")
        if not (file and role):
            return None
        asked = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": role,
            "RoleSessionName": environ.get("AWS_ROLE_SESSION_NAME") or f"penstock-{int(now_s())}",
            "WebIdentityToken": (await _file("AWS_WEB_IDENTITY_TOKEN_FILE", file)).strip(),
        }
        url = _sts(environ)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(asked).encode()
        status, answer = await _ask(client, "POST", url, headers, body, who="STS", timeout_s=_STS_TIMEOUT_S)
        if status in (400, 403):
            raise _refused(answer)
        return decode_sts(_success(status, answer, "STS"))

    return fetch


def container(environ: Mapping[str, str], client: Client) -> Source:
    """The role of an ECS task, or of a pod with EKS Pod Identity."""
    who = "the container's credentials service"

    async def fetch() -> Credentials | None:
        if relative := environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
            url = f"{_CONTAINER}{relative}"
        elif not (url := environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")):
            return None
        if not may_be_told(url):
            raise ConfigError(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or lead to this machine or container."
            )
        headers = {"accept": "application/json"}
        token = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        if file := environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
            token = await _file("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
        if token := token.strip():
            headers["authorization"] = token
        status, body = await _ask(client, "GET", url, headers, who=who, timeout_s=_CONTAINER_TIMEOUT_S)
        return decode(_success(status, body, who), who)

    return fetch


def instance(environ: Mapping[str, str], client: Client, *, now_s: Callable[[], float] = time.time) -> Source:
    """The role of an EC2 instance; None where there is no such instance, or it has no role. IMDSv2 only."""
    who = "the instance's metadata service"
    base, timeout_s = _instance_url(environ), _instance_timeout_s(environ)

    async def ask(method: str, path: str, headers: Mapping[str, str]) -> bytes:
        url = f"{base}/latest/{path}"
        status, body = await _ask(client, method, url, headers, who=who, timeout_s=timeout_s)
        return _success(status, body, who)

    async def fetch() -> Credentials | None:
        if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            return None
        try:
            lifetime = {"x-aws-ec2-metadata-token-ttl-seconds": str(_INSTANCE_TOKEN_TTL_S)}
            token = {"x-aws-ec2-metadata-token": (await ask("PUT", "api/token", lifetime)).decode("latin-1")}
            role = (await ask("GET", _ROLES, token)).decode("latin-1").strip()
            body = await ask("GET", f"{_ROLES}{role}", token)
            credentials = decode(body, who)
        except Unavailable:
            return None
        assert credentials.expires_s is not None
        return replace(credentials, expires_s=max(credentials.expires_s, now_s() + _EXTENDED_S))

    return fetch


_ROLES = "meta-data/iam/security-credentials/"


def _instance_url(environ: Mapping[str, str]) -> str:
    if given := environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT"):
        return given.rstrip("/")
    ipv6 = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "").lower() == "ipv6"
    return _INSTANCE_IPV6 if ipv6 else _INSTANCE


def _instance_timeout_s(environ: Mapping[str, str]) -> float:
    try:
        return float(environ.get("AWS_METADATA_SERVICE_TIMEOUT", _INSTANCE_TIMEOUT_S))
    except ValueError:
        return _INSTANCE_TIMEOUT_S


def _sts(environ: Mapping[str, str]) -> str:
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    # Without a region, the address that all of them share.
    return endpoint("sts", region, environ) if region else "https://sts.amazonaws.com"


def _refused(answer: bytes) -> Exception:
    code = re.search(rb"<Code>(\w{1,60})</Code>", answer)
    said = code[1].decode() if code else "no reason given"
    if said in ("IDPCommunicationError", "Throttling"):
        return Unavailable(f"STS cannot say now who we are ({said})")
    return ConfigError(
        f"STS refused AWS_WEB_IDENTITY_TOKEN_FILE ({said}): let the role in AWS_ROLE_ARN trust its issuer."
    )


async def _file(name: str, path: str) -> str:
    try:
        return await asyncio.to_thread(Path(path).read_text)
    except (OSError, ValueError):
        raise ConfigError(f"{name} names a file that cannot be read: let this user read it.") from None


async def _ask(
    client: Client,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    who: str,
    timeout_s: float,
) -> tuple[int, bytes]:
    try:
        return await client.fetch(method, url, headers, body, within_s=timeout_s, most_bytes=_ANSWER_BYTES)
    except Unreachable as exc:
        raise Unavailable(f"{who} cannot be reached: {exc}") from exc


def _success(status: int, body: bytes, who: str) -> bytes:
    if status != 200:
        raise Unavailable(f"{who} answered {status}")
    return body
