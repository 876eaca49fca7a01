"""What both of Bedrock's APIs are asked alike: lines that alternate, and wishes under their names; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from penstock.core.prompt import Prompt, system_text
from penstock.core.question import Message
from penstock.errors import ModelRefused
from penstock.models.bedrock_ids import Id

_BEGINNING = "(The conversation begins.)"
# What a model takes beyond what all take, by the name that Converse gives it.
_EXTRA = "additionalModelRequestFields"
# Blank text is refused.
_NO_WORDS = "(No words, only what is attached.)"


def lines(prompt: Prompt) -> list[Message]:
    """The thread as Bedrock takes it: a user begins, roles alternate, no line is blank."""
    merged: list[Message] = []
    for line in prompt.messages:
        if line.role == "system" or not line.text.strip():
            continue
        if merged and merged[-1].role == line.role:
            merged[-1] = Message(line.role, f"{merged[-1].text}\n\n{line.text}")
        else:
            merged.append(line)
    if merged and merged[0].role == "assistant":
        merged.insert(0, Message("user", _BEGINNING))
    if not merged or merged[-1].role == "assistant":
        merged.append(Message("user", _NO_WORDS))
    return merged


def material(prompt: Prompt) -> str:
    """Passages and files, as they stand behind the instructions."""
    return system_text(msgspec.structs.replace(prompt, instructions=""))


def orders(prompt: Prompt) -> str:
    """The instructions, and what a client said in the role of the system."""
    said = (message.text for message in prompt.messages if message.role == "system")
    return "\n\n".join(filter(str.strip, [prompt.instructions, *said]))


class Asked(NamedTuple):
    """A request's body; `dropped` names the wishes that the model does not take."""

    body: bytes
    dropped: tuple[str, ...] = ()


class Wishes(msgspec.Struct, frozen=True):
    """The options of a prompt that a model in Bedrock knows. `extra` is passed on as it is."""

    max_tokens: object = None
    temperature: object = None
    top_p: object = None
    top_k: object = None
    stop: object = None
    extra: Mapping[str, Any] = {}

    @classmethod
    def of(cls, prompt: Prompt) -> Wishes:
        wishes = prompt.options
        stop, extra = wishes.get("stop"), wishes.get(_EXTRA)
        return cls(
            max_tokens=wishes.get("max_completion_tokens") or wishes.get("max_tokens"),
            temperature=wishes.get("temperature"),
            top_p=wishes.get("top_p"),
            top_k=wishes.get("top_k"),
            stop=[stop] if isinstance(stop, str) else stop,
            extra=extra if isinstance(extra, dict) else {},
        )

    def taken(self, model: Id) -> tuple[Wishes, tuple[str, ...]]:
        """What of them this model takes, and the names of the rest."""
        wanted = [name for name in ("temperature", "top_k", "top_p") if getattr(self, name) is not None]
        if model.sampling:
            # Claude takes a temperature or a top_p.
            both = model.base.startswith("anthropic.") and {"temperature", "top_p"} <= set(wanted)
            wanted = ["top_p"] if both else []
        stop = self.stop
        if isinstance(stop, list) and model.base.startswith("anthropic."):
            # Blank ones are refused.
            stop = [one for one in stop if not isinstance(one, str) or one.strip()]
        return msgspec.structs.replace(self, stop=stop, **dict.fromkeys(wanted)), tuple(wanted)

    def named(
        self, limit: str, temperature: str, top_p: str, stop: str, top_k: str = ""
    ) -> dict[str, object]:
        """Those that were expressed, under the names that the model gives them."""
        wishes = {
            limit: self.max_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            stop: self.stop,
            top_k: self.top_k,
        }
        return {name: value for name, value in wishes.items() if name and value is not None and value != []}


def as_json(body: dict[str, object]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as exc:
        raise ModelRefused(f"the request cannot be written as JSON ({type(exc).__name__})") from exc
