"""A server for stories in which it dies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.faults.server import Server

# Before anybody imports them, so that what is not true in them is shown in full.
pytest.register_assert_rewrite("tests.faults.readers", "tests.faults.conversation")


class Serving(Protocol):
    def __call__(self, **settings: object) -> AbstractAsyncContextManager[Server]: ...


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """A server in a folder of its own, none of whose lives outlives the test."""

    @asynccontextmanager
    async def serving(**settings: object) -> AsyncIterator[Server]:
        async with Server(tmp_path, **settings) as server:
            yield server

    return serving
