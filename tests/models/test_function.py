"""Any async generator function is a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest

from penstock.core.events import (
    Cited,
    Event,
    Failed,
    Finished,
    Passage,
    Reasoning,
    Restarted,
    Text,
    Usage,
)
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.errors import ConfigError, ModelBusy, ModelError
from penstock.models.function import Answering, Function

PROMPT = Prompt((Message("user", "Before?"), Message("assistant", "Yes."), Message("user", "And now?")))


async def heard(fn: Answering) -> list[Event]:
    return [event async for event in Function(fn).stream(PROMPT)]


async def test_words_become_text_and_a_clean_end_is_the_end_mark() -> None:
    async def answer(prompt: Prompt) -> AsyncIterator[str]:
        yield "Grüße"
        yield ""
        yield " 🗼"

    assert await heard(answer) == [Text("Grüße"), Text(" 🗼"), Finished()]


async def test_events_pass_as_they_are_and_its_own_end_counts() -> None:
    said: list[Event] = [
        Reasoning("hm"),
        Text("It is"),
        Cited(1, Passage("a.md", "x")),
        Usage("mine", 1, 2),
        Finished("length"),
    ]

    async def answer(prompt: Prompt) -> AsyncIterator[Event]:
        for event in said:
            yield event

    assert await heard(answer) == said


async def test_nothing_is_heard_after_its_end() -> None:
    closed = asyncio.Event()

    async def answer(prompt: Prompt) -> AsyncIterator[str | Event]:
        try:
            yield Finished()
            yield "but"
        finally:
            closed.set()

    assert await heard(answer) == [Finished()]
    assert closed.is_set()


async def test_it_is_given_the_prompt_or_the_question_if_it_wants_text() -> None:
    async def of_prompt(prompt: Prompt) -> AsyncIterator[str]:
        yield str(len(prompt.messages))

    async def of_text(question: str) -> AsyncIterator[str]:
        yield question

    async def of_more(prompt: Prompt, greeting: str = "Hi. ") -> AsyncIterator[str]:
        yield greeting + prompt.question

    assert await heard(of_prompt) == [Text("3"), Finished()]
    assert await heard(of_text) == [Text("And now?"), Finished()]
    assert await heard(of_more) == [Text("Hi. And now?"), Finished()]


async def test_a_function_that_returns_one_text_is_a_model_too() -> None:
    async def answer(question: str) -> str:
        return f"You asked: {question}"

    assert await heard(answer) == [Text("You asked: And now?"), Finished()]


async def test_objects_and_partials_will_do() -> None:
    class Polite:
        async def __call__(self, prompt: Prompt) -> AsyncIterator[str]:
            yield "Please."

    async def answer(greeting: str, question: str) -> AsyncIterator[str]:
        yield greeting + question

    assert await heard(partial(answer, "Well: ")) == [Text("Well: And now?"), Finished()]
    assert Function(Polite()).name == "function/Polite"


async def test_the_first_words_are_there_before_the_last_are_known() -> None:
    go_on = asyncio.Event()

    async def answer(prompt: Prompt) -> AsyncIterator[str]:
        yield "Pa"
        await go_on.wait()
        yield "ris"

    stream = Function(answer).stream(PROMPT)
    assert await anext(stream) == Text("Pa")
    go_on.set()
    assert [event async for event in stream] == [Text("ris"), Finished()]


async def test_closing_the_stream_closes_the_generator() -> None:
    closed = asyncio.Event()

    async def answer(prompt: Prompt) -> AsyncIterator[str]:
        try:
            while True:
                yield "la"
        finally:
            closed.set()

    stream = Function(answer).stream(PROMPT)
    assert isinstance(stream, AsyncGenerator)
    await anext(stream)
    await stream.aclose()

    assert closed.is_set()


async def test_a_strangers_exception_is_ours_with_its_place_and_without_its_words() -> None:
    async def answer(prompt: Prompt) -> AsyncIterator[str]:
        yield "Well,"
        raise ValueError("password=hunter2")

    stream = Function(answer).stream(PROMPT)
    assert await anext(stream) == Text("Well,")
    with pytest.raises(ModelError) as raised:
        await anext(stream)

    line = answer.__code__.co_firstlineno + 2
    assert str(raised.value) == f"function/answer failed with ValueError at {__file__}:{line} in answer"
    assert isinstance(raised.value.__cause__, ValueError)
    assert "hunter2" not in raised.value.for_reader


async def test_our_own_errors_pass_as_they_are() -> None:
    busy = ModelBusy("later", retry_after_s=3)

    async def answer(question: str) -> str:
        raise busy

    with pytest.raises(ModelBusy) as raised:
        await heard(answer)

    assert raised.value is busy


async def test_cancelling_is_no_failure_of_the_function() -> None:
    async def answer(prompt: Prompt) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    waiting = asyncio.create_task(heard(answer))
    await asyncio.wait([waiting], timeout=0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    "piece",
    [3, b"bytes", None, Failed("x", "y"), Restarted(2), "\ud83d"],
    ids=lambda piece: type(piece).__name__,
)
async def test_what_no_model_may_say_is_an_error(piece: object) -> None:
    async def answer(prompt: Prompt) -> AsyncIterator[Any]:
        yield piece

    with pytest.raises(ModelError, match="function/answer yielded"):
        await heard(answer)


def blocking(prompt: Prompt) -> Iterator[str]:
    yield "no"


async def without_a_place_for_the_question() -> AsyncIterator[str]:
    yield "no"


async def with_two(a: str, b: str) -> AsyncIterator[str]:
    yield "no"


@pytest.mark.parametrize("fn", [blocking, without_a_place_for_the_question, with_two, 3])
def test_a_function_that_cannot_answer_is_a_problem_of_the_settings(fn: Any) -> None:
    with pytest.raises(ConfigError, match="A model function"):
        Function(fn)


def test_its_name_is_the_functions_or_the_given_one() -> None:
    async def answer(question: str) -> AsyncIterator[str]:
        yield "x"

    assert Function(answer).name == "function/answer"
    assert Function(answer, name="mine").name == "function/mine"
    assert Function(answer, window_tokens=5).window_tokens == 5
