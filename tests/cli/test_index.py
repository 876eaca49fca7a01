"""penstock index: what it says of what it read."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cli.program import Screen, run


def handbook(folder: Path) -> Path:
    pages = folder / "handbook"
    pages.mkdir()
    (pages / "pay.md").write_text("# Sick pay\n\nSick pay lasts six weeks.\n")
    (pages / "leave.md").write_text("# Leave\n\nLeave is thirty days a year.\n")
    return pages


def test_it_tells_what_became_of_each_file(tmp_path: Path) -> None:
    pages = handbook(tmp_path)
    place = os.path.join(".penstock", "knowledge.db")

    first = run("index", "handbook", at=tmp_path)
    (pages / "pay.md").unlink()
    (pages / "travel.md").write_text("# Travel\n\nBy train.\n")
    second = run("index", "handbook", at=tmp_path)

    assert (first.stdout, first.returncode) == (f"2 added. {place} holds 2 passages.\n", 0)
    assert second.stdout == f"1 added, 1 unchanged, 1 removed. {place} holds 2 passages.\n"
    assert (first.stderr, second.stderr) == ("", "")


def test_what_cannot_be_read_is_named_and_stops_nothing_else(tmp_path: Path) -> None:
    (handbook(tmp_path) / "broken.md").write_bytes(b"\x00\xff\xfe\x00")

    ran = run("index", "handbook", at=tmp_path)

    assert ran.stderr.startswith(f"penstock: {tmp_path / 'handbook' / 'broken.md'} was not read: ")
    assert ran.stdout.startswith("2 added, 1 not read. ")
    assert ran.returncode == 0


def test_nothing_to_read_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    empty, missing = (run("index", path, at=tmp_path) for path in ("empty", "missing"))

    assert (empty.stdout, empty.returncode) == ("There is no document to read there.\n", 1)
    assert "missing was not read" in missing.stderr
    assert missing.returncode == 1


def test_what_was_indexed_is_what_is_answered_from(tmp_path: Path) -> None:
    handbook(tmp_path)
    run("index", "handbook", at=tmp_path)

    ran = run("chat", "--model", "demo", "How long does sick pay last?", at=tmp_path)

    assert "Sick pay lasts six weeks." in ran.stdout
    assert "[1] handbook/pay.md: Sick pay\n" in ran.stderr


def test_a_person_sees_how_far_it_is(tmp_path: Path) -> None:
    handbook(tmp_path)
    screen = Screen("index", "handbook", at=tmp_path)
    try:
        seen = screen.shows("passages")
        assert screen.ends() == 0
    finally:
        screen.close()

    assert "Reading" in seen
    assert "100%" in seen
