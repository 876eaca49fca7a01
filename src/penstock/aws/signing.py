"""AWS Signature Version 4: what proves that a request is ours, computed from values alone.

As botocore signs for every service but S3: the path, which comes percent-encoded, is encoded once more.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}

# What somebody between us and AWS may add or change (botocore's list).
_UNSIGNED = {
    "baggage",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """`expires_s` counts from 1970; None: they do not expire. Shown, they say nothing but that."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    expires_s: float | None = None


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    *,
    region: str,
    service: str,
    now_s: float,
) -> dict[str, str]:
    """The headers to add to these, `host` among them. The URL is to be sent as it is given."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s))
    scheme, address, path, query, _ = urlsplit(url)
    added = {"host": _host(scheme, address), "x-amz-date": moment}
    if credentials.session_token:
        added["x-amz-security-token"] = credentials.session_token
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    signed, request = _canonical(method, path, query, {**headers, **added}, body)
    to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = _key(credentials.secret_key, moment[:8], region, service)
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    added["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
    return added


def _canonical(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> tuple[str, str]:
    """The names of the headers that are signed, and the request in the one way in which it is written."""
    lines = {
        name: " ".join(value.split())
        for name, value in ((name.lower(), value) for name, value in headers.items())
        if name not in _UNSIGNED
    }
    names = sorted(lines)
    signed = ";".join(names)
    request = [
        method.upper(),
        _path(path),
        _query(query),
        *(f"{name}:{lines[name]}" for name in names),
        "",
        signed,
        sha256(body).hexdigest(),
    ]
    return signed, "\n".join(request)


@lru_cache(maxsize=64)
def _path(path: str) -> str:
    """Without dot segments and empty ones, and encoded again: `%3A`, a colon in a model's id, is `%253A`."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part and part != ".":
            kept.append(part)
    last = "/" if kept and path.endswith("/") else ""
    return quote("/" + "/".join(kept) + last, safe="/~")


def _query(query: str) -> str:
    """Sorted by name, then by value; a name without a value gets an empty one."""
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    return "&".join(f"{name}={value}" for name, value in sorted((name, value) for name, _, value in pairs))


def _host(scheme: str, address: str) -> str:
    """As it is sent: without a user, in lower case, without the port that is the scheme's own."""
    host = address.rpartition("@")[2].lower()
    return host.removesuffix(f":{_DEFAULT_PORTS.get(scheme)}")


@lru_cache(maxsize=16)
def _key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """Good for a day, so one derivation serves all its requests."""
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
