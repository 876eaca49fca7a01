"""The page is tested with what the encoder says today."""

from __future__ import annotations

import pytest

from tests.channels.page_recordings import RECORDED, recordings


@pytest.mark.parametrize(("name", "text"), recordings().items(), ids=recordings())
def test_the_page_hears_what_the_encoder_says(name: str, text: str) -> None:
    kept = (RECORDED / name).read_text(encoding="utf-8")

    assert kept == text, "write them again: .venv/bin/python -m tests.channels.page_recordings"
