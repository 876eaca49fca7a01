"""The official AG-UI client for JavaScript reads what the web channel writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.channels.web import Asked, Line, Sse
from penstock.core.cursor import Cursor
from penstock.core.events import (
    Cited,
    Entry,
    Failed,
    Finished,
    Passage,
    Reasoning,
    Restarted,
    Status,
    Stopped,
    Text,
    ToolCalled,
    ToolReturned,
    Usage,
)
from penstock.core.turn import fold
from tests.channels.official_clients import Page as ServedPage
from tests.channels.official_clients import run, serving
from tests.channels.turn_logs import TURN, log, logs

EARLIER: list[Line] = [
    {"id": "q0", "role": "user", "content": "Hello?"},
    {"id": "t0:0:reasoning", "role": "reasoning", "content": "Greet."},
    {"id": "t0:0", "role": "assistant", "content": "Hi."},
    {"id": "q1", "role": "user", "content": "Capital of France?"},
]


def stream(entries: Sequence[Entry], after: int = 0, until: int | None = None) -> bytes:
    """A connection that begins after `after` entries and breaks after `until`."""
    seen = entries[after - 1] if after else None
    reader = Sse("web:1", TURN, seen=Cursor(TURN, seen.attempt, seen.number) if seen else None)
    reader.earlier = EARLIER
    reader.skip(entries[:after])
    return reader.opening() + reader.encode(entries[after:until])


def client(*clients: Sequence[bytes]) -> list[dict[str, Any]]:
    """What the official client makes of the streams that each of these clients reads in turn."""
    pages = {f"/{c}/{n}": stream for c, streams in enumerate(clients) for n, stream in enumerate(streams)}
    with serving({path: ServedPage(body) for path, body in pages.items()}) as url:
        cases = [
            {"messages": EARLIER, "paths": [f"/{c}/{n}" for n in range(len(streams))]}
            for c, streams in enumerate(clients)
        ]
        found = run("agui.mjs", {"url": url, "cases": cases})
    assert found["warnings"] == []
    return list(found["cases"])


def said(case: dict[str, Any]) -> dict[str, str]:
    """Message id to content, of everything with words in it but what tools returned."""
    return {m["id"]: m["content"] for m in case["messages"] if m.get("content") and m["role"] != "tool"}


def conversation(entries: Sequence[Entry]) -> dict[str, str]:
    view = fold(e.event for e in entries)
    answer = {f"t1:{view.epoch}:reasoning": view.reasoning, f"t1:{view.epoch}": view.text}
    return {m["id"]: m["content"] for m in EARLIER} | {id_: text for id_, text in answer.items() if text}


WHOLE = log(
    Status("Searching"),
    Reasoning("Hm. "),
    Text("Pa"),
    Cited(1, Passage("a.md", "Paris is …")),
    ToolCalled("c1", "search", '{"q":1}'),
    ToolReturned("c1", "found"),
    Text("ris"),
    Usage("m", 3, 4),
    Finished("length"),
)


def test_it_accepts_a_whole_answer() -> None:
    [case] = client([stream(WHOLE)])

    assert said(case) == conversation(WHOLE)
    assert case["failures"] == []
    assert (case["outcome"], case["results"]) == ("success", [{"finish": "length"}])
    assert case["usage"] == [{"model": "m", "inputTokens": 3, "outputTokens": 4, "totalTokens": 7}]
    assert [name for name, _ in case["customs"]] == ["penstock.status", "penstock.passage_cited"]
    calls = [m["toolCalls"] for m in case["messages"] if m["id"] == "t1:0"]
    assert calls[0][0]["function"] == {"name": "search", "arguments": '{"q":1}'}


def test_the_client_that_had_the_first_half_ends_with_the_whole() -> None:
    halves = ([stream(WHOLE, until=n), stream(WHOLE, after=n)] for n in range(len(WHOLE)))

    for case in client(*halves):
        assert said(case) == conversation(WHOLE)
        assert case["failures"] == []


def test_a_fresh_client_accepts_the_second_half_alone() -> None:
    fresh = client(*([stream(WHOLE, after=n)] for n in range(len(WHOLE))))

    assert [case["failures"] for case in fresh] == [[]] * len(WHOLE)
    assert said(fresh[4])["t1:0"] == "ris"


def test_it_accepts_a_restart_and_forgets_what_was_taken_back() -> None:
    entries = log(Reasoning("Hm"), Text("Lond"), Restarted(2), Text("Paris"), Finished())
    connections = ([stream(entries, until=n), stream(entries, after=n)] for n in range(len(entries)))

    for case in client([stream(entries)], *connections):
        assert said(case) == {**{m["id"]: m["content"] for m in EARLIER}, "t1:1": "Paris"}
        assert case["failures"] == []


def test_it_forgets_what_it_saw_live_and_the_log_never_got() -> None:
    shown = log(Text("Pa"), Reasoning("lost"), Text("lost"))
    settled = [*shown[:1], *log(Restarted(2), Text("Paris"), Finished(), first=2, attempt=2)]
    again = Sse("web:1", TURN, seen=Cursor(TURN, 1, 3))
    again.earlier = EARLIER
    again.skip(settled[:1])

    [case] = client([stream(shown), again.opening() + again.encode(settled[1:])])

    assert said(case) == conversation(settled)


def test_it_accepts_a_stopped_answer_as_cancelled() -> None:
    entries = log(Text("Pa"), Stopped("person"))

    [case] = client([stream(entries)])

    assert (case["outcome"], said(case)["t1:0"]) == ("cancelled", "Pa")
    assert case["customs"] == [["penstock.stopped", {"by": "person"}]]


def test_it_accepts_a_failure_and_keeps_the_words_so_far() -> None:
    [case] = client([stream(log(Text("Pa"), Usage("m", 1, 1), Failed("model_cut", "Cut off.", "ref-7")))])

    assert said(case)["t1:0"] == "Pa"
    [failure] = case["failures"]
    assert (failure["message"], failure["code"]) == ("Cut off.", "model_cut")
    assert failure["metadata"] == {"reference": "ref-7"}


def test_it_learns_the_question_it_did_not_ask() -> None:
    question: Line = {"id": "q9", "role": "user", "content": "And of Spain?"}
    reader = Sse("web:1", TURN, asked=Asked([question], "t0", 1_700_000_000.5))

    [case] = client([reader.opening() + reader.encode(log(Text("Madrid"), Finished()))])

    assert said(case)["q9"] == "And of Spain?"


def test_it_reads_a_thread_in_which_a_question_was_asked_again() -> None:
    """Turn after turn on one connection, each with its question; the later was asked instead of the first."""
    runs = b""
    for turn, replaces, end in (("t1", "", Stopped("replaced")), ("t2", "t1", Finished())):
        question: Line = {"id": f"q-{turn}", "role": "user", "content": "And of Spain?"}
        reader = Sse("web:1", turn, asked=Asked([question], replaces, 1_700_000_000.5))
        runs += reader.opening() + reader.encode(log(Text(f"{turn}: Madrid"), end))

    [case] = client([runs])

    assert case["failures"] == []
    assert list(said(case))[-4:] == ["q-t1", "t1:0", "q-t2", "t2:0"]
    assert said(case)["t2:0"] == "t2: Madrid"


def test_it_agrees_with_the_fold_on_any_log_read_in_any_pieces() -> None:
    drawn: list[tuple[list[Entry], list[int]]] = []

    @settings(max_examples=150, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
    @given(logs, st.lists(st.integers(0, 25), max_size=3))
    def draw(entries: list[Entry], at: list[int]) -> None:
        drawn.append((entries, sorted(min(n, len(entries)) for n in at)))

    draw()
    connections = [
        [stream(entries, a, b) for a, b in zip([0, *at], [*at, None], strict=True)] for entries, at in drawn
    ]
    for (entries, at), case in zip(drawn, client(*connections), strict=True):
        assert said(case) == conversation(entries), (entries, at)
        assert all(isinstance(failure, dict) for failure in case["failures"]), "the client objected"
