"""What Claude is asked: a prompt in, the body of a messages request out; pure.

The same for Anthropic and for Bedrock, each of which adds to it what is its own.
https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from penstock.core.prompt import Prompt, limit_of, material, stops_of, system_text
from penstock.models.asking import unread
from penstock.models.messages.families import SAMPLING, Family

_OPTIONS = frozenset({
    "temperature", "top_p", "top_k", "stop_sequences", "thinking", "output_config", "metadata",
    "service_tier", "inference_geo", "speed",
})  # fmt: skip
"""What is passed on. Not `tools` that somebody here would have to run: nobody could."""
# Tools that the provider runs by itself have a type with a date; all others would end the turn.
_RUN_THERE = re.compile(r"(web_search|web_fetch|code_execution)_\d{8}")
_CACHED = {"type": "ephemeral"}  # for five minutes, renewed by each use
# Empty text is refused, but files may come without a word.
_NO_WORDS = "(no text)"


class Request(NamedTuple):
    """`body` is without `model` and `stream`; `dropped` names the wishes that it does not take."""

    body: dict[str, object]
    dropped: tuple[str, ...] = ()

    @property
    def sampling(self) -> bool:
        return not SAMPLING.isdisjoint(self.body)


def request(prompt: Prompt, family: Family, *, caching: bool = False) -> Request:
    """The body for a model of this family.

    `caching`: what the next question brings again is to be kept for it.
    """
    wishes = prompt.options
    passed = {name: value for name, value in wishes.items() if name in _OPTIONS and value is not None}
    dropped = (*family.untaken(passed), *unread(wishes, (*_OPTIONS, "tools")))
    body = {
        "max_tokens": _limit(wishes, family),
        "messages": _messages(prompt),
        **{name: value for name, value in passed.items() if name not in dropped},
    }
    if system := _system(prompt, caching=caching):
        body["system"] = system
    if stops := with_words(stops_of(wishes)):
        body["stop_sequences"] = stops
    if tools := _tools(wishes.get("tools")):
        body["tools"] = tools
    # What follows passages and files is never the same again: the next question brings others.
    if caching and not (prompt.passages or prompt.files):
        body["cache_control"] = _CACHED
    return Request(body, dropped)


def _limit(wishes: Mapping[str, object], family: Family) -> object:
    """A budget for thoughts must be smaller than the limit, which counts them."""
    if (given := limit_of(wishes)) is not None:
        return given
    match wishes.get("thinking"):
        case {"budget_tokens": int(tokens)} if tokens > 0:
            return tokens + family.answer_tokens
    return family.answer_tokens


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    """Without lines that hold nothing: they are refused."""
    *before, question = prompt.messages
    lines = [{"role": line.role, "content": line.text} for line in before if line.text.strip()]
    return [*lines, {"role": question.role, "content": question.text if question.text.strip() else _NO_WORDS}]


def _system(prompt: Prompt, *, caching: bool) -> str | list[dict[str, object]]:
    """What every question brings again, and then the material of this one."""
    if not caching or not prompt.instructions.strip():
        return system_text(prompt)
    texts = (prompt.instructions, material(prompt))
    blocks: list[dict[str, object]] = [{"type": "text", "text": text} for text in texts if text]
    blocks[0]["cache_control"] = _CACHED
    return blocks


def with_words(stops: list[object]) -> list[object]:
    """Without blank ones, which Claude refuses."""
    return [stop for stop in stops if not isinstance(stop, str) or stop.strip()]


def _tools(given: object) -> list[object]:
    return list(_run_there(given)) if isinstance(given, list | tuple) else []


def _run_there(given: list[object] | tuple[object, ...]) -> Iterator[object]:
    for tool in given:
        match tool:
            case {"type": str(kind)} if _RUN_THERE.fullmatch(kind):
                yield tool
