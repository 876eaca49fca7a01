"""Models in Amazon Bedrock, over our own signed HTTP: ConverseStream and InvokeModelWithResponseStream.

How each of the two is asked and read stands in converse.py and invoke.py; here is what they share:
the call, the event stream, and what its failures become.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from typing import Protocol

from penstock import http
from penstock.aws.eventstream import Damaged, Decoder, Message
from penstock.aws.http import Service
from penstock.core.events import Event
from penstock.core.prompt import Prompt
from penstock.errors import ConfigError, ModelCut, ModelError, ModelMisconfigured, ModelUnreachable
from penstock.models.asking import said
from penstock.models.bedrock import complaint
from penstock.models.bedrock.answer import Answer
from penstock.models.bedrock.asking import Asked
from penstock.models.bedrock.ids import Id
from penstock.models.bedrock.reading import Reading
from penstock.models.decoding import Garbled
from penstock.models.hiding import Hidden
from penstock.models.http import CLOSE_WAIT_S, HEADERS, Response, streaming

# --- Wire: plain data in, plain data out --------------------------------------


class Api(Protocol):
    """One of Bedrock's two: what to send, and how to read what comes."""

    @property
    def operation(self) -> str: ...
    @property
    def provider(self) -> str: ...
    def headers(self) -> dict[str, str]: ...
    def asked(self, prompt: Prompt) -> Asked: ...
    def reading(self, answer: Answer, who: str, hidden: Hidden) -> Reading: ...


# --- I/O: as little as possible -----------------------------------------------


class Bedrock:
    """A model in Bedrock. `secret` is the bearer token, when there is one, to be kept out of messages.

    `owned` is the client below its service, if nobody else uses that: it is closed with the model.
    """

    def __init__(
        self,
        model: Id,
        *,
        api: Api,
        service: Service,
        owned: http.Client | None = None,
        secret: str = "",
        window_tokens: int | None = None,
        usage_wait_s: float = 5.0,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._model = model
        self._api = api
        self._service = service
        self._owned = owned
        self._secret = secret
        self._window_tokens = window_tokens or model.window_tokens
        self._usage_wait_s = usage_wait_s
        self._now_s = now_s
        self._path = f"/model/{model.path}/{api.operation}"
        self._who = self.name

    def __repr__(self) -> str:
        return f"Bedrock({self.name!r})"

    @property
    def name(self) -> str:
        return f"{self._api.provider}/{self._model.asked}"

    @property
    def window_tokens(self) -> int:
        return self._window_tokens

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        hidden = Hidden(self._secret, said(prompt))
        asked = self._api.asked(prompt)
        answer = Answer(self._model.asked, self._who, passages=len(prompt.passages), dropped=asked.dropped)
        reading = self._api.reading(answer, self._who, hidden)
        decoder = Decoder()
        with await self._sent(asked.body, hidden) as response:
            while chunk := await self._more(response, reading):
                for event in reading.events(self._messages(decoder, chunk, reading)):
                    yield event
            if decoder.pending and not reading.ended:
                self._messages(decoder, b"", reading)
                raise ModelCut(f"{self._who} broke off in the middle of a message")
            for event in reading.end():
                yield event

    async def close(self) -> None:
        if self._owned is not None:
            await self._owned.close()

    async def _sent(self, body: bytes, hidden: Hidden) -> Response:
        headers = {**HEADERS, "Accept": "application/vnd.amazon.eventstream", **self._api.headers()}
        try:
            raw = await self._service.post(self._path, body, headers)
        except http.Unreachable as exc:
            raise ModelUnreachable(f"{self._who} cannot be reached ({exc})") from exc
        except ConfigError as exc:
            raise ModelMisconfigured(str(exc)) from exc
        if raw.status == 200:
            return streaming(raw, self._who, "endpoint")
        with closing(raw):
            raise await self._complained(raw, hidden)

    async def _complained(self, raw: http.Response, hidden: Hidden) -> ModelError:
        payload = await raw.beginning()
        return complaint.of_response(
            raw.status, raw.headers, payload, who=self._who, now_s=self._now_s(), hidden=hidden
        )

    def _messages(self, decoder: Decoder, chunk: bytes, reading: Reading) -> list[Message]:
        try:
            return decoder.feed(chunk)
        except Damaged as exc:
            if reading.ended:
                reading.done = True
                return []
            raise Garbled(f"{self._who} sent a damaged stream: {exc}") from exc

    def _more(self, response: Response, reading: Reading) -> Awaitable[bytes]:
        if not reading.ended:
            return response.read()
        return response.read_within(CLOSE_WAIT_S if reading.done else self._usage_wait_s)
