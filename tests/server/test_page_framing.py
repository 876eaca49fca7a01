"""A frame that the browser refuses: who asked for it, and what the log says of it."""

from __future__ import annotations

import logging

import pytest

from penstock.server.page_framing import Framing, framing, is_named

FOREIGN = {
    "sec-fetch-dest": "iframe",
    "sec-fetch-site": "cross-site",
    "referer": "https://www.example.org/a?b",
}


@pytest.mark.parametrize(
    ("changed", "origin"),
    [
        ({}, "https://www.example.org"),
        ({"sec-fetch-site": "same-site"}, "https://www.example.org"),
        ({"referer": ""}, ""),
        ({"referer": "https://a.example\n forged"}, ""),
        ({"sec-fetch-site": "same-origin"}, None),
        ({"sec-fetch-dest": "document"}, None),
    ],
)
def test_a_frame_in_another_sites_page_is_told_from_other_requests(
    changed: dict[str, str], origin: str | None
) -> None:
    assert framing(FOREIGN | changed) == origin


@pytest.mark.parametrize(
    ("origin", "named", "may"),
    [
        ("https://www.example.org", "https://www.example.org", True),
        ("https://www.example.org", "https://WWW.example.org:443", True),
        ("https://a.b.example.org", "https://*.example.org", True),
        ("https://example.org", "https://*.example.org", False),
        ("https://notexample.org", "https://*.example.org", False),
        ("https://www.example.org", "http://www.example.org", True),
        ("http://www.example.org", "https://www.example.org", False),
        ("https://www.example.org:8443", "https://www.example.org", False),
        ("", "https://www.example.org", True),
    ],
)
def test_origins_are_compared_as_browsers_compare_them(origin: str, named: str, may: bool) -> None:
    assert is_named(origin, [named]) is may


def test_the_log_names_the_page_and_the_setting_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    times = iter((1.0, 2.0, 60.0, 62.0))
    seen = Framing(lambda: next(times))
    with caplog.at_level(logging.WARNING, "penstock.server"):
        for _ in range(4):
            seen.tell(FOREIGN, [])
            seen.tell(FOREIGN, ["https://*.example.org"])

    assert [(record.__dict__["origin"], "embed_origins" in record.message) for record in caplog.records] == [
        ("https://www.example.org", True)
    ] * 2
