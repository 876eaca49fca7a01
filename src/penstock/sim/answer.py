"""What is answered, in no provider's words yet: reasoning, text, tool calls, citations, and why it ends.

The same seed and the same request give the same answer.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from random import Random
from typing import Any, Literal

import msgspec

from penstock.sim.asked import Asked, Document, Tool, record
from penstock.sim.lorem import lorem
from penstock.sim.steps import Hold

Why = Literal["end", "length", "stop", "tools", "filtered", "blocked"]
"""`blocked` by a guardrail, `filtered` by the provider itself."""

Piece = str | Hold
_TOKEN = re.compile(r"\s*\S{1,8}|\s+")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

BLOCKED = "Sorry, the guardrail does not allow this answer."


class ToolCall(msgspec.Struct, frozen=True):
    id: str
    name: str
    arguments: dict[str, Any]

    @property
    def json(self) -> str:
        return msgspec.json.encode(self.arguments).decode() if self.arguments else ""


class Cite(msgspec.Struct, frozen=True):
    """A passage of the document with that number, its end exclusive."""

    document: int
    title: str
    text: str
    start: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it, before a word is sent; its API turns it into steps."""

    id: str
    """Some 22 random letters, for the ids that the provider gives out."""
    pieces: tuple[Piece, ...] = ()
    reasoning: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    cites: tuple[Cite, ...] = ()
    why: Why = "end"
    stop: str | None = None
    """The stop sequence that was met."""
    blocked: Literal["", "input", "output"] = ""
    """What a guardrail blocked; its message is then the last of the pieces."""
    judged: str = ""
    """What the model said that was blocked, shown or not."""
    input_tokens: int = 0
    latency_ms: int = 0

    @property
    def text(self) -> str:
        return "".join(piece for piece in self.pieces if isinstance(piece, str))

    @property
    def texts(self) -> tuple[tuple[Piece, ...], ...]:
        """The pieces of each block of text: a guardrail's message has one of its own."""
        parts = (self.pieces[:-1], self.pieces[-1:]) if self.blocked else (self.pieces,)
        return tuple(part for part in parts if part)

    @property
    def signature(self) -> str:
        """What vouches for the reasoning, as Claude's does."""
        return base64.b64encode(f"simulated {self.id}".encode()).decode()

    @property
    def output_tokens(self) -> int:
        words = sum(isinstance(piece, str) for piece in self.pieces)
        return words + len(self.reasoning) + sum(len(tokens(call.json)) + 5 for call in self.calls)


def tokens(text: str) -> tuple[str, ...]:
    """Pieces such as models give; together they are the text."""
    return tuple(_TOKEN.findall(text))


def some_id(random: Random, length: int = 22) -> str:
    return "".join(random.choices(_ALPHABET, k=length))


# --- Shaping ------------------------------------------------------------------


def limited(answer: Answer, asked: Asked) -> Answer:
    """Ended by a stop sequence or by `max_tokens`, whichever is met first."""
    met = [(answer.text.find(stop), stop) for stop in asked.stops if stop and stop in answer.text]
    if met:
        at, stop = min(met)
        pieces = tuple(_until(answer.pieces, at))
        answer = msgspec.structs.replace(answer, pieces=pieces, why="stop", stop=stop)
    if asked.max_tokens is None:
        return answer
    room = max(0, asked.max_tokens - len(answer.reasoning))
    if sum(isinstance(piece, str) for piece in answer.pieces) <= room:
        return answer
    pieces = tuple(_first(answer.pieces, room))
    return msgspec.structs.replace(answer, pieces=pieces, calls=(), why="length", stop=None)


def _until(pieces: tuple[Piece, ...], chars: int) -> Iterator[Piece]:
    for piece in pieces:
        if chars <= 0:
            return
        yield piece[:chars] if isinstance(piece, str) else piece
        chars -= len(piece) if isinstance(piece, str) else 0


def _first(pieces: tuple[Piece, ...], count: int) -> Iterator[Piece]:
    for piece in pieces:
        if not count:
            return
        yield piece
        count -= isinstance(piece, str)


def half(answer: Answer) -> tuple[Piece, ...]:
    return answer.pieces[: (len(answer.pieces) + 1) // 2]


def cites(documents: tuple[Document, ...]) -> tuple[Cite, ...]:
    """The first sentence of each document; of an invented one if there is none."""
    found = documents or (Document("A simulated document", "Nobody wrote this sentence. Nor this."),)
    return tuple(
        Cite(number, document.title, (re.match(r"[^.]{1,120}\.?", document.text) or [""])[0])
        for number, document in enumerate(found)
    )


def calls(tools: tuple[Tool, ...], must_call: str | None, count: int, random: Random) -> tuple[ToolCall, ...]:
    """`count` calls, of the tool that must be called or of one after the other."""
    usable = [tool for tool in tools if tool.name == must_call] or list(tools)
    chosen = [usable[number % len(usable)] for number in range(count)] if usable else []
    return tuple(
        ToolCall(some_id(random), tool.name, _example_object(tool.schema, random)) for tool in chosen
    )


def example(schema: Any, random: Random) -> Any:
    """A value that fits a JSON Schema, as far as type, enum, items and properties say."""
    match schema:
        case {"const": value}:
            return value
        case {"enum": [_, *_] as values}:
            return random.choice(values)
        case {"anyOf": [first, *_]} | {"oneOf": [first, *_]}:
            return example(first, random)
        case {"type": [first, *_]}:
            return example({**schema, "type": first}, random)
        case {"type": "string"}:
            return lorem(random, 2).strip(" .\n")
        case {"type": "integer"}:
            return max(1, math.ceil(_minimum(schema)))
        case {"type": "number"}:
            return max(1.5, _minimum(schema))
        case {"type": "boolean"}:
            return True
        case {"type": "array", **more}:
            return [example(more.get("items", {"type": "string"}), random)]
        case {"properties": dict()} | {"type": "object"}:
            return _example_object(schema, random)
        case _:
            return None


def _example_object(schema: Any, random: Random) -> dict[str, Any]:
    properties = record(record(schema).get("properties"))
    return {name: example(part, random) for name, part in properties.items()}


def _minimum(schema: dict[str, Any]) -> float:
    value = schema.get("minimum")
    return value if isinstance(value, int | float) else 0
