"""Logs of turns for the channels' tests: written out, or drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from penstock.core.events import (
    Cited,
    Entry,
    Event,
    Failed,
    Finished,
    FinishReason,
    Noted,
    Passage,
    Reasoning,
    Restarted,
    Retracted,
    Status,
    StepDone,
    Stopped,
    Text,
    ToolCalled,
    ToolReturned,
    Unknown,
    Usage,
    Waiting,
)

TURN = "t1"


def log(*events: Event, first: int = 1, attempt: int = 1) -> list[Entry]:
    """Entries in their places; a `Restarted` begins the attempt it names."""
    entries = []
    for number, event in enumerate(events, first):
        if isinstance(event, Restarted):
            attempt = event.attempt
        entries.append(Entry(number, attempt, event))
    return entries


def cut(entries: Sequence[Entry], *at: int) -> list[Sequence[Entry]]:
    """The entries as wake-ups bring them, cut at these places."""
    edges = [0, *sorted(at), len(entries)]
    return [entries[a:b] for a, b in pairwise(edges)]


words = st.sampled_from(["", "Pa", "ris ", "Grüße ", "🙂", '"\n\r\n\\', "data: x\n\n", "\u2028 "])
_texts = st.builds(Text, words)
_reasonings = st.builds(Reasoning, words)
_passages = st.builds(Passage, source=words, text=words, heading=words, score=st.sampled_from([0.0, 0.5]))
_counts = st.integers(0, 9)
_usages = st.builds(Usage, model=st.sampled_from(["", "a", "b"]), input_tokens=_counts, output_tokens=_counts)
_reasons: st.SearchStrategy[FinishReason] = st.sampled_from(["complete", "length", "blocked", "refused"])
_ends: st.SearchStrategy[Event] = st.one_of(
    st.builds(Finished, _reasons),
    st.builds(Stopped, st.sampled_from(["person", "time"])),
    st.just(Failed("model_cut", "The answer was cut off.", "ref-1")),
)
_anything: st.SearchStrategy[Event] = st.one_of(
    _texts,
    _texts,
    _texts,
    _reasonings,
    st.builds(Status, st.sampled_from(["Searching", "Reading", ""])),
    st.builds(Waiting, _counts),
    st.builds(Cited, st.integers(1, 9), _passages),
    _usages,
    st.just(StepDone()),
    st.just(Noted("trimmed", {"turns": 2})),
    st.just(Unknown("later")),
    st.builds(Retracted, st.integers(0, 12)),
    st.just(Restarted(0)),
    st.just(ToolCalled("", "search", '{"q": 1}')),
    st.just(ToolReturned("", "found")),
)


def _numbered(events: Sequence[Event]) -> list[Event]:
    """The events with attempts that count up and tool calls that have ids."""
    attempt, called, found = 1, 0, []
    for event in events:
        if isinstance(event, Restarted):
            attempt += 1
            event = Restarted(attempt)
        elif isinstance(event, ToolCalled):
            called += 1
            event = ToolCalled(f"call-{called}", event.name, event.arguments)
        elif isinstance(event, ToolReturned):
            event = ToolReturned(f"call-{called}", event.text)
        found.append(event)
    return found


events = st.tuples(st.lists(_anything, max_size=25), _ends | st.none()).map(
    lambda drawn: _numbered([*drawn[0], *([drawn[1]] if drawn[1] else [])])
)
logs = events.map(lambda drawn: log(*drawn))
live_tails = st.lists(_texts | _reasonings, max_size=6)
"""What a reader may have seen live and the journal never got."""
