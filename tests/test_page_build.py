"""Building the page: only when it must be, never by halves, and small enough to be sent to a phone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "src" / "penstock" / "page"
MODULES = ROOT / "web" / "node_modules"

_MOST_SCRIPT_BYTES = 300_000
_MOST_BUTTON_BYTES = 5_000


class Chunk(msgspec.Struct, frozen=True):
    """What Vite's manifest says of one file. `imports` are loaded with it, `dynamic` ones when needed."""

    file: str
    imports: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = msgspec.field(name="dynamicImports", default=())


@pytest.fixture
def built() -> Path:
    if not (PAGE / "manifest.json").exists():
        pytest.skip("the page is not built: scripts/setup-page")
    return PAGE


def needed(built: Path, page: str) -> set[str]:
    """The scripts that a browser fetches for that page, with those that it fetches only later."""
    chunks = msgspec.json.decode((built / "manifest.json").read_bytes(), type=dict[str, Chunk])
    seen, ahead = set[str](), [page]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += chunks[name].imports + chunks[name].dynamic
    return {chunks[name].file for name in seen}


def travelling(file: Path) -> int:
    """How many bytes of it are sent to a browser that takes gzip, as all do."""
    small = file.with_name(f"{file.name}.gz")
    return (small if small.exists() else file).stat().st_size


# --- What was built ---------------------------------------------------------------


@pytest.mark.parametrize("page", ["index.html", "admin.html"])
def test_all_scripts_of_a_page_are_at_most_300_kb_as_they_travel(built: Path, page: str) -> None:
    sizes = {name: travelling(built / name) for name in needed(built, page)}

    assert sum(sizes.values()) <= _MOST_SCRIPT_BYTES, sizes


def test_the_button_for_other_pages_is_one_small_script(built: Path) -> None:
    script = (built / "embed.js").read_text("utf-8")

    assert (built / "embed.js.gz").stat().st_size <= _MOST_BUTTON_BYTES
    assert not re.search(r"\bimport\b|\bexport\b", script)


def test_nothing_in_a_page_needs_a_policy_that_allows_inline_scripts_or_styles(built: Path) -> None:
    for name in ("index.html", "admin.html"):
        page = (built / name).read_text("utf-8")
        assert re.findall(r"<script(?![^>]* src=)", page) == []
        assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page) == []
        # Nothing from anywhere else either.
        assert re.findall(r'(?:src|href)="(?!\./)', page) == []


def test_what_can_be_compressed_is_there_compressed(built: Path) -> None:
    for path in built.rglob("*"):
        plain = path.stat().st_size
        # Of a few bytes, there may be nothing smaller.
        if path.suffix in (".js", ".css") and plain > 1_000:
            assert path.with_name(f"{path.name}.br").stat().st_size < plain, path.name
            assert path.with_name(f"{path.name}.gz").stat().st_size < plain, path.name


def test_the_terms_of_the_code_that_is_in_it_come_with_it(built: Path) -> None:
    terms = (built / "licenses.md").read_text("utf-8")

    assert "react" in terms
    assert "Permission is hereby granted" in terms


# --- Building it ------------------------------------------------------------------

# As small as a page can be, made by the real scripts with the real tools.
SOURCES = {
    "index.html": '<div id="page"></div><script type="module" src="/src/main.ts"></script>',
    "admin.html": '<script type="module" src="/src/main.ts"></script>',
    "src/main.ts": 'document.getElementById("page")!.textContent = "as it was";',
    "src/main.test.ts": "",
    "src/embed/main.ts": "console.log(1);",
}
FROM_HERE = (
    "scripts/setup-page",
    "scripts/setup-node",
    "locks/node.txt",
    *(
        f"web/{name}"
        for name in (
            "package.json",
            "package-lock.json",
            "vite.config.ts",
            "vite.embed.config.ts",
            "compress.mjs",
        )
    ),
)


class Checkout:
    """A checkout with a page of a few bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = folder / "src" / "penstock" / "page"
        for name in FROM_HERE:
            self._path(name).write_bytes((ROOT / name).read_bytes())
            shutil.copymode(ROOT / name, folder / name)
        for name, text in SOURCES.items():
            self.write(name, text)
        (folder / "src" / "penstock").mkdir(parents=True)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / ".envs").mkdir()
        if (ROOT / ".envs" / "node").exists():
            (folder / ".envs" / "node").symlink_to(ROOT / ".envs" / "node")
        (folder / "web" / "node_modules").symlink_to(MODULES)

    def write(self, name: str, text: str) -> None:
        self._path(f"web/{name}").write_text(text)

    def build(self, path: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["scripts/setup-page"],
            cwd=self.folder,
            env={"PATH": path or os.environ["PATH"], "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def built(self) -> dict[str, tuple[int, bytes]]:
        """Every built file: when it was written and what is in it."""
        files = (path for path in self.page.rglob("*") if path.is_file())
        return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    def _path(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    if not (MODULES / "penstock.stamp").exists():
        pytest.skip("what the page is made with is not here: scripts/setup-page")
    return Checkout(tmp_path)


def test_the_page_is_built_once_and_again_only_when_a_source_has_changed(checkout: Checkout) -> None:
    first = checkout.build()
    before = checkout.built()
    second = checkout.build()
    checkout.write("src/main.test.ts", "// only a test")
    third = checkout.build()

    assert first.returncode == 0, first.stderr
    assert "building the page" in first.stderr
    assert {"index.html", "admin.html", "embed.js", "manifest.json", "licenses.md"} <= set(before)
    assert [(run.returncode, run.stdout + run.stderr) for run in (second, third)] == [(0, "")] * 2
    assert checkout.built() == before

    checkout.write("src/main.ts", SOURCES["src/main.ts"].replace("as it was", "as it is"))
    again = checkout.build()

    assert "the page is built" in again.stderr
    assert any(b"as it is" in content for _, content in checkout.built().values())
    assert not any(b"as it was" in content for _, content in checkout.built().values())


def test_a_page_that_cannot_be_built_leaves_the_one_before_and_says_so(checkout: Checkout) -> None:
    checkout.build()
    before = checkout.built()
    checkout.write("src/main.ts", 'import "./nothing.ts"')

    failed = checkout.build()

    assert failed.returncode == 1
    assert "nothing.ts" in failed.stderr
    assert "setup: the page could not be built\n" in failed.stderr
    assert "is still there, and is not the newest" in failed.stderr
    assert checkout.built() == before
    assert list((checkout.folder / ".envs").glob("page.*")) == [checkout.folder / ".envs" / "page.stamp"]


def test_without_node_and_no_way_to_bring_it_the_script_says_what_it_needs(checkout: Checkout) -> None:
    tools = checkout.folder / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "date", "find", "sort", "tr", "xargs", "cksum", "cat"):
        (tools / name).symlink_to(shutil.which(name) or "")
    (checkout.folder / ".venv").unlink()
    (checkout.folder / ".envs" / "node").unlink(missing_ok=True)

    failed = checkout.build(str(tools))

    assert failed.returncode == 1
    assert "the page needs Node 20.19, 22.12 or newer to be built" in failed.stderr
    assert not checkout.page.exists()
