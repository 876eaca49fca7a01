"""A few words in which the promises are written."""

from __future__ import annotations

from collections.abc import Awaitable

from penstock.core.events import Event, Finished, Text
from penstock.core.overlap import Limits, Overlap
from penstock.core.ports import Batch, Claim, Lease, Received, Store
from penstock.core.question import File, Person, Question
from penstock.core.turn import State, View
from penstock.errors import PenstockError

ANN = Person("acme", "ann")
BOB = Person("acme", "bob")
THREAD = "acme:web:1"
LEASE_S = 30.0
ENOUGH = Limits()


def question(
    id: str = "q1",
    *,
    thread: str = THREAD,
    text: str = "Why?",
    person: Person = ANN,
    files: tuple[File, ...] = (),
) -> Question:
    return Question(id, thread, person, text, files=files)


async def ask(
    store: Store,
    id: str = "q1",
    *,
    thread: str = THREAD,
    text: str = "Why?",
    person: Person = ANN,
    overlap: Overlap = "queue",
    limits: Limits = ENOUGH,
    lease_s: float = 0.0,
) -> Received:
    """Receive a question; a turn of its own is called as the question, with a t."""
    asked = question(id, thread=thread, text=text, person=person)
    return await store.turns.receive(asked, turn_of(id), overlap=overlap, limits=limits, lease_s=lease_s)


def turn_of(question: str) -> str:
    return "t-" + question


async def claim(store: Store, turn: str = "") -> Claim:
    claim = await store.turns.claim(LEASE_S, turn)
    assert claim is not None, "there is a turn to claim"
    return claim


async def start(store: Store, id: str = "q1", *, thread: str = THREAD) -> Claim:
    """Ask, and take the turn."""
    received = await ask(store, id, thread=thread, lease_s=LEASE_S)
    assert received.claim is not None, "the turn is claimed with the question"
    return received.claim


def words(lease: Lease, first: int, *texts: str) -> Batch:
    return Batch(lease, first, [Text(text) for text in texts])


async def end(store: Store, lease: Lease, first: int = 1, *, text: str = "", state: State = "done") -> None:
    """The turn ends with this text as its settled answer."""
    events: list[Event] = [Finished()]
    orders = await store.turns.finish(Batch(lease, first, events), state, View(state=state, text=text))
    assert not orders.lost, "the turn is still ours to end"


async def give_back(store: Store, lease: Lease, first: int = 1) -> None:
    orders = await store.turns.finish(Batch(lease, first, []), "queued", View())
    assert not orders.lost, "the turn is still ours to give back"


async def texts(store: Store, turn: str) -> list[str]:
    """The texts in a turn's log."""
    page = await store.turns.read(turn)
    return [entry.event.text for entry in page.entries if isinstance(entry.event, Text)]


async def refused(act: Awaitable[object], error: type[PenstockError]) -> None:
    try:
        await act
    except error:
        return
    raise AssertionError(f"it is refused with {error.__name__}")
