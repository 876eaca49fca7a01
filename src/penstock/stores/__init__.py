"""The stores there are, by name. An adapter's file is imported when it is asked for.

Strangers enter by the entry point `penstock.stores`: a function like those below.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from penstock.core.ports import Store
from penstock.errors import ConfigError

Builder = Callable[[Path], Store]
"""Makes a store, not yet opened, that keeps what it keeps locally in this folder."""


def build_sqlite(folder: Path) -> Store:
    from penstock.stores.sqlite import SqliteStore

    return SqliteStore(folder)


STORES: dict[str, Builder] = {"sqlite": build_sqlite}


def builder(name: str) -> Builder:
    """Raises ConfigError, naming the stores there are."""
    if name in STORES:
        return STORES[name]
    for entry in entry_points(group="penstock.stores", name=name):
        return cast(Builder, entry.load())
    raise ConfigError(f"There is no store named {name!r}. Choose one of: {', '.join(sorted(STORES))}.")
