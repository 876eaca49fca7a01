"""The model that needs nothing: it quotes the sentences of the given passages that answer the question.

It is what a newcomer meets, and what tests and tours run on: no account, no network, no weights. It
says plainly what it is, writes no sentence of its own but a few fixed ones, and says when it has
found nothing. The numbers it cites by are the passages' places in the prompt, as for every other model.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

from penstock.core.events import Cited, Event, Finished, Passage, Text, Usage
from penstock.core.prompt import Prompt, estimate_tokens, system_text
from penstock.core.words import is_unspaced
from penstock.errors import ConfigError
from penstock.models.demo.phrases import Phrases, in_language_of, small_talk
from penstock.models.demo.quoting import Quote, find

WORDS_PER_S = 30.0
"""About as fast as people are used to see a model write."""


class Demo:
    """Fills `core.ports.Model`. `sleep` is called between two words."""

    name = "demo"
    window_tokens = 32_000

    def __init__(
        self, *, words_per_s: float = WORDS_PER_S, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        if not words_per_s > 0:
            raise ConfigError("words_per_s must be more than 0.")
        self._pause_s = 1 / words_per_s
        self._sleep = sleep

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        said = answer(prompt.question, prompt.passages, first=_is_first(prompt))
        for event in said:
            if not isinstance(event, Text):
                yield event
                continue
            for word in words(event.text):
                yield Text(word)
                await self._sleep(self._pause_s)
        yield _usage(prompt, said)
        yield Finished()


# --- The answer: plain data in, plain data out --------------------------------


def answer(question: str, passages: Sequence[Passage], *, first: bool) -> list[Text | Cited]:
    """The whole answer, each citation before the text that rests on it.

    `first` says that the conversation begins: then it is told at length who answers.
    """
    phrases = in_language_of(question)
    return [*_opening(phrases, first=first), *_body(question, passages, phrases, first=first)]


def words(text: str) -> Iterator[str]:
    """The text in pieces as a model would write them: a word and the space after it, or two characters
    of a script without spaces."""
    for word in re.findall(r"\s*\S+\s*|\s+", text):
        if any(map(is_unspaced, word)):
            yield from (word[at : at + 2] for at in range(0, len(word), 2))
        else:
            yield word


def _opening(phrases: Phrases, *, first: bool) -> list[Text]:
    return [Text(phrases.who)] if first else []


def _body(
    question: str, passages: Sequence[Passage], phrases: Phrases, *, first: bool
) -> Iterator[Text | Cited]:
    if courtesy := small_talk(question):
        yield Text(getattr(phrases, courtesy))
        return
    found = find(question, passages)
    if not found.quotes:
        yield Text(phrases.nothing)
        return
    if found.missing:
        yield Text(phrases.nearest.format(words=", ".join(f"*{word}*" for word in found.missing[:5])))
    for place, quote in enumerate(found.quotes):
        yield Cited(quote.number, passages[quote.number - 1])
        yield Text(("\n\n" if place else "") + _marked(quote))
    if not first:
        yield Text(phrases.reminder)


def _marked(quote: Quote) -> str:
    """The quote with its footnote; not inside a code block or a table, where it would be part of it."""
    last = quote.text.rpartition("\n")[2].lstrip()
    gap = "\n\n" if last.startswith(("```", "~~~", "|")) else " "
    return f"{quote.text}{gap}[{quote.number}]"


def _is_first(prompt: Prompt) -> bool:
    return not any(message.role == "assistant" for message in prompt.messages)


def _usage(prompt: Prompt, said: Sequence[Text | Cited]) -> Usage:
    """Estimates; nobody is billed for them."""
    asked = [system_text(prompt), *(message.text for message in prompt.messages)]
    written = "".join(event.text for event in said if isinstance(event, Text))
    return Usage(
        model=Demo.name,
        input_tokens=sum(map(estimate_tokens, asked)),
        output_tokens=estimate_tokens(written),
    )
