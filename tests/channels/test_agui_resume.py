"""Whatever is in the log, however wake-ups and connections cut it: the reader sees the fold."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from penstock.channels.web import Agui, Frames, Line, Socket, Sse
from penstock.core.cursor import Begun, Cursor, parse, resume
from penstock.core.events import (
    Cited,
    Entry,
    Event,
    Passage,
    Reasoning,
    Restarted,
    StepDone,
    Text,
    ToolCalled,
)
from penstock.core.turn import fold
from tests.channels.agui_reader import Page, Shown
from tests.channels.turn_logs import TURN, cut, live_tails, log, logs

EARLIER: list[Line] = [
    {"id": "q0", "role": "user", "content": "Hello?"},
    {"id": "t0:0", "role": "assistant", "content": "Hi."},
    {"id": "q1", "role": "user", "content": "And now?"},
]
places = st.lists(st.integers(0, 30), max_size=5)


def page() -> Page:
    return Page(*EARLIER)


def shown_by_the_fold(entries: Sequence[Entry]) -> Shown:
    view = fold(e.event for e in entries)
    return Shown(
        state=view.state if view.done else "under way",
        text=view.text,
        reasoning=view.reasoning,
        status=view.status,
        citations=tuple((c.number, c.passage.source, c.passage.text) for c in view.citations),
        ahead=view.ahead,
        finish=view.finish,
        stopped_by=view.stopped_by,
        error=(view.error_code, view.error, view.reference),
        tokens=(view.usage.input_tokens, view.usage.output_tokens) if view.done else (0, 0),
        tools=tuple((e.event.call_id, e.event.arguments) for e in entries if isinstance(e.event, ToolCalled)),
    )


def seen_by(entries: Sequence[Entry], cursor: Cursor | None) -> int:
    """Where the engine goes on for this cursor: how many of the entries it need not give again."""
    if cursor is None or not entries:
        return 0
    begins: list[Begun] = []
    for entry in entries:
        if not begins or begins[-1].attempt != entry.attempt:
            begins.append(Begun(entry.attempt, entry.number))
    over = fold(e.event for e in entries).done
    last = entries[-1]
    return resume(cursor, turn=TURN, attempt=last.attempt, begins=begins, last=last.number, over=over)


def connect(
    kind: type[Agui], entries: Sequence[Entry], cursor: Cursor | None, at: Sequence[int] = ()
) -> list[bytes]:
    """What a connection brings, in wake-ups cut at these places."""
    reader = kind("web:1", TURN, seen=cursor)
    known = seen_by(entries, cursor)
    reader.skip(entries[:known])
    sent = [reader.opening()]
    for woken in cut(entries[known:], *(min(n, len(entries) - known) for n in at)):
        if reader.needs_earlier(woken):
            reader.earlier = EARLIER
        sent.append(reader.encode(woken))
    return sent


def cursor_of(reader: Page) -> Cursor | None:
    return parse(reader.cursor) if reader.cursor else None


@given(logs, places)
def test_a_reader_sees_the_fold_however_wake_ups_cut_the_log(entries: list[Entry], at: list[int]) -> None:
    reader = page()

    reader.read_sse(b"".join(connect(Sse, entries, None, at)))

    assert reader.shown() == shown_by_the_fold(entries)


@given(logs, places)
def test_a_reader_on_a_websocket_sees_the_same(entries: list[Entry], at: list[int]) -> None:
    reader = page()

    reader.read_frames(connect(Socket, entries, None, at))

    assert reader.shown() == shown_by_the_fold(entries)


@given(logs, st.lists(st.floats(0, 1), max_size=4), places)
def test_a_stream_cut_at_any_byte_any_number_of_times_goes_on_where_it_was(
    entries: list[Entry], cuts: list[float], at: list[int]
) -> None:
    reader = page()

    for share in cuts:
        stream = b"".join(connect(Sse, entries, cursor_of(reader), at))
        reader.read_sse(stream[: int(share * len(stream))])
    reader.read_sse(b"".join(connect(Sse, entries, cursor_of(reader), at)))

    assert reader.shown() == shown_by_the_fold(entries)


@given(logs, st.integers(0, 30), st.integers(0, 10))
def test_a_websocket_that_closes_after_any_frame_goes_on_where_it_was(
    entries: list[Entry], written: int, frames: int
) -> None:
    reader = page()

    reader.read_frames(connect(Socket, entries[:written], None, range(30))[:frames])
    reader.read_frames(connect(Socket, entries, cursor_of(reader)))

    assert reader.shown() == shown_by_the_fold(entries)


def after_a_crash(journaled: Sequence[Entry], then: Sequence[Event]) -> list[Entry]:
    """The log as the next attempt wrote it on: it knows nothing of what was only shown."""
    last = journaled[-1] if journaled else Entry(0, 1, StepDone())
    if journaled and fold(e.event for e in journaled).done:
        return list(journaled)
    begun = Restarted(last.attempt + 1)
    return [*journaled, *log(begun, *then, first=last.number + 1)]


@given(logs, live_tails, live_tails, st.integers(0, 30))
@example([], [Text("lost")], [Text("kept")], 30)
@example([], [Reasoning("lost")], [Reasoning("kept"), Reasoning(" and more")], 30)
@example(log(Cited(1, Passage("a.md", "…")), StepDone()), [Reasoning("lost")], [], 30)
def test_what_was_seen_live_and_never_journaled_is_taken_back(
    journaled: list[Entry], lost: list[Event], then: list[Event], read: int
) -> None:
    over = fold(e.event for e in journaled).done
    last = journaled[-1] if journaled else Entry(0, 1, StepDone())
    tail = [] if over else log(*lost, first=last.number + 1, attempt=last.attempt)
    settled = after_a_crash(journaled, then)
    reader = page()

    live = connect(Sse, [*journaled, *tail], None, range(30))
    reader.read_sse(b"".join(live[:read]))
    reader.read_sse(b"".join(connect(Sse, settled, cursor_of(reader))))

    shown, meant = reader.shown(), shown_by_the_fold(settled)
    if not any(isinstance(entry.event, Reasoning) for entry in settled):
        # Only a line of reasoning takes reasoning off the official client's screen, and a snapshot has
        # none while the log never had any.
        shown = shown._replace(reasoning="")
    assert shown == meant


def test_a_reader_ahead_of_a_log_without_reasoning_gets_no_empty_line_of_it() -> None:
    reader = page()
    reader.read_sse(b"".join(connect(Sse, log(Text("lo"), Text("st")), None)))

    reader.read_sse(b"".join(connect(Sse, after_a_crash([], [Text("kept")]), cursor_of(reader))))

    # As docs/http-api.md says: nothing of it was written down, so the id is the same again.
    assert reader.events[-4:] == [
        {"type": "CUSTOM", "name": "penstock.taken_back", "value": {"epoch": 0, "citations": []}},
        {"type": "MESSAGES_SNAPSHOT", "messages": EARLIER},
        {"type": "TEXT_MESSAGE_START", "messageId": "t1:0", "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "t1:0", "delta": "kept"},
    ]
    assert reader.shown().text == "kept"


@given(logs, live_tails, st.integers(0, 6))
def test_a_reader_ahead_of_the_journal_waits_for_it(
    journaled: list[Entry], tail: list[Event], written: int
) -> None:
    if fold(e.event for e in journaled).done:
        return
    last = journaled[-1] if journaled else Entry(0, 1, StepDone())
    entries = [*journaled, *log(*tail, first=last.number + 1, attempt=last.attempt)]
    reader = page()
    reader.read_sse(b"".join(connect(Sse, entries, None)))

    # Back before the journal is: the rest of what it has seen comes in by and by.
    again = Sse("web:1", TURN, seen=cursor_of(reader))
    again.earlier = EARLIER
    so_far = len(journaled) + min(written, len(tail))
    again.skip(entries[: len(journaled)])
    stream = again.opening() + again.encode(entries[len(journaled) : so_far]) + again.encode(entries[so_far:])
    more = log(Text("more"), first=len(entries) + 1, attempt=last.attempt)
    reader.read_sse(stream + again.encode(more))

    assert reader.shown() == shown_by_the_fold([*entries, *more])


@given(logs, places, places)
def test_sharing_what_was_encoded_changes_nothing(
    entries: list[Entry], at: list[int], other: list[int]
) -> None:
    frames = Frames(TURN)
    readers = [Sse("web:1", TURN, frames=frames) for _ in range(2)]
    streams = [b"", b""]
    for n, places_ in enumerate((at, other)):
        readers[n].earlier = EARLIER
        streams[n] = readers[n].opening()
        for woken in cut(entries, *(min(p, len(entries)) for p in places_)):
            streams[n] += readers[n].encode(woken)

    assert streams[0] == streams[1] == b"".join(connect(Sse, entries, None))
