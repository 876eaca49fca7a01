"""The demo model: quotes that answer, said for what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.core.events import Cited, Event, Finished, Passage, Text, Usage
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.errors import ConfigError
from penstock.knowledge.local import Local
from penstock.models.demo.model import Demo, answer, words
from penstock.models.demo.phrases import ENGLISH, JAPANESE

_DOCS = Path(__file__).parents[2] / "docs"

LEAVE = Passage(
    source="handbook/leave.md",
    heading="Leave > Parents",
    text="Everybody likes holidays. Parents have a year of leave.\n"
    "The rest of us have twenty days. Ask early.",
    score=2.0,
)
TRAVEL = Passage(
    source="handbook/travel.md",
    heading="Travel",
    text="To see the timetable, run:\n\n```sh\n# quietly\ntrains --all\n\ntrains --today\n```\n\n"
    "Hotels cost 120.",
    score=1.0,
)
休暇 = Passage(
    source="休暇.md",
    heading="休暇",
    text="休暇は二十日です。有給休暇の申請は\n上司へ出してください。",
    score=2.0,
)


async def no_pause(_: float) -> None: ...


def asked(question: str, *passages: Passage, earlier: Sequence[Message] = ()) -> Prompt:
    return Prompt(messages=(*earlier, Message("user", question)), passages=passages)


def heard(prompt: Prompt) -> list[Event]:
    async def hear() -> list[Event]:
        return [event async for event in Demo(sleep=no_pause).stream(prompt)]

    return asyncio.run(hear())


def said(question: str, *passages: Passage, first: bool = False) -> str:
    events = answer(question, passages, first=first)
    text = "".join(event.text for event in events if isinstance(event, Text))
    return text.removesuffix(ENGLISH.reminder).removesuffix(JAPANESE.reminder)


# --- What it says ----------------------------------------------------------------


def test_the_sentence_that_answers_is_quoted_with_its_source() -> None:
    assert said("How many days do the rest of us have?", TRAVEL, LEAVE).endswith(
        "The rest of us have twenty days. [2]"
    )


def test_a_section_whose_heading_speaks_of_the_question_is_quoted_from_its_start() -> None:
    assert said("parents?", LEAVE).startswith("Everybody likes holidays. Parents have a year of leave.")


def test_code_is_quoted_whole_with_the_sentence_that_introduces_it() -> None:
    assert said("show me the timetable", TRAVEL) == (
        "To see the timetable, run:\n\n```sh\n# quietly\ntrains --all\n\ntrains --today\n```\n\n[1]"
    )


def test_lists_and_tables_are_quoted_whole() -> None:
    text = "Colours are:\n\n- red,\n  or so\n- blue\n\n| size | cm |\n|---|---|\n| small | 10 |"
    passage = Passage(source="a.md", text=text)

    assert said("Which colours?", passage) == "Colours are:\n\n- red, or so\n- blue [1]"
    assert said("what size is small?", passage) == "| size | cm |\n|---|---|\n| small | 10 |\n\n[1]"


def test_of_a_long_list_or_table_only_what_fits_is_quoted() -> None:
    head = "| colour | use |\n|---|---|\n"
    names = [f"colour{n}" for n in range(40)]
    table = Passage(
        source="a.md", text=head + "\n".join(f"| {name} | paint number {name} |" for name in names)
    )
    bullets = Passage(source="a.md", text="\n".join(f"- {name} is a fine paint" for name in names))

    assert said("paint colour7", table) == f"{head}| colour7 | paint number colour7 |\n\n[1]"
    assert said("paint colour7", bullets) == "- colour7 is a fine paint [1]"


def test_a_link_inside_the_documents_is_quoted_as_its_words() -> None:
    text = "Trains are in [the timetable](../times.md), see [the web](https://example.org/)."

    assert said("trains?", Passage(source="a.md", text=text)) == (
        "Trains are in the timetable, see [the web](https://example.org/). [1]"
    )


def test_japanese_is_answered_from_japanese_in_japanese() -> None:
    events = answer("有給休暇の申請はどうすればいいですか？", [休暇], first=False)

    text = "".join(event.text for event in events if isinstance(event, Text))
    assert text == f"有給休暇の申請は上司へ出してください。 [1]{JAPANESE.reminder}"


def test_the_language_of_the_sources_is_kept() -> None:
    passage = Passage(source="a.md", text="Die Probezeit dauert sechs Monate. Danach nicht mehr.")

    assert said("Wie lange dauert die Probezeit?", passage) == "Die Probezeit dauert sechs Monate. [1]"


@pytest.mark.parametrize(
    ("question", "sentence"),
    [("What is the capital of France?", ENGLISH.nothing), ("フランスの首都はどこですか", JAPANESE.nothing)],
)
def test_when_it_has_found_nothing_it_says_so_and_what_to_do(question: str, sentence: str) -> None:
    for passages in ((), (LEAVE, TRAVEL)):
        assert said(question, *passages) == sentence
    assert "penstock index" in sentence
    assert "OPENAI_API_KEY" in sentence
    assert "ANTHROPIC_API_KEY" in sentence
    assert "Ollama" in sentence


def test_it_says_which_words_it_did_not_find() -> None:
    text = said("How much leave do astronauts have?", LEAVE)

    assert text.startswith("The passages I found do not mention *astronauts*. The nearest say:\n\n")
    assert text.endswith(" [1]")


@pytest.mark.parametrize(
    ("courtesy", "reply"),
    [
        ("hello", ENGLISH.greeting),
        ("Hi there!", ENGLISH.greeting),
        ("Bonjour", ENGLISH.greeting),
        ("こんにちは！", JAPANESE.greeting),
        ("Who are you?", ENGLISH.about),
        ("help", ENGLISH.about),
        ("Thanks a lot!", ENGLISH.thanks),
        ("ありがとうございます。", JAPANESE.thanks),
    ],
)
def test_a_courtesy_is_returned_whatever_was_found(courtesy: str, reply: str) -> None:
    assert said(courtesy, LEAVE, TRAVEL) == reply


def test_a_greeting_before_a_question_does_not_hide_it() -> None:
    assert "a year" in said("Hello, how much leave do parents have?", LEAVE)


def test_it_says_what_it_is_at_length_first_and_briefly_later() -> None:
    first = heard(asked("Leave for parents?", LEAVE))
    earlier = (Message("user", "hello"), Message("assistant", "Hello!"))
    later = heard(asked("Leave for parents?", LEAVE, earlier=earlier))

    def text(events: list[Event]) -> str:
        return "".join(event.text for event in events if isinstance(event, Text))

    assert text(first).startswith(ENGLISH.who)
    assert not text(later).startswith(ENGLISH.who)
    assert text(later).endswith(ENGLISH.reminder)


@given(
    st.text(), st.lists(st.builds(Passage, source=st.text(), text=st.text(), heading=st.text()), max_size=4)
)
@example("x", [Passage(source="", text="x" * 5_000)])
@example("a", [Passage(source="a", text="", heading="a"), Passage(source="b", text="b", heading="b")])
def test_any_question_and_any_passages_get_an_answer(question: str, passages: list[Passage]) -> None:
    events = answer(question, passages, first=True)

    numbers = [event.number for event in events if isinstance(event, Cited)]
    assert all(passages[event.number - 1] == event.passage for event in events if isinstance(event, Cited))
    assert len(numbers) == len(set(numbers))
    assert events


# --- How it says it -----------------------------------------------------------------


def test_each_passage_is_cited_once_before_the_text_that_rests_on_it() -> None:
    events = heard(asked("Leave, hotels and the timetable?", LEAVE, TRAVEL))

    for number in (1, 2):
        cited = [at for at, event in enumerate(events) if isinstance(event, Cited) and event.number == number]
        marks = [
            at for at, event in enumerate(events) if isinstance(event, Text) and f"[{number}]" in event.text
        ]
        assert len(cited) == 1
        assert cited[0] < marks[0]


def test_an_answer_ends_with_its_usage_and_the_end_mark() -> None:
    *_, usage, end = heard(asked("Leave for parents?", LEAVE))

    assert end == Finished()
    assert isinstance(usage, Usage)
    assert usage.model == "demo"
    assert usage.input_tokens > 20
    assert usage.output_tokens > 20


@pytest.mark.parametrize("text", ["one two  three\n\nfour ", "休暇は二十日です。Yes, 20 days", "", "\n"])
def test_the_words_put_together_are_the_text(text: str) -> None:
    assert "".join(words(text)) == text
    assert all(words(text))


def test_a_script_without_spaces_is_streamed_too() -> None:
    assert list(words("有給休暇です")) == ["有給", "休暇", "です"]


async def test_each_word_leaves_before_the_next_is_due() -> None:
    pauses: list[float] = []
    go_on = asyncio.Semaphore(0)

    async def held_back(pause_s: float) -> None:
        pauses.append(pause_s)
        await go_on.acquire()

    events = aiter(Demo(words_per_s=20, sleep=held_back).stream(asked("hello")))
    async with asyncio.timeout(5):
        assert await anext(events) == Text("> ")
        assert pauses == []
        go_on.release()
        assert await anext(events) == Text("**No ")
        assert pauses == [1 / 20]


def test_a_pace_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError):
        Demo(words_per_s=0)


# --- From the docs ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Local:
    local = Local(tmp_path_factory.mktemp("data") / "docs.db")
    local.index([_DOCS])
    return local


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("how do I use my own documents?", "penstock index ./handbook\npenstock serve"),
        ("How can I use my documents", "penstock index ./handbook\npenstock serve"),
        ("Can I use PDF files?", "PDF and Word files are not read yet"),
        ("What happens when a file changes?", "run `penstock index ./handbook` again"),
        ("how do I connect a real model?", "set `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`, or run Ollama"),
        ("Are my documents sent anywhere?", "Your documents stay on your machine"),
    ],
)
async def test_a_newcomers_questions_are_answered_from_the_docs(
    docs: Local, question: str, quoted: str
) -> None:
    passages = await docs.search(question, 5)

    text = said(question, *passages)

    assert quoted in text
    assert "do not mention" not in text
    assert len(text) < 1_800
