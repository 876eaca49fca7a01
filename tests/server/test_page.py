"""The plain page's script, run by Node with a document of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[1] / "clients"


def test_a_page_whose_stream_was_refused_comes_back_with_its_cursor_and_shows_nothing_twice() -> None:
    if shutil.which("node") is None:
        pytest.skip("the page's script is run by node")
    script = (files("penstock.server") / "page.js").read_text(encoding="utf-8")

    done = subprocess.run(
        ["node", CLIENTS / "page.mjs"], input=script, capture_output=True, text=True, timeout=60, check=True
    )

    found = json.loads(done.stdout)
    events = "api/threads/t1/events"
    assert found["opened"] == [events, f"{events}?cursor=5e0c.1.1", f"{events}?cursor=5e0c.1.1"]
    assert found["shown"] == [["question", "Capital?"], ["answer", "Paris"]]
