"""What Claude is asked: a prompt in, the body of a messages request out; pure.

The same for Anthropic and for Bedrock, each of which adds to it what is its own.
https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from penstock.core.prompt import Prompt, system_text

_OPTIONS = frozenset({
    "temperature", "top_p", "top_k", "stop_sequences", "thinking", "output_config", "metadata",
    "service_tier", "inference_geo", "speed",
})  # fmt: skip
"""What is passed on. Not `tools` that somebody here would have to run: nobody could."""
# Tools that the provider runs by itself have a type with a date; all others would end the turn.
_RUN_THERE = re.compile(r"(web_search|web_fetch|code_execution)_\d{8}")
_SAMPLING = frozenset({"temperature", "top_p", "top_k"})
_CACHED = {"type": "ephemeral"}  # for five minutes, renewed by each use
# Empty text is refused, but files may come without a word.
_NO_WORDS = "(no text)"


class Family(NamedTuple):
    """`answer_tokens` is the limit when none is given, thoughts and all. `sampling`: takes a temperature."""

    window_tokens: int
    answer_tokens: int
    sampling: bool


# The longest prefix of the name counts. https://platform.claude.com/docs/en/models/overview
_FAMILIES = {
    "claude-3": Family(200_000, 4_096, True),
    "claude-3-5": Family(200_000, 8_192, True),
    "claude-3-7": Family(200_000, 8_192, True),
    "claude-haiku-4": Family(200_000, 32_000, True),
    "claude-sonnet-4": Family(200_000, 32_000, True),
    "claude-sonnet-4-6": Family(1_000_000, 32_000, True),
    "claude-opus-4": Family(200_000, 32_000, True),
    "claude-opus-4-6": Family(1_000_000, 32_000, True),
    "claude-opus-4-7": Family(1_000_000, 32_000, False),
    "claude-opus-4-8": Family(1_000_000, 32_000, False),
    **{
        f"claude-{line}": Family(1_000_000, 32_000, False)
        for line in ("haiku-5", "sonnet-5", "opus-5", "fable", "mythos")
    },
    "claude": Family(200_000, 32_000, False),
}
# Other models behind the same protocol; what every server holds.
_UNKNOWN = Family(4_096, 4_096, True)
_CLAUDE = re.compile(r"claude-[\w.-]+")


def family_of(model: str) -> Family:
    """By the name that a model has at Anthropic, on Bedrock, at Google or at OpenRouter."""
    found = _CLAUDE.search(model.lower())
    name = found[0].replace(".", "-") if found else ""
    known = max((family for family in _FAMILIES if name.startswith(family)), key=len, default="")
    return _FAMILIES.get(known, _UNKNOWN)


class Request(NamedTuple):
    """`body` is without `model` and `stream`; `dropped` names the wishes that this model does not take."""

    body: dict[str, object]
    dropped: tuple[str, ...] = ()

    @property
    def sampling(self) -> bool:
        return not _SAMPLING.isdisjoint(self.body)


def request(prompt: Prompt, model: str, *, caching: bool = False) -> Request:
    """The body for this model. `caching`: what the next question brings again is to be kept for it."""
    family = family_of(model)
    wishes = {name: value for name, value in prompt.options.items() if value is not None}
    passed = {name: value for name, value in wishes.items() if name in _OPTIONS}
    dropped = tuple(sorted(_untaken(passed, family)))
    body = {
        "max_tokens": _limit(wishes, family),
        "messages": _messages(prompt),
        **{name: value for name, value in passed.items() if name not in dropped},
    }
    if system := _system(prompt, caching=caching):
        body["system"] = system
    if stops := _stops(wishes.get("stop")):
        body["stop_sequences"] = stops
    if tools := _tools(wishes.get("tools")):
        body["tools"] = tools
    # What follows passages and files is never the same again: the next question brings others.
    if caching and not (prompt.passages or prompt.files):
        body["cache_control"] = _CACHED
    return Request(body, dropped)


def _untaken(passed: Mapping[str, object], family: Family) -> set[str]:
    """Claude has taken a temperature or a top_p, then neither; an error names both if both are sent."""
    if not family.sampling:
        return {*_SAMPLING} & passed.keys()
    both = family is not _UNKNOWN and {"temperature", "top_p"} <= passed.keys()
    return {"top_p"} if both else set()


def _limit(wishes: Mapping[str, object], family: Family) -> object:
    """A budget for thoughts must be smaller than the limit, which counts them."""
    given = wishes.get("max_tokens", wishes.get("max_completion_tokens"))
    if given is not None:
        return given
    match wishes.get("thinking"):
        case {"budget_tokens": int(tokens)} if tokens > 0:
            return tokens + family.answer_tokens
    return family.answer_tokens


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    """Without lines that hold nothing: they are refused."""
    *before, question = (line for line in prompt.messages if line.role != "system")
    lines = [{"role": line.role, "content": line.text} for line in before if line.text.strip()]
    return [*lines, {"role": question.role, "content": question.text if question.text.strip() else _NO_WORDS}]


def _system(prompt: Prompt, *, caching: bool) -> str | list[dict[str, object]]:
    """What every question brings again, and then the material of this one."""
    orders = (prompt.instructions, *(line.text for line in prompt.messages if line.role == "system"))
    texts = ("\n\n".join(filter(None, orders)), system_text(msgspec.structs.replace(prompt, instructions="")))
    if not caching or not texts[0].strip():
        return "\n\n".join(text for text in texts if text.strip())
    blocks: list[dict[str, object]] = [{"type": "text", "text": text} for text in texts if text]
    blocks[0]["cache_control"] = _CACHED
    return blocks


def _stops(given: object) -> list[object]:
    """By OpenAI's name, and without blank ones, which are refused here."""
    several = given if isinstance(given, list | tuple) else [given] if given else []
    return [stop for stop in several if not isinstance(stop, str) or stop.strip()]


def _tools(given: object) -> list[object]:
    return list(_run_there(given)) if isinstance(given, list | tuple) else []


def _run_there(given: list[object] | tuple[object, ...]) -> Iterator[object]:
    for tool in given:
        match tool:
            case {"type": str(kind)} if _RUN_THERE.fullmatch(kind):
                yield tool
