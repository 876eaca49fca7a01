"""What a person's answers used, by day and model: one small document a day on the Shelf.

Counted after a turn's end, so a process that dies in between leaves that turn out: it is
for seeing and for limits, not for accounts. It goes with the person when they are forgotten.
"""

from __future__ import annotations

import msgspec

from penstock.core.events import Usage
from penstock.core.ports import Shelf
from penstock.core.question import Person
from penstock.core.shelves import persons_shelf
from penstock.core.turn import added

# Other processes may count for the same person at the same moment; each try lets one of them through.
_TRIES = 10


class DayUsage(msgspec.Struct, frozen=True):
    """`day` is a UTC date, YYYY-MM-DD."""

    day: str
    turns: int = 0
    models: dict[str, Usage] = {}


async def count(shelf: Shelf, person: Person, day: str, usage: Usage) -> None:
    key = _key(person, day)
    for _ in range(_TRIES):
        found = await shelf.get(key)
        so_far = msgspec.json.decode(found.value, type=DayUsage) if found else DayUsage(day)
        models = {**so_far.models, usage.model: added(so_far.models.get(usage.model, Usage()), usage)}
        more = msgspec.json.encode(DayUsage(day, so_far.turns + 1, models))
        if await shelf.put(key, more, if_version=found.version if found else 0) is not None:
            return


async def read(shelf: Shelf, person: Person) -> list[DayUsage]:
    """Oldest first."""
    documents = await shelf.list(_key(person, ""))
    return [msgspec.json.decode(document.value, type=DayUsage) for document in documents]


def _key(person: Person, day: str) -> str:
    return f"{persons_shelf(person)}usage/{day}"
