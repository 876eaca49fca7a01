"""Claude at Anthropic, and whatever else speaks the Messages API.

What is sent is made in messages/request.py, and what comes back is read in messages/events.py;
both are Bedrock's, too. https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from urllib.parse import urlsplit

from penstock import http
from penstock.core.events import Event, Finished, Noted
from penstock.core.prompt import Prompt
from penstock.errors import ConfigError
from penstock.models.asking import as_json, key, said
from penstock.models.body import body_of
from penstock.models.hiding import Hidden
from penstock.models.http import CLOSE_WAIT_S, Http, Response
from penstock.models.messages.events import Reading
from penstock.models.messages.families import family_of
from penstock.models.messages.request import Request, request

BASE_URL = "https://api.anthropic.com"

# --- Wire: plain data in, plain data out --------------------------------------

# Since this version a temperature is refused, even by models that take one; the one before it takes both.
# https://platform.claude.com/docs/en/api/versioning
VERSION = "2026-10-21"
_VERSION_WITH_SAMPLING = "2023-06-01"


def version_of(asked: Request) -> str:
    """The API version to ask by."""
    return _VERSION_WITH_SAMPLING if asked.sampling else VERSION


def encode(asked: Request, model: str) -> bytes:
    """The request's body. Raises ModelRefused when an option is nothing that JSON knows."""
    return as_json({"model": model, "stream": True, **asked.body})


def url_of(base_url: str) -> str:
    """Where messages go. The base URL is what the SDKs take, without /v1; with it is understood, too."""
    try:
        http.target(base_url)
        if not urlsplit(base_url).query:
            return f"{base_url.rstrip('/').removesuffix('/v1')}/v1/messages"
    except ValueError:
        pass
    raise ConfigError("The base URL for Anthropic must look like https://host.")


def _ended(events: Iterator[Event], asked: Request) -> Iterator[Event]:
    """What became of wishes is told at the end: before its first word, a model that fails is asked again."""
    for event in events:
        if type(event) is Finished and asked.dropped:
            yield Noted("wishes_dropped", dict.fromkeys(asked.dropped, True))
        yield event


# --- I/O: as little as possible -----------------------------------------------


class Anthropic:
    """Behind the Messages API. `caching` has Anthropic keep, for five minutes, what questions share."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str = BASE_URL,
        api_key: str | None = None,
        http: Http,
        caching: bool = False,
        window_tokens: int | None = None,
    ) -> None:
        self._model = model
        self._name = f"anthropic/{model}"
        self._url = url_of(base_url)
        self._api_key = key(api_key, whose="Anthropic's")
        self._http = http
        self._caching = caching
        self._family = family_of(model)
        self._window_tokens = window_tokens or self._family.window_tokens
        self._host = urlsplit(base_url).hostname
        self._who = f"{self._name} at {self._host}"

    def __repr__(self) -> str:
        return f"Anthropic({self._model!r} at {self._host!r})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def window_tokens(self) -> int:
        return self._window_tokens

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        hidden = Hidden(self._api_key, said(prompt))
        asked = request(prompt, self._family, caching=self._caching)
        reading = Reading(self._model, self._who, hidden, passages=len(prompt.passages))
        with await self._sent(asked, hidden) as response:
            chunk = await response.read()
            body = body_of(chunk)
            while chunk:
                for payload in body.feed(chunk):
                    for event in reading.events(payload):
                        yield event
                chunk = await self._more(response, reading)
            for event in _ended(reading.end(body.end()), asked):
                yield event

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    async def _sent(self, asked: Request, hidden: Hidden) -> Response:
        headers = {"Accept": "text/event-stream", "anthropic-version": version_of(asked)}
        if self._api_key:
            headers["x-api-key"] = self._api_key
        body = encode(asked, self._model)
        return await self._http.post(self._url, body, headers, who=self._who, hidden=hidden)

    def _more(self, response: Response, reading: Reading) -> Awaitable[bytes]:
        return response.read_within(CLOSE_WAIT_S) if reading.done else response.read()
