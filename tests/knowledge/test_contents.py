"""What an index says it holds: every document, who asked for it, and what could not be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.knowledge.contents import Contents, Listing, Named, Unread
from penstock.knowledge.local import Local


@pytest.fixture
def local(tmp_path: Path) -> Local:
    return Local(tmp_path / "data" / "knowledge.db")


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nTwenty days.\n\n## Parents\n\nParents have a year.")
    (folder / "empty.md").write_text("")
    return folder


async def test_an_index_that_is_not_there_yet_holds_nothing(local: Local) -> None:
    assert await local.contents() == Contents()
    assert isinstance(local, Listing)


async def test_every_document_is_told_with_its_passages_and_when_it_was_read(
    local: Local, handbook: Path
) -> None:
    local.index([handbook])

    held = await local.contents()

    assert [(one.source, one.passages) for one in held.documents] == [
        ("handbook/empty.md", 0),
        ("handbook/leave.md", 2),
    ]
    assert (held.files, held.passages) == (2, 2)
    leave = held.documents[1]
    assert leave.path == str(handbook / "leave.md")
    assert leave.size_bytes == (handbook / "leave.md").stat().st_size
    assert leave.read_s >= (handbook / "leave.md").stat().st_mtime - 1
    assert held.named == (Named(str(handbook), "hand"),)


async def test_what_cannot_be_read_is_told_until_it_can(local: Local, handbook: Path) -> None:
    torn, missing = handbook / "torn.md", handbook.parent / "missing"
    torn.write_bytes(b"\xff\xfe\x00\xd8")
    local.keep([handbook, missing], alone=True)
    before = await local.contents()
    torn.write_text("mended")
    local.keep([handbook], alone=True)
    after = await local.contents()

    assert [one.path for one in before.broken] == [str(torn), str(missing)]
    assert Unread(str(missing), "there is no such file or folder") in before.broken
    assert after.broken == ()
    assert "handbook/torn.md" in [one.source for one in after.documents]


async def test_where_nothing_could_be_read_that_is_told(local: Local, tmp_path: Path) -> None:
    local.keep([tmp_path / "missing"], alone=True)

    held = await local.contents()

    assert held.documents == ()
    assert [one.path for one in held.broken] == [str(tmp_path / "missing")]
