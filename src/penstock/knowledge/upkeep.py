"""An index as the settings want it: brought up to date at every start, and made anew when it is damaged."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from penstock.errors import StoreCorrupt
from penstock.knowledge.indexing import Report
from penstock.knowledge.local import Local
from penstock.knowledge.walk import Broken, is_below

log = logging.getLogger(__name__)


def keep_up(local: Local, paths: Sequence[Path], *, alone: bool) -> None:
    """Read what is new below `paths`, which the settings name, and warn of what cannot be read.

    `alone`: what they named formerly is forgotten. Whoever shares the index with another, which may have
    other settings, must not. Raises StoreError; StoreCorrupt when only people know what a damaged index held.
    """
    try:
        local.check()
        if not paths and not (alone and local.named_by_settings()):
            return
        report = local.keep(paths, alone=alone)
    except StoreCorrupt:
        if not paths:
            raise
        log.warning(
            "the index was damaged and is made anew from what the settings name; "
            "if `penstock index` added other documents, run it again",
            extra={"index": str(local.path)},
        )
        report = _anew(local, paths)
    _tell(report)
    for sentence, fields in complaints(paths, report):
        log.warning(sentence, extra=fields)


def keep_own(local: Local, docs: Path) -> None:
    """The same for Penstock's own pages: nothing else is in their index, so nobody need hear of damage."""
    try:
        local.check()
        report = local.keep([docs], alone=True)
    except StoreCorrupt:
        log.info("the index was damaged and is made anew", extra={"index": str(local.path)})
        report = _anew(local, [docs])
    _tell(report)


def complaints(paths: Sequence[Path], report: Report) -> list[tuple[str, dict[str, object]]]:
    """What the owner of the settings should know: a sentence and its fields for each. A path stands there as
    they wrote it."""
    said: list[tuple[str, dict[str, object]]] = []
    roots = {os.path.abspath(path): str(path) for path in paths}
    why = dict(report.broken)
    read = (*report.added, *report.changed, *report.unchanged)
    for root, written in roots.items():
        if root in why or not os.path.lexists(root):
            reason = why.get(root, "there is no such file or folder")
            said.append(("knowledge cannot be read", {"path": written, "why": reason}))
        elif not any(is_below(path, (root,)) for path in read):
            said.append(("knowledge has no document that can be read", {"path": written}))
    if broken := [fault for fault in report.broken if fault.path not in roots]:
        said.append(_of_broken(broken))
    return said


def _of_broken(broken: Sequence[Broken]) -> tuple[str, dict[str, object]]:
    (path, why), *_ = broken
    return "documents cannot be read", {"count": len(broken), "the_first": path, "why": why}


def _anew(local: Local, paths: Sequence[Path]) -> Report:
    local.discard()
    return local.keep(paths, alone=True)


def _tell(report: Report) -> None:
    log.info(
        "knowledge is indexed",
        extra={
            "added": len(report.added),
            "changed": len(report.changed),
            "removed": len(report.removed),
            "broken": len(report.broken),
        },
    )
