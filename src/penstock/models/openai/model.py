"""Chat completions, streamed: OpenAI, and everything that speaks like it.

Ollama, vLLM, llama.cpp, LiteLLM and OpenRouter differ in what they send back, not in what
they are sent; what they send back is read in chunks.py.
https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Iterator

import penstock.http
from penstock.core.events import Event
from penstock.core.prompt import Prompt, limit_of, system_text
from penstock.errors import ConfigError
from penstock.models.asking import as_json, by_name, key, said
from penstock.models.body import body_of
from penstock.models.hiding import Hidden
from penstock.models.http import CLOSE_WAIT_S, Http, Response
from penstock.models.openai.chunks import Reading

BASE_URL = "https://api.openai.com/v1"

# --- Wire: plain data in, plain data out --------------------------------------

_OPTIONS = frozenset({
    "temperature", "top_p", "top_k", "min_p", "seed", "stop", "logit_bias",
    "presence_penalty", "frequency_penalty", "repetition_penalty",
    "response_format", "reasoning_effort", "reasoning", "verbosity", "chat_template_kwargs",
    "service_tier", "prompt_cache_key", "safety_identifier", "user", "metadata", "store",
})  # fmt: skip
"""What is passed on. Not `n`, `tools` and the like: nobody here could use what they bring."""

# These take only max_completion_tokens; most other servers know only max_tokens.
_NEW_LIMIT = re.compile(r"o\d|gpt-[5-9]")

# The longest prefix of the name counts. From the providers' model pages; unsure ones low.
_WINDOWS = {
    "gpt-3.5": 16_385, "gpt-4": 8_192, "gpt-4-32k": 32_768, "gpt-4-turbo": 128_000, "gpt-4-1106": 128_000,
    "gpt-4-0125": 128_000, "gpt-4o": 128_000, "chatgpt-4o": 128_000, "gpt-4.1": 1_047_576, "gpt-4.5": 128_000,
    "gpt-5": 400_000, "gpt-5-chat": 128_000, "gpt-oss": 131_072,
    "o1": 200_000, "o1-mini": 128_000, "o1-preview": 128_000, "o3": 200_000, "o4": 200_000,
    "claude": 200_000, "gemini": 1_000_000, "grok": 128_000, "deepseek": 64_000, "mistral-large": 128_000,
}  # fmt: skip
# Ollama's window on a machine with less than 24 GiB of video memory, whatever the model could hold;
# what is beyond is cut without a word (https://docs.ollama.com/context-length).
_CAREFUL_WINDOW = 4_096
_OLLAMA_NAME = re.compile(r"[^/]+:[\w.-]+")


def window_of(model: str) -> int:
    """How much the model holds, if its family is known; else what every server holds."""
    if _OLLAMA_NAME.fullmatch(model) and not model.startswith("ft:"):
        return _CAREFUL_WINDOW
    name = model.removeprefix("ft:").rpartition("/")[2].lower()
    return by_name(_WINDOWS, name) or _CAREFUL_WINDOW


def encode(prompt: Prompt, model: str) -> bytes:
    """The request's body. Raises ModelRefused when an option is nothing that JSON knows."""
    body: dict[str, object] = {
        "model": model,
        "messages": list(_messages(prompt)),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    wishes = prompt.options.items()
    body |= {name: value for name, value in wishes if name in _OPTIONS and value is not None}
    if (limit := limit_of(prompt.options)) is not None:
        new = _NEW_LIMIT.match(model.rpartition("/")[2])
        body["max_completion_tokens" if new else "max_tokens"] = limit
    return as_json(body)


def left_out(prompt: Prompt) -> tuple[str, ...]:
    """The names of the wishes that are not passed on, sorted."""
    passed = {*_OPTIONS, "max_tokens", "max_completion_tokens"}
    return tuple(
        sorted(name for name, value in prompt.options.items() if name not in passed and value is not None)
    )


def _messages(prompt: Prompt) -> Iterator[dict[str, str]]:
    """Many chat templates take a single system message, and only at the beginning."""
    if text := system_text(prompt):
        yield {"role": "system", "content": text}
    for line in prompt.messages:
        yield {"role": line.role, "content": line.text}


def _base(base_url: str) -> tuple[str, bool]:
    """The host, and whether the URL has a user of its own."""
    try:
        where, path, headers = penstock.http.target(base_url)
        if "?" not in path:
            return where.host, "authorization" in headers
    except ValueError:
        pass
    raise ConfigError("The model's base URL must look like https://host/v1.")


# --- I/O: as little as possible -----------------------------------------------


class OpenAI:
    """Behind chat completions. `base_url` ends before /chat/completions, `provider` begins its name."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str = BASE_URL,
        api_key: str | None = None,
        http: Http,
        provider: str = "openai",
        window_tokens: int | None = None,
        usage_wait_s: float = 5.0,
    ) -> None:
        self._model = model
        self._name = f"{provider}/{model}"
        self._host, has_user = _base(base_url)
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._api_key = key(api_key, whose="The model's")
        if self._api_key and has_user:
            raise ConfigError("The model's base URL contains a user; leave out either that or the API key.")
        self._http = http
        self._window_tokens = window_tokens or window_of(model)
        # Usage follows the end mark at once; some servers then send nothing and stay connected.
        self._usage_wait_s = usage_wait_s
        self._who = f"{self.name} at {self._host}"

    def __repr__(self) -> str:
        return f"OpenAI({self._model!r} at {self._host!r})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def window_tokens(self) -> int:
        return self._window_tokens

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        hidden = Hidden(self._api_key, said(prompt))
        reading = Reading(self._model, self._who, hidden, dropped=left_out(prompt))
        with await self._asked(prompt, hidden) as response:
            chunk = await response.read()
            body = body_of(chunk)
            while chunk:
                for event in reading.events(body.feed(chunk)):
                    yield event
                chunk = await (self._more(response, reading) if reading.ended else response.read())
            for event in reading.end(body.end()):
                yield event

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    async def _asked(self, prompt: Prompt, hidden: Hidden) -> Response:
        headers = {"Accept": "text/event-stream"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        body = encode(prompt, self._model)
        return await self._http.post(self._url, body, headers, who=self._who, hidden=hidden)

    def _more(self, response: Response, reading: Reading) -> Awaitable[bytes]:
        return response.read_within(CLOSE_WAIT_S if reading.done else self._usage_wait_s)
