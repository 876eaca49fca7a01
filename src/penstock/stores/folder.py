"""Files in a folder, named by the SHA-256 of their content.

A file appears under its name whole or not at all, and survives a power cut once `put`
returns: it is written beside its place, flushed, and then renamed.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from penstock.errors import StoreError, StoreFull

_NAME = re.compile(r"[0-9a-f]{64}")


class FolderBlobs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, data: bytes) -> str:
        return await asyncio.to_thread(self._put, data)

    async def get(self, sha256: str) -> bytes | None:
        return await asyncio.to_thread(self._get, sha256)

    async def delete(self, sha256: str) -> None:
        await asyncio.to_thread(self.remove, sha256)

    def remove(self, sha256: str) -> None:
        """Delete it now, in the calling thread."""
        with self._translated():
            if place := self._place(sha256):
                place.unlink(missing_ok=True)

    def _put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        place = self._folder / sha256[:2] / sha256
        with self._translated():
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                _write_whole(place, data)
        return sha256

    def _get(self, sha256: str) -> bytes | None:
        place = self._place(sha256)
        with self._translated():
            try:
                return place.read_bytes() if place else None
            except FileNotFoundError:
                return None

    def _place(self, sha256: str) -> Path | None:
        """Where the file lies; None for what is no hash, which could point out of the folder."""
        return self._folder / sha256[:2] / sha256 if _NAME.fullmatch(sha256) else None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StoreFull(
                    f"There is no space left in {self._folder}: free some and try again."
                ) from exc
            raise StoreError(
                f"{self._folder} cannot be used ({exc.strerror}): let this user read and write there."
            ) from exc


def _write_whole(place: Path, data: bytes) -> None:
    handle, beside = tempfile.mkstemp(dir=place.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except BaseException:
        os.unlink(beside)
        raise
    _flush_folder(place.parent)


def _flush_folder(folder: Path) -> None:
    # Windows cannot open a folder; its renames are journaled without our help.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
