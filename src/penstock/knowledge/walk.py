"""Which files there are to read below some paths: the folders walked, what is no document left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from penstock.knowledge.loaders import READ

# What tools put beside people's own files; hidden names are left out anyway.
_JUNK = frozenset({"node_modules", "bower_components", "site-packages", "__pycache__", "__MACOSX", "venv"})


class File(NamedTuple):
    """`source` is what readers are shown: the path from the folder that was named, that folder included."""

    path: str
    source: str
    size: int
    mtime_ns: int


class Broken(NamedTuple):
    """A file or folder that could not be read. `reason` is for its owner."""

    path: str
    reason: str


class Found(NamedTuple):
    """`roots` are the paths that were asked for; `passed_over` counts files that are no documents."""

    files: list[File]
    broken: list[Broken]
    roots: tuple[str, ...]
    passed_over: int


def find(paths: Iterable[str | os.PathLike[str]]) -> Found:
    """Every document below the paths, by name, each once. Links are followed, never in circles."""
    roots = tuple(sorted({os.path.abspath(path) for path in paths}))
    search = _Search()
    for root in roots:
        search.look_at(root)
    files = [search.files[path] for path in sorted(search.files)]
    return Found(files, sorted(search.broken), roots, search.passed_over)


def is_below(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root.rstrip(os.sep) + os.sep) for root in roots)


class _Search:
    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.broken: list[Broken] = []
        self.passed_over = 0
        self._been_in: set[tuple[int, int]] = set()

    def look_at(self, root: str) -> None:
        if os.path.isdir(root):
            # Through links, so that a folder is named the same whichever way it is reached.
            self._folder(root, Path(root).resolve().name)
        elif root not in self.files:
            # A file that is named by itself is read whatever its ending.
            self._file(root, os.path.basename(root))

    def _folder(self, top: str, name: str) -> None:
        for folder, subfolders, names in os.walk(top, followlinks=True, onerror=self._not_listed):
            if not self._first_time_in(folder):
                subfolders.clear()
                continue
            subfolders[:] = sorted(sub for sub in subfolders if not _is_junk(sub))
            within = Path(name, os.path.relpath(folder, top)).as_posix()
            for file in sorted(names):
                self._perhaps(os.path.join(folder, file), f"{within}/{file}".lstrip("/"))

    def _first_time_in(self, folder: str) -> bool:
        try:
            at = os.stat(folder)
        except OSError as error:
            self._not_listed(error)
            return False
        first = (at.st_dev, at.st_ino) not in self._been_in
        self._been_in.add((at.st_dev, at.st_ino))
        return first

    def _perhaps(self, path: str, source: str) -> None:
        name = os.path.basename(path)
        if name.startswith(".") or os.path.splitext(name)[1].lower() not in READ:
            self.passed_over += 1
        elif path not in self.files:
            self._file(path, source)

    def _file(self, path: str, source: str) -> None:
        try:
            path.encode()
            at = os.stat(path)
        except UnicodeEncodeError:
            self.broken.append(Broken(path.encode("utf-8", "replace").decode(), "its name is not UTF-8 text"))
        except OSError as error:
            self.broken.append(Broken(path, said(error)))
        else:
            if stat.S_ISREG(at.st_mode):
                self.files[path] = File(path, source, at.st_size, at.st_mtime_ns)
            else:
                self.broken.append(Broken(path, "it is neither a file nor a folder"))

    def _not_listed(self, error: OSError) -> None:
        self.broken.append(Broken(str(error.filename), said(error)))


def said(error: OSError) -> str:
    """What the system says is wrong, in words."""
    match error:
        case FileNotFoundError():
            return "there is no such file or folder"
        case PermissionError():
            return "reading it is not permitted"
    return (error.strerror or type(error).__name__).lower()


def _is_junk(folder: str) -> bool:
    return folder.startswith(".") or folder in _JUNK or folder.endswith(".egg-info")
