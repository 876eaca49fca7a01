"""Which turn may run now, and taking it: under a new fence, as a new attempt."""

from __future__ import annotations

import sqlite3

from penstock.core.ports import Claim, Lease
from penstock.stores.sqlite.rows import questions_of, turn_by_seq

# The first unfinished turn of its thread, or ordered to stop. The states stand here as
# literals, or SQLite would not see that the partial indexes fit.
_MAY_RUN = """
(t.stop_by <> '' OR NOT EXISTS (
    SELECT 1 FROM turns e
    WHERE e.thread = t.thread AND e.seq < t.seq AND e.state IN ('queued', 'running')))
"""
_LAPSED = "t.state = 'running' AND t.until_s <= :now"

_OLDEST = f"""
SELECT min(seq) FROM (
    SELECT * FROM (SELECT t.seq FROM turns t WHERE t.state = 'queued' AND {_MAY_RUN} ORDER BY t.seq LIMIT 1)
    UNION ALL
    SELECT * FROM (SELECT t.seq FROM turns t WHERE {_LAPSED} AND {_MAY_RUN} ORDER BY t.seq LIMIT 1))
"""
_THIS_ONE = f"""
SELECT t.seq FROM turns t WHERE t.id = :turn AND (t.state = 'queued' OR {_LAPSED}) AND {_MAY_RUN}
"""
_TAKE = """
UPDATE turns SET state = 'running', attempt = attempt + 1, fence = fence + 1, until_s = ?, left_s = ?
WHERE seq = ?
"""
_HAS_OLDER = "SELECT EXISTS (SELECT 1 FROM turns WHERE thread = ? AND seq < ?)"


def claim(connection: sqlite3.Connection, turn: str, now_s: float, lease_s: float) -> Claim | None:
    statement = _THIS_ONE if turn else _OLDEST
    found = connection.execute(statement, {"now": now_s, "turn": turn}).fetchone()
    if found is None or found[0] is None:
        return None
    return _take(connection, found[0], now_s, lease_s)


def _take(connection: sqlite3.Connection, seq: int, now_s: float, lease_s: float) -> Claim:
    before = turn_by_seq(connection, seq)
    # A turn that was given back may have been left by somebody else before that.
    left_s = max(before.left_s, before.until_s) if before.state == "running" else _ahead(before.left_s, now_s)
    until_s = now_s + lease_s
    connection.execute(_TAKE, (until_s, left_s, seq))
    attempt = before.attempt + 1
    (has_older,) = connection.execute(_HAS_OLDER, (before.thread, seq)).fetchone()
    return Claim(
        lease=Lease(before.id, before.fence + 1, attempt),
        turn=before._replace(state="running", attempt=attempt).info,
        questions=questions_of(connection, seq),
        until_s=until_s,
        first=not has_older,
        left_until_s=left_s,
    )


def _ahead(when_s: float, now_s: float) -> float:
    return when_s if when_s > now_s else 0.0
