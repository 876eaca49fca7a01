"""The protocols that adapters fill: Model, Knowledge, and the store behind four small ports.

Every adapter of a kind passes the same contract check in `penstock.testing`. Times are
seconds since the epoch by the store's own clock, which it is given when it is opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from penstock.core.budget import Rate
from penstock.core.cursor import Begun
from penstock.core.events import Entry, Event, Passage
from penstock.core.overlap import Limits, Overlap
from penstock.core.prompt import Prompt
from penstock.core.question import Person, Question, Thread
from penstock.core.turn import State, View

# --- Models and knowledge -----------------------------------------------------


class Model(Protocol):
    """Gives events for a prompt.

    `stream` yields Text, Reasoning, Status, ToolCalled, ToolReturned, StepDone, Cited,
    Retracted, Usage, Noted and, last, Finished: the provider's own end mark. An
    iterator that ends without Finished was cut. It raises `ModelError`s and nothing else
    of its own, and closing it closes the connection, so that a reader who stops also
    stops the bill. It must not retry or time out between events; the engine does that for
    all models alike.
    """

    @property
    def name(self) -> str: ...

    @property
    def window_tokens(self) -> int:
        """How much prompt and answer fit, in tokens."""
        ...

    def stream(self, prompt: Prompt) -> AsyncIterator[Event]: ...


class Knowledge(Protocol):
    async def search(self, query: str, limit: int) -> list[Passage]:
        """The best passages for the query, best first; empty when nothing fits."""
        ...


# --- Turns --------------------------------------------------------------------


class TurnInfo(msgspec.Struct, frozen=True):
    """A turn as the store knows it.

    `attempt` counts the attempts begun, `last` is the number of the newest entry,
    `begins` tells where each attempt's entries begin, `asked_s` when the first
    question was received, `ended_s` when it ended (0: not yet, or before that was kept),
    `given_back` how many attempts were returned unharmed and do not count as tries,
    `replaces` the turn of the thread that this one was asked instead of.
    """

    id: str
    thread: str
    state: State
    attempt: int
    last: int
    begins: tuple[Begun, ...]
    asked_s: float
    given_back: int = 0
    stop_by: str = ""
    ended_s: float = 0.0
    replaces: str = ""

    @property
    def tries(self) -> int:
        return self.attempt - self.given_back


class Lease(msgspec.Struct, frozen=True):
    """A worker's claim on a turn. Whoever holds an older `fence` is refused."""

    turn: str
    fence: int
    attempt: int


class Claim(msgspec.Struct, frozen=True):
    """A turn to be answered now, by whoever got this.

    `first` says that the thread had no turn before this one. `left_until_s` is when the
    lease of a worker that vanished would have ended (0 when there was none): until then,
    its last calls to a channel may still land.
    """

    lease: Lease
    turn: TurnInfo
    questions: tuple[Question, ...]
    until_s: float
    first: bool = False
    left_until_s: float = 0.0


class Received(msgspec.Struct, frozen=True):
    """What became of a question. `claim` is there when the caller asked for the turn and got it."""

    turn: TurnInfo
    repeat: bool = False
    ahead: int = 0
    stop: tuple[str, ...] = ()
    claim: Claim | None = None


class Batch(msgspec.Struct, frozen=True):
    """Consecutive events of one turn; the first has number `first`."""

    lease: Lease
    first: int
    events: Sequence[Event]


class Orders(msgspec.Struct, frozen=True):
    """The answer to a sign of life: the orders that stand, and until when the lease now holds.

    `lost` means that another worker holds the turn, or that it ended: stop at once,
    nothing of the batch was written. `stop_by` is not empty when somebody wants the
    turn stopped.
    """

    until_s: float = 0.0
    lost: bool = False
    stop_by: str = ""


class Page(NamedTuple):
    turn: TurnInfo
    entries: list[Entry]


class Listed(msgspec.Struct, frozen=True):
    """A turn in the owner's lists: who asked, which model answered ("" before the end), its thread's title,
    its question's first 200 characters, and the error's code if it failed."""

    turn: TurnInfo
    person: Person
    model: str = ""
    title: str = ""
    question: str = ""
    error_code: str = ""


class Written(msgspec.Struct, frozen=True):
    """A batch of a log as it was written, with the time; 0 when it is from before times were kept."""

    at_s: float
    first: int
    attempt: int
    events: tuple[Event, ...]


class Cadence(msgspec.Struct, frozen=True):
    """How often a turn's log is journaled: the first batch after `first_s`, then each wait
    `grow` times longer, up to `most_s`. Past `max_s` or `max_bytes` unjournaled, reading the model pauses."""

    first_s: float = 0.1
    grow: float = 1.0
    most_s: float = 0.1
    max_s: float = 1.0
    max_bytes: int = 64 * 1024


class Turns(Protocol):
    """Questions, turns and their logs. Every method is atomic; none may half-happen."""

    cadence: Cadence

    async def receive(
        self,
        question: Question,
        turn: str,
        *,
        overlap: Overlap = "queue",
        limits: Limits = Limits(),
        lease_s: float = 0.0,
    ) -> Received:
        """Write the question down, once per id, durably, and decide overlap in the same step.

        `turn` is the id that a new turn gets. With `lease_s` over 0 the caller also claims the
        turn if nothing stands before it. A new turn with others before it begins its log with `Waiting`.
        A repeat writes nothing; with `lease_s` it may claim the turn as `claim` would.
        A question that replaces a turn gets a turn of its own, which remembers that. A new thread is called
        by its first question (`title_of`).
        Raises QuestionChanged, Gone (forgotten), ThreadBusy, TooManyQueued, QuestionInvalid (what it
        replaces is no turn of its thread), NotFound (the thread is another person's, or in the bin).
        """
        ...

    async def claim(self, lease_s: float, turn: str = "") -> Claim | None:
        """The oldest turn that may run now (or `turn`, if it may), under a new fence and attempt.

        A turn may be claimed when it is queued or its lease has lapsed, and it is the
        first unfinished turn of its thread or has been ordered to stop.
        """
        ...

    async def renew(self, leases: Sequence[Lease], lease_s: float) -> list[Orders]: ...

    async def append(self, batches: Sequence[Batch], lease_s: float) -> list[Orders]:
        """Write batches of several turns, each whole or not at all, and renew their leases.

        A batch whose `first` is not the log's next number raises StoreError, unless this very batch was
        written before (same fence): then it counts as written. A lease of a higher attempt than the
        turn's starts that attempt with this batch. A lapsed lease that nobody took still
        holds; whoever gave a turn back has lost it.
        """
        ...

    async def finish(self, batch: Batch, state: State, view: View) -> Orders:
        """Write the last events and let go of the turn: ended, or "queued" to give it back.

        Durable when it returns. `view` is kept as the turn's settled answer. Giving back does
        not count as a try. Repeating a finish that happened counts as done.
        """
        ...

    async def stop(self, turn: str, by: str) -> TurnInfo:
        """Order the turn stopped. Raises NotFound. The first order stands; an ended turn stays as it is."""
        ...

    async def read(self, turn: str, after: int = 0, limit: int = 2_000) -> Page:
        """Entries after number `after`, about `limit` of them. Raises NotFound."""
        ...

    async def depth(self) -> int:
        """How many turns are queued."""
        ...

    # For the owner:

    async def recent(
        self, *, states: Sequence[State] = (), before: str = "", limit: int = 50
    ) -> list[Listed]:
        """The newest turns of everybody, newest first: of these states (none named: of all), older than
        the turn `before`, and not of threads in the bin."""
        ...

    async def written(self, turn: str) -> list[Written]:
        """The whole log, in batches as they were written. Raises NotFound."""
        ...


# --- Threads ------------------------------------------------------------------


class Exchange(msgspec.Struct, frozen=True):
    """One turn of a thread as its transcript shows it: what was asked, and the settled answer."""

    turn: TurnInfo
    questions: tuple[Question, ...]
    view: View


class Threads(Protocol):
    async def get(self, thread: str) -> Thread | None: ...

    async def transcript(self, thread: str, *, before: str = "", limit: int = 50) -> list[Exchange]:
        """The newest `limit` turns, oldest first; with `before`, those older than that turn.

        The view of a turn that has not ended is its state and nothing else.
        """
        ...

    async def turns_after(self, thread: str, turn: str = "") -> list[str]:
        """The ids of the turns that came after `turn`, or all, in order."""
        ...

    async def listed(
        self, person: Person | None, *, prefix: str = "", words: str = "", before: str = "", limit: int = 50
    ) -> list[Thread]:
        """A person's threads (None: everybody's) that are not in the bin, newest question first.

        `prefix` is what their keys begin with. Each of `words` is in the title, or each in one
        question, whatever the case (`fold` in `core/words.py`). `before` goes on after the thread of
        that key.
        """
        ...

    async def rename(self, thread: str, title: str) -> None:
        """Raises NotFound."""
        ...

    async def bin(self, thread: str) -> None:
        """Put the thread in the bin: no question gets into it, and no list shows it. Raises NotFound.

        It stays since when it was put there first, however often it is done again."""
        ...

    async def restore(self, thread: str) -> None:
        """Take it out of the bin, as it was. Raises NotFound."""
        ...

    async def forget(self, thread: str) -> list[str]:
        """Remove the thread, its questions, logs and files; keep tombstones of the questions' ids.

        The documents on the Shelf that belong to it and to its turns go with it (`core/shelves.py`).
        Returns the ids of the turns that were removed."""
        ...

    async def forget_person(self, person: Person) -> list[str]:
        """The same for every thread a person owns, and their documents. Returns the turns' ids."""
        ...

    async def forget_before(self, when_s: float) -> list[str]:
        """The same for every thread without a question since `when_s`. Returns the turns' ids."""
        ...

    async def forget_binned(self, before_s: float) -> list[str]:
        """The same for every thread that is in the bin since before `before_s`. Returns the turns' ids."""
        ...


# --- Budgets, Shelf, Blobs ----------------------------------------------------


class Budgets(Protocol):
    async def take(self, budget: str, rate: Rate, calls: int = 1) -> float:
        """0 when the calls are granted, else the seconds to wait; then nothing was taken."""
        ...


class Document(NamedTuple):
    key: str
    value: bytes
    version: int


class Shelf(Protocol):
    """Small documents by key, with expiry. Nothing here is large or searched."""

    async def get(self, key: str) -> Document | None: ...

    async def put(
        self, key: str, value: bytes, *, if_version: int | None = None, ttl_s: float = 0
    ) -> int | None:
        """Store it and return its new version; None when `if_version` is given and not the
        current one (0: it must not exist). `ttl_s` 0 keeps it for good."""
        ...

    async def delete(self, key: str) -> None: ...

    async def list(self, prefix: str) -> list[Document]:
        """In the order of their keys."""
        ...


class Blobs(Protocol):
    """Files, addressed by the SHA-256 of their content."""

    async def put(self, data: bytes) -> str: ...

    async def get(self, sha256: str) -> bytes | None: ...

    async def delete(self, sha256: str) -> None: ...


class Store(Protocol):
    """Where all of it is kept."""

    @property
    def turns(self) -> Turns: ...
    @property
    def threads(self) -> Threads: ...
    @property
    def budgets(self) -> Budgets: ...
    @property
    def shelf(self) -> Shelf: ...
    @property
    def blobs(self) -> Blobs: ...

    async def open(self) -> None:
        """Raises StoreTaken, StoreCorrupt, StoreFull, StoreLocked: each a sentence and its remedy."""
        ...

    async def close(self) -> None: ...
