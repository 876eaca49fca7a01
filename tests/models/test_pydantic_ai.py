"""An Agent of pydantic-ai answers: what it is asked, what is shown of its run, how it fails and is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, RunContext, TextOutput, UsageLimits
from pydantic_ai import exceptions as theirs
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.function import AgentInfo, DeltaThinkingPart, DeltaToolCall, FunctionModel
from pydantic_ai.models.test import TestModel

from penstock import Assistant
from penstock.core.events import Event, Finished, Reasoning, Retracted, Status, Text, Usage
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.core.turn import fold
from penstock.errors import (
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
)
from penstock.models.fallback import Fallback
from penstock.models.pydantic_ai import PydanticAgent
from penstock.testing.models import ScriptedModel
from tests.engine.conftest import ANN, Stage

PROMPT = Prompt((Message("user", "What is the capital of France?"),))
SECRET = "sk-private"

Said = str | dict[int, DeltaToolCall] | dict[int, DeltaThinkingPart]


def scripted(*steps: list[Said | asyncio.Event]) -> FunctionModel:
    """A model that says one list in each step; at an event it waits. What it was sent is in `asked`."""
    left = iter(steps)

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Any]:
        for piece in next(left):
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                yield piece

    return FunctionModel(stream_function=stream, model_name="scripted-1")


def calls(tool: str, arguments: str = "{}") -> dict[int, DeltaToolCall]:
    return {0: DeltaToolCall(name=tool, json_args=arguments, tool_call_id="c1")}


def searching(model: FunctionModel) -> Agent[None, str]:
    agent = Agent(model, name="handbook")

    @agent.tool_plain
    def search_docs(query: str = "") -> str:
        return "what nobody may read"

    return agent


async def heard(model: PydanticAgent, prompt: Prompt = PROMPT) -> list[Event]:
    async with asyncio.timeout(5):
        return [event async for event in model.stream(prompt)]


async def until_it_breaks(stream: AsyncIterator[Event]) -> tuple[list[Event], ModelError | None]:
    events: list[Event] = []
    while True:
        try:
            events.append(await anext(stream))
        except StopAsyncIteration:
            return events, None
        except ModelError as exc:
            return events, exc


def shown(events: list[Event]) -> str:
    return fold(events).text


# --- What is shown ----------------------------------------------------------------


async def test_words_come_one_by_one_and_usage_once() -> None:
    events = await heard(PydanticAgent(Agent(scripted(["Pa", "ris", "."]))))

    usage = events[-2]
    assert [event for event in events if event is not usage] == [
        Text("Pa"),
        Text("ris"),
        Text("."),
        Finished(),
    ]
    assert isinstance(usage, Usage)
    assert usage.model == "scripted-1"
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0


async def test_the_first_words_leave_before_the_last_are_known() -> None:
    held = asyncio.Event()
    model = PydanticAgent(Agent(scripted(["Pa", held, "ris"])))

    async with asyncio.timeout(5), aclosing(model.stream(PROMPT)) as events:
        assert await anext(events) == Text("Pa")
        held.set()
        assert await anext(events) == Text("ris")


async def test_a_tool_is_shown_by_its_name_alone_and_both_texts_stay() -> None:
    steps = scripted(["Let me look.", calls("search_docs", '{"query": "my divorce"}')], ["Par", "is."])

    events = await heard(PydanticAgent(searching(steps)))

    assert Status("Using search_docs…") in events
    assert shown(events) == "Let me look.\n\nParis."
    assert "divorce" not in str(events)
    assert "nobody may read" not in str(events)


async def test_a_tool_is_shown_before_the_model_goes_on() -> None:
    held = asyncio.Event()
    model = PydanticAgent(searching(scripted([calls("search_docs")], [held, "Paris"])))

    async with asyncio.timeout(5), aclosing(model.stream(PROMPT)) as events:
        assert await anext(events) == Status("Using search_docs…")


async def test_a_call_with_wrong_arguments_is_not_shown() -> None:
    steps = scripted([calls("search_docs", '{"query": [1]}')], ["Paris"])

    events = await heard(PydanticAgent(searching(steps)))

    assert not any(isinstance(event, Status) for event in events)
    assert shown(events) == "Paris"


async def test_thoughts_are_reasoning() -> None:
    thought: Said = {0: DeltaThinkingPart(content="France, ")}
    more: Said = {0: DeltaThinkingPart(content="so Paris")}

    events = await heard(PydanticAgent(Agent(scripted([thought, more, "Paris"]))))

    assert events[:3] == [Reasoning("France, "), Reasoning("so Paris"), Text("Paris")]


async def test_usage_of_all_steps_is_counted_together() -> None:
    one = await heard(PydanticAgent(Agent(scripted(["Paris"]))))
    two = await heard(PydanticAgent(searching(scripted([calls("search_docs")], ["Paris"]))))

    [first], [both] = ([e for e in events if isinstance(e, Usage)] for events in (one, two))
    assert both.input_tokens > first.input_tokens


async def test_words_that_a_validator_sends_back_are_taken_back() -> None:
    agent = Agent(scripted(["Lyon"], ["Paris"]))

    @agent.output_validator
    def validate(output: str) -> str:
        if output == "Lyon":
            raise ModelRetry("look again")
        return output

    events = await heard(PydanticAgent(agent))

    assert [Text("Lyon"), Retracted(0, "the agent did not accept it")] == events[:2]
    assert shown(events) == "Paris"


async def test_what_a_validator_makes_of_the_words_is_what_stays() -> None:
    agent = searching(scripted(["One moment.", calls("search_docs")], ["Paris, ring 555-1234"]))

    @agent.output_validator
    def validate(output: str) -> str:
        return output.replace("555-1234", "[number]")

    assert shown(await heard(PydanticAgent(agent))) == "One moment.\n\nParis, ring [number]"


def shortened(text: str) -> str:
    return text.removeprefix("Draft: ")


def emptied(text: str) -> str:
    return ""


@pytest.mark.parametrize(("make", "left"), [(shortened, "It is Paris."), (emptied, "")])
@pytest.mark.parametrize("by", ["validator", "TextOutput"])
async def test_words_that_are_taken_from_the_front_of_the_output_are_not_shown(
    make: Callable[[str], str], left: str, by: str
) -> None:
    steps = scripted(["Draft: ", "It is ", "Paris."])
    agent: Agent[None, str] = (
        Agent(steps, output_type=TextOutput(make)) if by == "TextOutput" else Agent(steps)
    )
    if by == "validator":
        agent.output_validator(make)

    assert shown(await heard(PydanticAgent(agent))) == left


async def test_a_connection_that_breaks_under_an_answer_cuts_it_off() -> None:
    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        yield "Half an"
        raise theirs.ModelConnectionError("m", SECRET)

    agent = Agent(FunctionModel(stream_function=stream))
    events, error = await until_it_breaks(PydanticAgent(agent).stream(PROMPT))

    assert events == [Text("Half an")]
    assert type(error) is ModelCut
    assert SECRET not in str(error)


async def test_what_an_output_tool_gives_is_the_answer() -> None:
    def answer(city: str) -> str:
        return f"It is {city}."

    steps = scripted([calls("final_result", '{"city": "Paris"}')])

    assert shown(await heard(PydanticAgent(Agent(steps, output_type=answer)))) == "It is Paris."


async def test_an_agent_whose_output_is_no_text_says_so_to_its_owner() -> None:
    class City(BaseModel):
        name: str

    steps = scripted([calls("final_result", '{"name": "Paris"}')])

    with pytest.raises(ModelMisconfigured, match="City"):
        await heard(PydanticAgent(Agent(steps, output_type=City)))


async def test_their_own_test_model_answers() -> None:
    events = await heard(PydanticAgent(Agent(TestModel(custom_output_text="Paris it is."))))

    assert shown(events) == "Paris it is."
    assert events[-1] == Finished()


# --- What it is asked ---------------------------------------------------------------


async def sent(agent: Agent[Any, str], prompt: Prompt) -> list[ModelMessage]:
    """The messages that reach the model."""
    found: list[ModelMessage] = []

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        found.extend(messages)
        yield "Paris"

    with agent.override(model=FunctionModel(stream_function=stream)):
        await heard(PydanticAgent(agent), prompt)
    return found


async def test_the_thread_is_its_history_and_our_instructions_come_after_its_own() -> None:
    agent = Agent(instructions="Be brief.", system_prompt="You are Ann.")
    lines = (Message("user", "Hello"), Message("assistant", "Hi."), Message("user", "Capital of France?"))

    messages = await sent(agent, Prompt(lines, instructions="Cite the handbook."))

    first, second, third = messages
    assert isinstance(first, ModelRequest)
    assert isinstance(second, ModelResponse)
    assert isinstance(third, ModelRequest)
    assert [(part.part_kind, part.content) for part in first.parts] == [  # type: ignore[union-attr]
        ("system-prompt", "You are Ann."),
        ("user-prompt", "Hello"),
    ]
    assert second.text == "Hi."
    assert third.parts[-1].content == "Capital of France?"  # type: ignore[union-attr]
    assert (third.instructions or "").split("\n\n") == ["Be brief.", "Cite the handbook."]


async def test_a_clients_wishes_reach_the_model() -> None:
    found: dict[str, object] = {}

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        found.update(info.model_settings or {})
        yield "Paris"

    wishes: dict[str, object] = {"temperature": 0.2, "max_tokens": 9, "stop": "END", "n": 3}
    await heard(
        PydanticAgent(Agent(FunctionModel(stream_function=stream))), Prompt(PROMPT.messages, options=wishes)
    )

    assert found == {"temperature": 0.2, "max_tokens": 9, "stop_sequences": ["END"]}


async def test_its_tools_get_what_they_depend_on() -> None:
    agent = Agent(scripted([calls("whose")], ["Done"]), deps_type=str)
    seen: list[str] = []

    @agent.tool
    def whose(ctx: RunContext[str]) -> str:
        seen.append(ctx.deps)
        return "ok"

    await heard(PydanticAgent(agent, deps="Ann's"))

    assert seen == ["Ann's"]


# --- How it fails and is left ---------------------------------------------------------


def failing(exc: Exception) -> FunctionModel:
    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        words: tuple[str, ...] = ()
        for word in words:
            yield word
        raise exc

    return FunctionModel(stream_function=stream)


def http(status: int, **more: Any) -> theirs.ModelHTTPError:
    return theirs.ModelHTTPError(status, "scripted-1", body={"message": SECRET}, **more)


@pytest.mark.parametrize(
    ("raised", "ours"),
    [
        (http(429), ModelBusy),
        (http(529), ModelBusy),
        (http(500), ModelUnreachable),
        (http(401), ModelMisconfigured),
        (http(400), ModelRefused),
        (theirs.ModelRateLimitError("m", SECRET), ModelBusy),
        (theirs.ModelOverloadedError("m", SECRET), ModelBusy),
        (theirs.ConcurrencyLimitExceeded(SECRET), ModelBusy),
        (theirs.ModelConnectionError("m", SECRET), ModelUnreachable),
        (theirs.ModelTimeoutError("m", SECRET), ModelStalled),
        (theirs.ModelAuthenticationError("m", SECRET), ModelMisconfigured),
        (theirs.UserError(SECRET), ModelMisconfigured),
        (theirs.ModelContextWindowExceededError("m", SECRET), ModelRefused),
        (theirs.ContentFilterError(SECRET, SECRET), ModelRefused),
        (theirs.UnexpectedModelBehavior(SECRET, SECRET), ModelError),
        (ValueError(SECRET), ModelError),
    ],
    ids=lambda value: "" if isinstance(value, type) else f"{type(value).__name__}",
)
async def test_their_errors_become_ours_and_keep_their_words_to_themselves(
    raised: Exception, ours: type[ModelError]
) -> None:
    with pytest.raises(ours) as caught:
        await heard(PydanticAgent(Agent(failing(raised))))

    assert type(caught.value) is ours
    assert SECRET not in str(caught.value)


async def test_a_code_that_is_a_sentence_keeps_peoples_words_to_itself() -> None:
    raised = http(400, provider_error_code="not allowed: the capital of France")

    with pytest.raises(ModelRefused, match=r"not allowed: the \[\.\.\.\] of \[\.\.\.\]"):
        await heard(PydanticAgent(Agent(failing(raised))))


async def test_a_wait_that_is_asked_for_is_passed_on() -> None:
    with pytest.raises(ModelBusy) as caught:
        await heard(PydanticAgent(Agent(failing(http(429, retry_after=7.0)))))

    assert caught.value.retry_after_s == 7.0


async def test_when_all_of_its_models_fail_the_last_is_heard() -> None:
    model = FallbackModel(failing(http(401)), failing(http(429)))

    with pytest.raises(ModelBusy):
        await heard(PydanticAgent(Agent(model)))


async def test_a_tool_that_breaks_is_told_with_its_place_and_without_its_words() -> None:
    agent = Agent(scripted([calls("broken")], ["Paris"]))

    @agent.tool_plain
    def broken() -> str:
        raise ValueError(SECRET)

    with pytest.raises(ModelError, match=r"ValueError at .*test_pydantic_ai\.py:\d+ in broken") as caught:
        await heard(PydanticAgent(agent))
    assert SECRET not in str(caught.value)


async def test_a_limit_of_its_own_is_a_refusal() -> None:
    class Limited(Agent[None, str]):
        def run_stream_events(self, *args: Any, **kwargs: Any) -> Any:
            return super().run_stream_events(*args, usage_limits=UsageLimits(request_limit=1), **kwargs)

    agent = Limited(scripted([calls("search_docs")], ["Paris"]))
    agent.tool_plain(_search_docs)

    with pytest.raises(ModelRefused, match="UsageLimitExceeded"):
        await heard(PydanticAgent(agent))


def _search_docs() -> str:
    return "nothing"


_search_docs.__name__ = "search_docs"


async def _leave(model: PydanticAgent) -> None:
    async with aclosing(model.stream(PROMPT)) as events:
        await anext(events)


async def _cancel(model: PydanticAgent) -> None:
    events = model.stream(PROMPT)
    await anext(events)
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.wait([waiting], timeout=0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize("leave", [_leave, _cancel])
async def test_whoever_leaves_ends_the_run_and_no_task_is_left(leave: Callable[..., Any]) -> None:
    closed = asyncio.Event()

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        try:
            yield "Pa"
            await asyncio.Event().wait()
        finally:
            closed.set()

    before = asyncio.all_tasks()
    async with asyncio.timeout(5):
        await leave(PydanticAgent(Agent(FunctionModel(stream_function=stream))))
        await closed.wait()

    assert asyncio.all_tasks() == before


# --- In an engine -------------------------------------------------------------------------


async def test_in_a_conversation_it_knows_what_was_said_before(tmp_path: Path) -> None:
    asked: list[int] = []
    held = asyncio.Event()

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Any]:
        asked.append(len(messages))
        yield "Let me look."
        if len(asked) == 1:
            yield calls("search_docs")
        else:
            await held.wait()

    model = PydanticAgent(searching(FunctionModel(stream_function=stream)))
    async with Stage(tmp_path).story(model) as story:
        first = (await story.ask("Who are you?")).turn.id
        seen = await story.seen_until(first, "Let me look.\n\nLet me look.")
        held.set()
        done = await story.view(first)
        second = await story.view((await story.ask("And then?")).turn.id)
        report, _ = await story.reported(2)

    assert Status("Using search_docs…") in [entry.event for entry in seen]
    assert (done.state, done.text) == ("done", "Let me look.\n\nLet me look.")
    assert second.text == "Let me look."
    # The question; with its call and the tool's answer; with the first turn before it.
    assert asked == [1, 3, 3]
    assert (report.model, report.usage.output_tokens > 0) == ("function::stream", True)


async def test_a_turn_that_is_stopped_stops_the_run(tmp_path: Path) -> None:
    closed = asyncio.Event()

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        try:
            yield "Pa"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with Stage(tmp_path).story(PydanticAgent(Agent(FunctionModel(stream_function=stream)))) as story:
        turn = (await story.ask()).turn.id
        await story.seen_until(turn, "Pa")
        await story.engine.stop(ANN, turn)
        view = await story.ended(turn)
        await closed.wait()

    assert (view.state, view.text) == ("stopped", "Pa")


async def test_an_agent_that_is_busy_gives_way_to_another_model(tmp_path: Path) -> None:
    agent = Agent(failing(theirs.ModelRateLimitError("m", SECRET)), name="first")
    async with Stage(tmp_path).story(Fallback([PydanticAgent(agent), ScriptedModel(["Paris"])])) as story:
        view = await story.view((await story.ask()).turn.id)

    assert view.text == "Paris"


# --- Given to an assistant --------------------------------------------------------------


async def test_an_assistant_takes_an_agent_as_its_model() -> None:
    assistant = Assistant(searching(scripted(["Paris"])), instructions="Be brief.")

    choice = await assistant.choose(assistant.settings())

    assert choice.name == "pydantic-ai/handbook"


def test_an_agent_without_a_name_is_called_by_its_model() -> None:
    assert PydanticAgent(Agent(scripted([]))).name == "pydantic-ai/scripted-1"
    assert PydanticAgent(Agent()).name == "pydantic-ai/agent"
