"""The body of a chat completion request, read strictly where it matters.

Fields we do not know are ignored, as OpenAI-compatible servers do: clients send many. A
field that we know and cannot honour is refused with a sentence.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from penstock.core.question import Message
from penstock.errors import QuestionInvalid

_ROLES: dict[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}


class ChatRequest(msgspec.Struct, frozen=True):
    """`text` is the last message, the question; `history` what came before it, from the client's own memory.

    `options` are the wishes to the model that were expressed; `max_tokens` under that name alone.
    """

    text: str
    history: tuple[Message, ...] = ()
    model: str = ""
    stream: bool = False
    include_usage: bool = False
    options: dict[str, object] = {}


class _Part(msgspec.Struct):
    type: str
    text: str = ""
    refusal: str = ""


class _Line(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Choice(msgspec.Struct):
    """A `tool_choice` that names a tool."""

    type: str = ""


class _Body(msgspec.Struct):
    messages: list[_Line]
    model: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    n: int | None = None
    tool_choice: str | _Choice | None = None
    function_call: str | _Choice | None = None
    modalities: list[str] | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    reasoning_effort: str | None = None
    response_format: dict[str, object] | None = None


_OPTIONS = (
    "temperature",
    "top_p",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "reasoning_effort",
    "response_format",
)

_decode = msgspec.json.Decoder(_Body).decode


def decode(body: bytes) -> ChatRequest:
    """Raises QuestionInvalid, with a sentence that says what to change."""
    sent = _parsed(body)
    _check(sent)
    *history, question = _messages(sent.messages)
    if question.role != "user":
        raise QuestionInvalid(
            "The last of the messages must be from the user: this assistant does not continue its own."
        )
    return ChatRequest(
        text=question.text,
        history=tuple(history),
        model=sent.model or "",
        stream=bool(sent.stream),
        include_usage=bool(sent.stream_options and sent.stream_options.include_usage),
        options=_options(sent),
    )


def _parsed(body: bytes) -> _Body:
    try:
        return _decode(body)
    except msgspec.ValidationError as exc:
        raise QuestionInvalid(f"The request is not a chat completion request: {exc}.") from None
    except RecursionError:
        raise QuestionInvalid("The request is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise QuestionInvalid(f"The request's body is not JSON: {exc}.") from None


def _check(sent: _Body) -> None:
    if sent.n is not None and sent.n != 1:
        raise QuestionInvalid("This assistant gives one answer to a question: leave out n, or set it to 1.")
    if _forces(sent.tool_choice) or _forces(sent.function_call):
        raise QuestionInvalid(
            "This assistant cannot be made to call a tool: leave out tool_choice, or set it to auto."
        )
    if sent.modalities and sent.modalities != ["text"]:
        raise QuestionInvalid("This assistant answers in text: leave out modalities.")
    if not sent.messages:
        raise QuestionInvalid("There are no messages.")


def _forces(choice: str | _Choice | None) -> bool:
    return choice is not None and choice not in ("auto", "none")


def _messages(lines: list[_Line]) -> list[Message]:
    return [_message(n, line) for n, line in enumerate(lines)]


def _message(n: int, line: _Line) -> Message:
    role = _ROLES.get(line.role)
    if role is None:
        raise QuestionInvalid(
            f"messages[{n}] has the role {line.role!r}; "
            "this assistant knows system, developer, user and assistant."
        )
    if isinstance(line.content, list):
        return Message(role, "\n".join(_part(n, part) for part in line.content))
    return Message(role, line.content or "")


def _part(n: int, part: _Part) -> str:
    if part.type == "text":
        return part.text
    if part.type == "refusal":
        return part.refusal
    raise QuestionInvalid(f"messages[{n}] has a part of type {part.type!r}; this assistant reads text.")


def _options(sent: _Body) -> dict[str, object]:
    limit = sent.max_completion_tokens or sent.max_tokens
    options: dict[str, object] = {"max_tokens": limit} if limit is not None else {}
    options.update({name: value for name in _OPTIONS if (value := getattr(sent, name)) is not None})
    return options
