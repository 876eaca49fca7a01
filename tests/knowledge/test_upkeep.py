"""What the settings name as knowledge: read at every start, forgotten when they name it no more."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from penstock.errors import StoreCorrupt
from penstock.knowledge.local import Local
from penstock.knowledge.upkeep import keep_own, keep_up

_DAMAGE = b"This is no database at all. " * 500


@pytest.fixture
def local(tmp_path: Path) -> Local:
    return Local(tmp_path / "data" / "knowledge.db")


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "page.md").write_text(f"# Page\n\n{text}\n")
    return path


def sources(local: Local, query: str) -> list[str]:
    return [passage.source for passage in asyncio.run(local.search(query, 5))]


def warnings(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object]]:
    """Each warning and the path it names."""
    return [
        (record.getMessage(), vars(record).get("path"))
        for record in caplog.records
        if record.levelno == logging.WARNING
    ]


# --- What is named no more ----------------------------------------------------


def test_what_the_settings_name_no_more_is_forgotten(local: Local, tmp_path: Path) -> None:
    leave, pay = folder(tmp_path / "leave", "Twenty days."), folder(tmp_path / "pay", "On the 25th.")
    keep_up(local, [leave, pay], alone=True)

    keep_up(local, [pay], alone=True)

    assert sources(local, "twenty days") == []
    assert sources(local, "the 25th") == ["pay/page.md"]


def test_settings_that_name_nothing_any_more_leave_nothing(local: Local, tmp_path: Path) -> None:
    keep_up(local, [folder(tmp_path / "leave", "Twenty days.")], alone=True)

    keep_up(local, [], alone=True)

    assert local.passages() == 0


def test_what_was_indexed_by_hand_stays(local: Local, tmp_path: Path) -> None:
    leave, pay = folder(tmp_path / "leave", "Twenty days."), folder(tmp_path / "pay", "On the 25th.")
    local.index([leave])
    keep_up(local, [leave, pay], alone=True)

    keep_up(local, [], alone=True)

    assert sources(local, "twenty days") == ["leave/page.md"]
    assert sources(local, "the 25th") == []


def test_a_folder_within_one_that_is_still_named_stays(local: Local, tmp_path: Path) -> None:
    inner = folder(folder(tmp_path / "handbook", "On the 25th.") / "leave", "Twenty days.")
    keep_up(local, [inner.parent, inner], alone=True)

    keep_up(local, [inner.parent], alone=True)

    assert local.passages() == 2


def test_whoever_shares_the_index_forgets_nothing_of_the_others(local: Local, tmp_path: Path) -> None:
    leave, pay = folder(tmp_path / "leave", "Twenty days."), folder(tmp_path / "pay", "On the 25th.")
    keep_up(local, [leave], alone=True)

    keep_up(local, [pay], alone=False)
    keep_up(local, [], alone=False)

    assert local.passages() == 2


def test_where_nothing_was_ever_named_no_index_is_made(local: Local) -> None:
    keep_up(local, [], alone=True)

    assert not local.path.exists()


# --- What cannot be read ------------------------------------------------------


def test_a_path_that_is_not_there_is_told_as_it_was_written(
    local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(folder(tmp_path / "here", "Twenty days."))

    keep_up(local, [Path("handbok"), Path("page.md"), Path("../nowhere")], alone=True)

    assert warnings(caplog) == [
        ("knowledge cannot be read", "handbok"),
        ("knowledge cannot be read", "../nowhere"),
    ]


def test_a_path_that_has_gone_is_told_though_its_files_were_known(
    local: Local, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leave = folder(tmp_path / "leave", "Twenty days.")
    keep_up(local, [leave], alone=True)
    leave.rename(tmp_path / "absence")

    keep_up(local, [leave], alone=True)

    assert warnings(caplog) == [("knowledge cannot be read", str(leave))]


def test_a_folder_without_a_document_is_told(
    local: Local, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"PNG")

    keep_up(local, [tmp_path / "photos", folder(tmp_path / "leave", "Twenty days.")], alone=True)

    assert warnings(caplog) == [("knowledge has no document that can be read", str(tmp_path / "photos"))]


def test_documents_that_cannot_be_read_are_counted_and_one_is_named(
    local: Local, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leave = folder(tmp_path / "leave", "Twenty days.")
    for name in ("a.md", "b.md"):
        (leave / name).write_bytes(b"\x00\xff")

    keep_up(local, [leave], alone=True)

    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    fields = vars(record)
    assert record.getMessage() == "documents cannot be read"
    assert (fields["count"], fields["the_first"]) == (2, str(leave / "a.md"))


# --- A damaged index ----------------------------------------------------------


def damage(local: Local) -> None:
    local.path.parent.mkdir(exist_ok=True)
    local.path.write_bytes(_DAMAGE)


def test_a_damaged_index_is_made_anew_from_what_the_settings_name(
    local: Local, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(local)

    keep_up(local, [folder(tmp_path / "leave", "Twenty days.")], alone=True)

    assert sources(local, "twenty days") == ["leave/page.md"]
    ((sentence, _),) = warnings(caplog)
    assert "run it again" in sentence


def test_damage_that_only_a_question_would_meet_is_found_at_the_start(local: Local, tmp_path: Path) -> None:
    leave = folder(tmp_path / "leave", "Twenty days.")
    for number in range(200):
        (leave / f"{number}.md").write_text(f"# Day {number}\n\n" + "Leave is good. " * 50)
    local.index([leave])
    data = bytearray(local.path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40_000] = b"\xa5" * 40_000
    local.path.write_bytes(data)

    with pytest.raises(StoreCorrupt, match="delete it, then index again"):
        keep_up(local, [], alone=True)
    keep_up(local, [leave], alone=True)

    assert local.passages() == 201


def test_a_damaged_index_that_the_settings_did_not_fill_is_left_for_its_owner(local: Local) -> None:
    damage(local)

    with pytest.raises(StoreCorrupt, match="delete it, then index again"):
        keep_up(local, [], alone=True)

    assert local.path.read_bytes() == _DAMAGE


def test_a_damaged_index_of_our_own_pages_is_made_anew_without_a_warning(
    local: Local, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(local)
    caplog.set_level(logging.INFO, "penstock")

    keep_own(local, folder(tmp_path / "docs", "Twenty days."))

    assert local.passages() == 1
    assert warnings(caplog) == []
    assert "the index was damaged and is made anew" in caplog.messages
