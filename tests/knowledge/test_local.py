"""Local documents indexed, searched, changed, deleted, broken."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from penstock.core.events import Passage
from penstock.errors import StoreCorrupt, StoreError
from penstock.knowledge import indexing
from penstock.knowledge.indexing import Progress, Report
from penstock.knowledge.local import Local

_HANDBOOK = {
    "leave.md": "# Leave\n\nEverybody has twenty days of holiday.\n\n## Parents\n\nParents have a year.",
    "travel/trains.md": "# Travel\n\nTake the train. Tickets are bought by the office.",
    "travel/hotels.txt": "A hotel may cost 120 euros a night.",
    "pay.html": "<title>Pay</title><nav>holiday</nav><p>Salaries are paid on the 25th.",
    "日本語.md": "# 休暇\n\n有給休暇の申請は、二週間前までに上司へ出してください。猫を連れてきてもよい。",
    "中文.md": "# 报销\n\n员工可以在三十天内提交报销申请。",
    "ไทย.md": "# วันหยุด\n\nพนักงานทุกคนมีวันลาพักร้อนยี่สิบวันต่อปี",
    "한국어.md": "# 휴가\n\n모든 직원은 일년에 스무 날의 휴가를 받습니다.",
}


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    return write(tmp_path / "handbook", _HANDBOOK)


@pytest.fixture
def local(tmp_path: Path) -> Local:
    return Local(tmp_path / "data" / "knowledge.db")


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def names(paths: tuple[str, ...]) -> list[str]:
    return sorted(os.path.basename(path) for path in paths)


def found(local: Local, query: str, limit: int = 5) -> list[Passage]:
    return asyncio.run(local.search(query, limit))


def sources(local: Local, query: str) -> list[str]:
    return [passage.source for passage in found(local, query)]


def counts(report: Report) -> tuple[int, int, int, int, int]:
    """How many files were added, changed, unchanged, removed, broken."""
    added, changed, unchanged, removed, broken, *_ = report
    return len(added), len(changed), len(unchanged), len(removed), len(broken)


# --- Finding -------------------------------------------------------------------


def test_a_passage_comes_with_its_source_heading_text_and_score(local: Local, handbook: Path) -> None:
    local.index([handbook])

    (passage, *_) = found(local, "How long is the leave for parents?")

    assert (passage.source, passage.heading) == ("handbook/leave.md", "Leave > Parents")
    assert passage.text == "Parents have a year."
    assert passage.score > 0


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("Who buys train tickets?", "handbook/travel/trains.md"),
        ("what does a hotel cost", "handbook/travel/hotels.txt"),
        ("When are salaries paid?", "handbook/pay.html"),
        ("休暇", "handbook/日本語.md"),
        ("猫", "handbook/日本語.md"),
        ("有給休暇はいつまでに申請すればいいですか？", "handbook/日本語.md"),
        ("报销", "handbook/中文.md"),
        ("如何提交报销申请？", "handbook/中文.md"),
        ("วันลาพักร้อนกี่วัน", "handbook/ไทย.md"),
        ("휴가는 며칠입니까?", "handbook/한국어.md"),
    ],
)
def test_questions_in_every_script_find_their_passage(
    local: Local, handbook: Path, question: str, source: str
) -> None:
    local.index([handbook])

    assert sources(local, question)[0] == source


@pytest.mark.parametrize(
    "question",
    ["What is the capital of France?", "Who won the football world cup?", "", "how?", "量子力学", "ฟุตบอลโลก"],
)
def test_a_question_about_something_else_finds_nothing(local: Local, handbook: Path, question: str) -> None:
    local.index([handbook])

    assert found(local, question) == []


@pytest.mark.parametrize(
    "question",
    [
        'train" OR "x',
        "train AND NOT tickets",
        "NEAR(train tickets, 2)",
        "train* - tickets",
        "body:train",
        "^train + {tickets}",
        "'; DROP -- train tickets",
        "train \x00 tickets \ud800",
    ],
)
def test_what_is_syntax_to_the_search_engine_is_only_words(
    local: Local, handbook: Path, question: str
) -> None:
    local.index([handbook])

    assert "handbook/travel/trains.md" in sources(local, question)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Local:
    folder = tmp_path_factory.mktemp("knowledge")
    local = Local(folder / "knowledge.db")
    local.index([write(folder / "handbook", _HANDBOOK)])
    return local


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(alphabet='"*()-+^:{}ANDORT leave休暇'))
@example('"')
@example("\ud800 leave")
@example("leave " * 20_000)
@example(" ".join(f"w{n}" for n in range(10_000)))
@example("休" * 33_000)
def test_any_text_may_be_asked(indexed: Local, query: str) -> None:
    for passage in found(indexed, query, 3):
        assert passage.score > 0


def test_where_there_is_no_index_or_an_empty_one_nothing_is_found(local: Local, tmp_path: Path) -> None:
    assert (found(local, "leave"), local.passages()) == ([], 0)

    (tmp_path / "empty").mkdir()
    local.index([tmp_path / "empty"])

    assert (found(local, "leave"), local.passages()) == ([], 0)


def test_no_more_is_given_than_asked_for_and_no_text_twice(local: Local, tmp_path: Path) -> None:
    page = "# Leave\n\nTwenty days."
    local.index([write(tmp_path / "a", {f"{n}.md": page if n < 4 else f"{page} {n}" for n in range(9)})])

    assert [len(found(local, "leave", limit)) for limit in (0, 1, 3, 50)] == [0, 1, 3, 6]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(sorted(_HANDBOOK)))
def test_it_does_not_matter_in_which_order_files_came(
    indexed: Local, tmp_path_factory: pytest.TempPathFactory, order: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    local = Local(folder / "knowledge.db")
    write(folder / "handbook", _HANDBOOK)

    for name in order:
        local.index([folder / "handbook" / name])
    local.index([folder / "handbook"])

    for query in ("leave days", "train hotel", "休暇", "paid"):
        assert found(local, query) == found(indexed, query)


# --- Keeping up ----------------------------------------------------------------


def test_a_second_indexing_reads_nothing(
    local: Local, handbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(handbook)
    local.index([handbook])
    monkeypatch.setattr(indexing, "MAX_FILE_BYTES", -1)

    report = local.index([handbook])

    assert counts(report) == (0, 0, len(_HANDBOOK), 0, 0)


def settled(folder: Path) -> None:
    """As if the files were written a while ago, so that their times can be trusted."""
    for path in folder.rglob("*.*"):
        os.utime(path, ns=(1_700_000_000_000_000_000,) * 2)


def test_a_file_with_a_new_time_and_the_same_text_is_unchanged(local: Local, handbook: Path) -> None:
    local.index([handbook])
    settled(handbook)

    report = local.index([handbook])

    assert counts(report) == (0, 0, len(_HANDBOOK), 0, 0)


def test_a_change_is_seen_even_within_one_tick_of_the_clock(local: Local, handbook: Path) -> None:
    local.index([handbook])
    before = (handbook / "leave.md").stat()

    (handbook / "leave.md").write_text(_HANDBOOK["leave.md"].replace("twenty", "thirty"))
    os.utime(handbook / "leave.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    report = local.index([handbook])

    assert names(report.changed) == ["leave.md"]
    assert "thirty days" in found(local, "days of holiday")[0].text


def test_deleted_and_renamed_files_are_forgotten(local: Local, handbook: Path) -> None:
    local.index([handbook])

    (handbook / "pay.html").unlink()
    (handbook / "leave.md").rename(handbook / "absence.md")
    report = local.index([handbook])

    assert (names(report.added), names(report.removed)) == (["absence.md"], ["leave.md", "pay.html"])
    assert sources(local, "salaries") == []
    assert sources(local, "holiday for parents")[0] == "handbook/absence.md"


def test_what_lies_elsewhere_stays(local: Local, handbook: Path, tmp_path: Path) -> None:
    local.index([handbook])

    report = local.index([write(tmp_path / "handbook2", {"cars.md": "Cars are washed on Monday."})])

    assert counts(report) == (1, 0, 0, 0, 0)
    assert sources(local, "washed cars") == ["handbook2/cars.md"]
    assert sources(local, "train") == ["handbook/travel/trains.md"]


def test_a_folder_that_is_gone_takes_its_files_with_it(local: Local, handbook: Path) -> None:
    local.index([handbook])
    for path in (handbook / "travel").iterdir():
        path.unlink()
    (handbook / "travel").rmdir()

    report = local.index([handbook / "travel"])

    assert (names(report.removed), report.broken) == (["hotels.txt", "trains.md"], ())
    assert sources(local, "parents")


def test_progress_is_told_file_by_file(local: Local, handbook: Path) -> None:
    told: list[Progress] = []

    local.index([handbook], progress=told.append)

    total = len(_HANDBOOK)
    assert [(p.done, p.total) for p in told] == [(n, total) for n in range(1, total + 1)]


def test_an_index_of_another_version_is_filled_anew(local: Local, handbook: Path) -> None:
    local.index([handbook])
    altered(local.path, "PRAGMA user_version = 99", "ALTER TABLE passages ADD COLUMN colour TEXT")

    before, report = found(local, "train"), local.index([handbook])

    assert before == []
    assert counts(report) == (len(_HANDBOOK), 0, 0, 0, 0)
    assert sources(local, "train") == ["handbook/travel/trains.md"]


def altered(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_an_index_of_the_first_version_is_carried_on(local: Local, handbook: Path) -> None:
    settled(handbook)
    local.index([handbook])
    altered(local.path, "DROP TABLE named", "PRAGMA user_version = 1")

    before, report = sources(local, "train"), local.index([handbook])

    assert before == ["handbook/travel/trains.md"]
    assert counts(report) == (0, 0, len(_HANDBOOK), 0, 0)


def test_an_index_in_a_folder_that_is_a_file_says_what_to_do(tmp_path: Path, handbook: Path) -> None:
    (tmp_path / "data").write_text("")

    for place in ("data/knowledge.db", "data/below/knowledge.db"):
        with pytest.raises(StoreError, match="data is a file, and should be a folder"):
            Local(tmp_path / place).index([handbook])


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_an_index_where_nobody_can_write_can_be_read(local: Local, handbook: Path) -> None:
    local.index([handbook])
    local.path.parent.chmod(0o500)

    assert sources(local, "train") == ["handbook/travel/trains.md"]
    local.path.parent.chmod(0o700)


def test_another_programs_database_is_left_alone(local: Local, handbook: Path) -> None:
    local.path.parent.mkdir()
    altered(local.path, "CREATE TABLE passages (precious TEXT)")
    before = local.path.read_bytes()

    with pytest.raises(StoreError, match="another program's database"):
        local.index([handbook])

    assert local.path.read_bytes() == before


def test_a_damaged_index_says_what_to_do(local: Local, handbook: Path) -> None:
    local.path.parent.mkdir()
    local.path.write_bytes(b"This is no database at all. " * 100)

    with pytest.raises(StoreCorrupt, match="delete it, then index again"):
        local.index([handbook])
    with pytest.raises(StoreCorrupt, match="delete it, then index again"):
        found(local, "train")


# --- Files that make trouble ------------------------------------------------------


def test_broken_files_are_reported_and_stop_nothing(
    local: Local, handbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MAX_FILE_BYTES", 1_000)
    (handbook / "old.txt").write_bytes(b"caf\xe9")
    (handbook / "picture.md").write_bytes(b"\x89PNG\0\0")
    (handbook / "huge.md").write_text("x" * 1_001)
    (handbook / "nowhere.md").symlink_to("missing.md")
    os.mkfifo(handbook / "pipe.txt")
    (handbook / os.fsdecode(b"caf\xe9.md")).write_text("x")

    report = local.index([handbook, handbook / "none.md"])

    assert {Path(path).name: reason for path, reason in report.broken} == {
        "caf?.md": "its name is not UTF-8 text",
        "huge.md": "it is too large (0.0 MB; at most 0 MB are read)",
        "none.md": "there is no such file or folder",
        "nowhere.md": "there is no such file or folder",
        "old.txt": "it is not UTF-8 text (byte 3 is 0xe9); save it as UTF-8",
        "picture.md": "it is not text (binary)",
        "pipe.txt": "it is neither a file nor a folder",
    }
    assert len(report.added) == len(_HANDBOOK)


def test_a_file_that_broke_is_not_quoted_any_more_and_comes_back_when_mended(
    local: Local, handbook: Path
) -> None:
    local.index([handbook])

    (handbook / "travel/trains.md").write_bytes(b"Take the train \xff")
    broken = local.index([handbook])
    during = found(local, "train")
    write(handbook, {"travel/trains.md": "Take the train again."})
    mended = local.index([handbook])

    assert (len(broken.broken), during) == (1, [])
    assert names(mended.added) == ["trains.md"]
    assert found(local, "train")[0].text == "Take the train again."


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_what_may_not_be_read_is_reported(local: Local, handbook: Path) -> None:
    (handbook / "pay.html").chmod(0)
    (handbook / "travel").chmod(0)

    report = local.index([handbook])
    (handbook / "travel").chmod(0o700)

    assert {reason for _, reason in report.broken} == {"reading it is not permitted"}


def test_hidden_files_junk_and_other_formats_are_passed_over(local: Local, tmp_path: Path) -> None:
    page = "# Leave\n\nTwenty days."
    skipped = [".git/a.md", ".hidden.md", "node_modules/b.md", "x/__pycache__/c.md", "photo.png", "code.py"]

    report = local.index([write(tmp_path / "site", dict.fromkeys(["kept.md", *skipped], page))])

    assert names(report.added) == ["kept.md"]
    assert report.passed_over == 3


def test_a_file_that_is_named_by_itself_is_read_whatever_its_ending(local: Local, tmp_path: Path) -> None:
    write(tmp_path, {"LICENSE": "Permission is granted."})

    local.index([tmp_path / "LICENSE"])

    assert sources(local, "permission") == ["LICENSE"]


def test_links_in_a_circle_end(local: Local, handbook: Path) -> None:
    (handbook / "travel" / "up").symlink_to(handbook, target_is_directory=True)
    (handbook / "self").symlink_to("self")

    report = local.index([handbook])

    assert len(report.added) == len(_HANDBOOK)


def test_overlapping_paths_are_read_once(
    local: Local, handbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(handbook)

    report = local.index([".", handbook / "travel", "travel/../leave.md"])

    assert len(report.added) == len(_HANDBOOK)
    assert sources(local, "train") == ["handbook/travel/trains.md"]


# --- Two processes, and speed -------------------------------------------------------

_INDEXER = """
import sys
from pathlib import Path
from penstock.knowledge.local import Local

local = Local(Path(sys.argv[1]))
for line in sys.stdin:
    number = int(line)
    for n in range(40):
        Path(sys.argv[2], f"{n}.md").write_text(f"# Leave\\n\\nVersion v{number} of page p{n}.")
    local.index([sys.argv[2]])
    print(number, flush=True)
"""


async def test_one_process_searches_while_another_indexes(local: Local, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    indexer = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", _INDEXER, str(local.path), str(pages)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert indexer.stdin is not None
    assert indexer.stdout is not None
    searches = 0

    async with asyncio.timeout(60):
        for number in range(5):
            indexer.stdin.write(f"{number}\n".encode())
            done = asyncio.ensure_future(indexer.stdout.readline())
            while not done.done():
                seen = await local.search("leave version", 60)
                # One batch is one transaction: all pages of one version, or all of the one before.
                assert len({passage.text.split()[1] for passage in seen}) <= 1
                searches += 1
            assert await done == f"{number}\n".encode()
            assert {p.text.split()[1] for p in await local.search("leave version", 60)} == {f"v{number}"}
        indexer.stdin.close()
        assert await indexer.wait() == 0
    assert searches > 5


async def test_two_processes_may_index_at_once(local: Local, handbook: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from penstock.knowledge.local import Local;"
        "Local(Path(sys.argv[1])).index(sys.argv[2:])"
    )

    async with asyncio.timeout(60):
        both = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", program, str(local.path), str(handbook)
            )
            for _ in range(2)
        ]
        assert [await process.wait() for process in both] == [0, 0]

    assert counts(local.index([handbook])) == (0, 0, len(_HANDBOOK), 0, 0)
    assert [passage.source for passage in await local.search("train", 9)] == ["handbook/travel/trains.md"]


def test_two_thousand_files_are_indexed_and_searched(
    local: Local, tmp_path: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    pages = {
        f"{n}.md": f"# Page {n}\n\n" + f"The number{n} of room{n % 50} is open. " * 20 for n in range(2_000)
    }
    folder = write(tmp_path / "many", pages)

    start_s = time.perf_counter()
    report = local.index([folder])
    indexed_s = time.perf_counter()
    best = [found(local, f"Is number{n} in room{n % 50} open?", 3)[0].source for n in range(100)]
    searched_s = time.perf_counter()

    assert (len(report.added), best) == (2_000, [f"many/{n}.md" for n in range(100)])
    record_testsuite_property("index_2000_files_s", round(indexed_s - start_s, 2))
    record_testsuite_property("search_ms", round((searched_s - indexed_s) * 10, 2))
