"""Whether the settings say who may use this. If not, nothing starts, and a sentence says how to go on."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import urlsplit

from penstock.errors import ConfigError
from penstock.server.guard import LOOPBACK, is_private
from penstock.settings import Settings


def check(settings: Settings, *, identified: bool = False) -> None:
    """Raises ConfigError, a sentence for each problem. `identified`: a program says itself who asks."""
    if identified:
        problems = list(_twice(settings))
    elif settings.auth == "none":
        problems = list(_open(settings))
    else:
        problems = list(_without_keys(settings) if settings.auth == "token" else _without_issuer(settings))
    if problems:
        raise ConfigError("\n".join(problems))


def hosts(settings: Settings, *, identified: bool = False) -> tuple[str, ...]:
    """Under which names it answers; none: under all, for then whoever serves it checks, or people sign in."""
    if name := urlsplit(settings.public_url).hostname:
        return (f"[{name}]" if ":" in name else name, *LOOPBACK)
    return LOOPBACK if not identified and is_private(settings.host) else ()


def origin(settings: Settings) -> str:
    """The origin of `public_url`, as browsers write it."""
    if not settings.public_url:
        return ""
    scheme, where, *_ = urlsplit(settings.public_url.lower())
    return f"{scheme}://{where.removesuffix({'https': ':443'}.get(scheme, ':80'))}"


def _open(settings: Settings) -> Iterator[str]:
    if not is_private(settings.host):
        yield (
            f"{settings.host or 'This'} can be reached from other machines, and nobody has said who may use "
            'it: listen on 127.0.0.1, or set auth = "token" or "oidc" (docs/sign-in.md).'
        )
    elif settings.public_url and not is_private(urlsplit(settings.public_url).hostname or ""):
        yield (
            "public_url is for others, and nobody has said who may use it: leave it out, or set "
            'auth = "token" or "oidc" (docs/sign-in.md).'
        )


def _twice(settings: Settings) -> Iterator[str]:
    if settings.auth != "none":
        yield f'Both identify and auth = "{settings.auth}" say who asks: leave one of them out.'


def _without_keys(settings: Settings) -> Iterator[str]:
    hashes = [entry if isinstance(entry, str) else entry.hash for entry in settings.tokens.values()]
    if len(set(hashes)) < len(hashes):
        yield "Two names in tokens have the same hash: everybody needs a token of their own."
    if not hashes:
        yield 'auth = "token" needs somebody who has one: penstock token NAME makes it, and says what to set.'


def _without_issuer(settings: Settings) -> Iterator[str]:
    for name in ("oidc_issuer", "oidc_client_id"):
        if not getattr(settings, name):
            yield f'auth = "oidc" needs {name}, which the issuer tells (docs/sign-in.md).'
    anybody = not settings.oidc_allowed_domains and not settings.oidc_allowed_groups
    if anybody and urlsplit(settings.oidc_issuer).hostname == "accounts.google.com":
        yield "Anybody in the world may have a Google account: say who may come in (docs/sign-in.md#google)."
    if not _safe(settings.oidc_issuer):
        yield "oidc_issuer must begin with https://, for what it says is believed."
    if not settings.public_url and not is_private(settings.host):
        yield 'auth = "oidc" needs public_url: it is where the issuer sends people back to.'
    if not _has_jwt():
        yield "PyJWT is missing, which verifies what an issuer says: pip install 'penstock[oidc]'"


def _safe(url: str) -> bool:
    """Nobody sits between us and an issuer on this machine."""
    parts = urlsplit(url)
    return not url or parts.scheme == "https" or is_private(parts.hostname or "")


def _has_jwt() -> bool:
    return all(find_spec(name) for name in ("jwt", "cryptography"))
