"""One service of AWS in one region, over our own HTTP: every request signed, or with its bearer token.

What AWS answers is handed on, whatever its status. Only two complaints are acted on here, once,
because nobody else can: a clock that is wrong, and credentials that have expired.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple

import msgspec

from penstock import http
from penstock.aws.provider import Provider
from penstock.aws.signing import Credentials, sign
from penstock.errors import ConfigError

# A signature is good for five minutes to either side.
_TOLERATED_S = 240.0

# Services that do not sign as what they are called.
_SIGNED_AS = {
    "bedrock-runtime": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "apigatewaymanagementapi": "execute-api",
}

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
# Any of these may mean a wrong clock; the Date of the answer tells.
_SKEWED = {
    "AuthFailure",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
}


# --- Wire: plain data in, plain data out --------------------------------------


class AwsError(NamedTuple):
    """A complaint of AWS. `code` is such as `ThrottlingException`, or `` when none was given."""

    status: int
    code: str
    message: str


def complaint(status: int, headers: Mapping[str, str], body: bytes) -> AwsError:
    """What a service that speaks JSON complains of. Never fails: a proxy's page is a complaint, too."""
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = {}
    code = headers.get("x-amzn-errortype") or _text(said, "__type", "code", "Code")
    message = _text(said, "message", "Message", "errorMessage")
    # What follows is the request as AWS saw it, session token and all.
    message = message.partition("The Canonical String")[0].strip()
    return AwsError(status, code.rpartition("#")[2].partition(":")[0], message)


def _text(said: dict[str, Any], *names: str) -> str:
    """The first of these that says something."""
    return next((value for name in names if isinstance(value := said.get(name), str) and value), "")


def skew_s(headers: Mapping[str, str], now_s: float) -> float:
    """How far AWS's clock is ahead of this one, in seconds; 0 where that is no reason to complain."""
    from email.utils import parsedate_to_datetime

    try:
        ahead_s = parsedate_to_datetime(headers["date"]).timestamp() - now_s
    except (KeyError, ValueError, OverflowError):
        return 0.0
    return ahead_s if abs(ahead_s) > _TOLERATED_S else 0.0


# --- I/O ----------------------------------------------------------------------


class Service:
    """`bedrock-runtime`, `dynamodb`, ... by the name in its address.

    A bearer token goes before credentials; without either, a request raises ConfigError. The client
    is closed by whoever made it.
    """

    def __init__(
        self,
        name: str,
        *,
        region: str,
        client: http.Client,
        endpoint_url: str,
        credentials: Provider | None = None,
        bearer: str = "",
        complaint_s: float = http.COMPLAINT_S,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._url = endpoint_url.rstrip("/")
        self._region = region
        self._client = client
        self._credentials = credentials
        self._bearer = bearer
        self._signed_as = _SIGNED_AS.get(name, name)
        self._complaint_s = complaint_s
        self._now_s = now_s
        self._skew_s = 0.0

    async def post(self, path: str, body: bytes, headers: Mapping[str, str] = {}) -> http.Response:
        """The response, whatever its status. `path` is percent-encoded, once, and may have a query.

        Raises penstock.http.Unreachable, also when credentials cannot be had right now, and
        ConfigError when there are none.
        """
        url = self._url + path
        if self._bearer:
            headers = {**headers, "authorization": f"Bearer {self._bearer}"}
            return await self._client.send("POST", url, headers, body)
        if self._credentials is None:
            raise ConfigError(f"Requests to {self._name} of AWS need credentials, or a bearer token.")
        used, skew = await self._credentials.get(), self._skew_s
        response = await self._signed(used, url, headers, body)
        # DynamoDB and its like complain of expired credentials with 400.
        if response.status not in (400, 401, 403):
            return response
        with ExitStack() as leaving:
            leaving.callback(response.close)
            said = await response.beginning(within_s=self._complaint_s)
            code = complaint(response.status, response.headers, said).code
            # By the clock that this request was signed with: another may have set it right meanwhile.
            if code in _SKEWED and (ahead_s := skew_s(response.headers, self._now_s() + skew)):
                self._skew_s = skew + ahead_s
            elif code in _EXPIRED and (renewed := await self._credentials.renew(used)) != used:
                used = renewed
            else:
                leaving.pop_all()
                return response
        return await self._signed(used, url, headers, body)

    async def _signed(
        self, used: Credentials, url: str, headers: Mapping[str, str], body: bytes
    ) -> http.Response:
        now_s = self._now_s() + self._skew_s
        added = sign(
            "POST", url, headers, body, used, region=self._region, service=self._signed_as, now_s=now_s
        )
        return await self._client.send("POST", url, {**headers, **added}, body)
