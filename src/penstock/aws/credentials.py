"""Whose requests ours are: credentials from where AWS's own tools look for them.

The order is botocore's: the environment, a web identity (EKS), profiles, the container's role
(ECS, EKS Pod Identity), the instance's role (EC2). The first that has some is asked from then on.
https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from penstock.aws import profiles, roles
from penstock.aws.profiles import region
from penstock.aws.provider import Given, Provider, Renewing, Source, Unavailable
from penstock.aws.signing import Credentials
from penstock.errors import ConfigError
from penstock.http import Client

__all__ = ["Credentials", "Given", "Provider", "Renewing", "Unavailable", "chain", "region"]


def chain(environ: Mapping[str, str], client: Client, *, now_s: Callable[[], float] = time.time) -> Provider:
    """Credentials as AWS's own tools would find them; nothing is looked for before the first `get`."""
    sources = [
        _environment(environ),
        # A profile that was asked for goes before the machine's own role.
        *([] if profiles.named(environ) else [roles.web_identity(environ, client, now_s=now_s)]),
        profiles.source(environ, now_s=now_s),
        roles.container(environ, client),
        roles.instance(environ, client, now_s=now_s),
    ]
    return Renewing(_first(sources, environ), now_s=now_s)


def _first(sources: Sequence[Source], environ: Mapping[str, str]) -> Source:
    """The source that had some the first time. It raises ConfigError when none has."""
    found: Source | None = None

    async def fetch() -> Credentials | None:
        nonlocal found
        if found:
            return await found()
        for source in sources:
            if credentials := await source():
                found = source
                return credentials
        raise ConfigError(_NOT_FOUND + profiles.advice(environ))

    return fetch


_NOT_FOUND = (
    "No credentials for AWS were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
    "for Bedrock alone, AWS_BEARER_TOKEN_BEDROCK is enough."
)


def _environment(environ: Mapping[str, str]) -> Source:
    """AWS_CREDENTIAL_EXPIRATION is not looked at: what stands here, nobody here can renew."""

    async def fetch() -> Credentials | None:
        access_key, secret_key = (
            environ.get("AWS_ACCESS_KEY_ID", ""),
            environ.get("AWS_SECRET_ACCESS_KEY", ""),
        )
        if bool(access_key) != bool(secret_key):
            missing = "AWS_SECRET_ACCESS_KEY" if access_key else "AWS_ACCESS_KEY_ID"
            raise ConfigError(f"{missing} is missing: it and its other half are both needed.")
        if not access_key:
            return None
        return Credentials(access_key, secret_key, environ.get("AWS_SESSION_TOKEN", ""))

    return fetch
