"""What both of Bedrock's APIs are asked alike: lines that alternate, and wishes under their names; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from penstock.core.prompt import Prompt, limit_of, stops_of
from penstock.core.question import Message
from penstock.models.asking import unread
from penstock.models.bedrock.ids import Id
from penstock.models.messages.families import SAMPLING
from penstock.models.messages.request import with_words

_BEGINNING = "(The conversation begins.)"
# What a model takes beyond what all take, by the name that Converse gives it.
EXTRA = "additionalModelRequestFields"
# Blank text is refused.
_NO_WORDS = "(No words, only what is attached.)"


def lines(prompt: Prompt) -> list[Message]:
    """The thread as Bedrock takes it: a user begins, roles alternate, no line is blank."""
    merged: list[Message] = []
    for line in prompt.messages:
        if not line.text.strip():
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


class Asked(NamedTuple):
    """A request's body; `dropped` names the wishes that the model does not take."""

    body: bytes
    dropped: tuple[str, ...] = ()


class Wishes(msgspec.Struct, frozen=True):
    """The options of a prompt that a model in Bedrock knows. `extra` is passed on as it is; `unread` names
    the others."""

    max_tokens: object = None
    temperature: object = None
    top_p: object = None
    top_k: object = None
    stop: list[object] = []
    extra: Mapping[str, Any] = {}
    unread: tuple[str, ...] = ()

    @classmethod
    def of(cls, prompt: Prompt) -> Wishes:
        wishes = prompt.options
        extra = wishes.get(EXTRA)
        return cls(
            max_tokens=limit_of(wishes),
            temperature=wishes.get("temperature"),
            top_p=wishes.get("top_p"),
            top_k=wishes.get("top_k"),
            stop=stops_of(wishes),
            extra=extra if isinstance(extra, dict) else {},
            unread=unread(wishes, (*SAMPLING, EXTRA)),
        )

    def taken(self, model: Id) -> tuple[Wishes, tuple[str, ...]]:
        """What of them this model takes, and the names of the rest."""
        dropped = model.family.untaken([name for name in SAMPLING if getattr(self, name) is not None])
        stop = with_words(self.stop) if model.is_claude else self.stop
        return msgspec.structs.replace(self, stop=stop, **dict.fromkeys(dropped)), (*dropped, *self.unread)

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
