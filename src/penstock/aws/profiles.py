"""Profiles in ~/.aws: keys, roles, SSO and processes, which botocore understands, and their region.

botocore is imported only when there is a profile to read, in a thread, because it may go out
and ask. The variables it reads itself are those of the process.
https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from penstock.aws.provider import Source, Unavailable
from penstock.aws.signing import Credentials
from penstock.errors import ConfigError

_INSTALL = 'pip install "penstock[aws]"'
# How long a profile's credentials are taken for good when botocore says nothing about it.
_UNKNOWN_S = 1_800.0
# What botocore would look for beside profiles; the chain has its own.
_NOT_OF_A_PROFILE = ("env", "container-role", "iam-role", "ec2-credentials-file", "boto-config")


def named(environ: Mapping[str, str]) -> str:
    """The profile that was asked for, or ``."""
    return environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE", "")


def region(environ: Mapping[str, str]) -> str:
    """The region to use: from the environment, else the profile's; `` when nothing says."""
    if given := environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"):
        return given
    profile = named(environ) or "default"
    credentials, config = _files(environ)
    return _entry(config, _section(profile), "region") or _entry(credentials, profile, "region")


def advice(environ: Mapping[str, str]) -> str:
    """What to add to "no credentials were found": a sentence, when files wait for botocore."""
    return f" To use the files in ~/.aws: {_INSTALL}" if _any(environ) and not _has_botocore() else ""


def source(environ: Mapping[str, str], *, now_s: Callable[[], float] = time.time) -> Source:
    """The credentials of the profile that was asked for, or of the default one when there are such files."""

    async def fetch() -> Credentials | None:
        profile = named(environ)
        if not (profile or _any(environ)):
            return None
        if not _has_botocore():
            if profile:
                raise ConfigError(
                    f"AWS_PROFILE is set, and botocore, which reads profiles, is missing: {_INSTALL}"
                )
            return None
        return await asyncio.to_thread(_load, profile, _files(environ), now_s)

    return fetch


def _has_botocore() -> bool:
    return find_spec("botocore") is not None


# --- Files --------------------------------------------------------------------


def _files(environ: Mapping[str, str]) -> tuple[Path, Path]:
    """Of credentials, and of configuration."""
    home = Path("~/.aws")
    return (
        Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials").expanduser(),
        Path(environ.get("AWS_CONFIG_FILE") or home / "config").expanduser(),
    )


def _any(environ: Mapping[str, str]) -> bool:
    return any(file.is_file() for file in _files(environ))


def _section(profile: str) -> str:
    return profile if profile == "default" else f"profile {profile}"


def _entry(file: Path, section: str, key: str) -> str:
    if not file.is_file():
        return ""
    # On AWS there is no such file, and a cold start need not wait for this.
    from configparser import Error as IniError
    from configparser import RawConfigParser

    parser = RawConfigParser(default_section="")
    try:
        parser.read_string(file.read_text("utf-8"))
    except (OSError, ValueError, IniError):
        return ""
    # botocore takes quotes around a profile's name for quotes.
    names = (name for name in parser.sections() if name.replace('"', "").replace("'", "") == section)
    return next((value for name in names if (value := parser.get(name, key, fallback="").strip())), "")


# --- botocore -----------------------------------------------------------------


def _load(profile: str, files: tuple[Path, Path], now_s: Callable[[], float]) -> Credentials | None:
    """Read anew each time, so that a file that was changed, or a login that was renewed, counts."""
    from botocore import exceptions as failed  # type: ignore[import-untyped]
    from botocore.session import Session  # type: ignore[import-untyped]

    shown = f"The AWS profile {profile}" if profile else "The default AWS profile"
    try:
        found = _found(Session(), profile, files, now_s)
    except failed.ProfileNotFound:
        raise ConfigError(
            f"AWS_PROFILE names {profile}, which is not in ~/.aws: `aws configure` adds it."
        ) from None
    except (failed.SSOError, failed.TokenRetrievalError) as exc:
        login = f"aws sso login{f' --profile {profile}' if profile else ''}"
        raise ConfigError(f"{shown} needs a new login: `{login}`.") from exc
    except (failed.HTTPClientError, failed.ConnectionError) as exc:
        raise Unavailable(f"who gives the AWS profile its credentials: {type(exc).__name__}") from exc
    # The rest: of a credential_process, and of a question on a terminal that is none.
    except (failed.BotoCoreError, failed.ClientError, OSError, ValueError, EOFError) as exc:
        raise ConfigError(
            f"{shown} gives no credentials ({type(exc).__name__}): check it in ~/.aws."
        ) from exc
    if profile and found is None:
        raise ConfigError(f"{shown} has no credentials: `aws configure` or `aws configure sso` adds them.")
    return found


def _found(
    session: Any, profile: str, files: tuple[Path, Path], now_s: Callable[[], float]
) -> Credentials | None:
    if profile:
        session.set_config_variable("profile", profile)
    session.set_config_variable("credentials_file", str(files[0]))
    session.set_config_variable("config_file", str(files[1]))
    resolver = session.get_component("credential_provider")
    for method in _NOT_OF_A_PROFILE:
        resolver.remove(method)
    found = resolver.load_credentials()
    if found is None:
        return None
    keys = found.get_frozen_credentials()
    return Credentials(keys.access_key, keys.secret_key, keys.token or "", _expires_s(found, now_s))


def _expires_s(found: Any, now_s: Callable[[], float]) -> float | None:
    """When botocore would renew them; it says so only in private."""
    if not hasattr(found, "refresh_needed"):
        return None
    expiry = getattr(found, "_expiry_time", None)
    return expiry.timestamp() if isinstance(expiry, datetime) else now_s() + _UNKNOWN_S
