"""Credentials whose parts show where they came from."""

from __future__ import annotations

from datetime import UTC, datetime

from penstock.aws.credentials import Credentials

NOW_S = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
HOUR_S = 3_600.0
LATER = "2026-11-20T18:00:00Z"


def of(name: str, expires_s: float | None = NOW_S + 6 * HOUR_S) -> Credentials:
    return Credentials(name, f"{name}-secret", f"{name}-token", expires_s)
