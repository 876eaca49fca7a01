"""The sources that a provider cites by itself have numbers, which follow those of the prompt's passages."""

from __future__ import annotations

from penstock.core.events import Cited, Passage
from penstock.models.sources import Sources


def test_sources_are_numbered_after_the_prompts_passages_and_told_once() -> None:
    sources = Sources(2)
    page, other = Passage("https://a.example", "One."), Passage("b.md", "Two.")
    again = Passage("https://a.example", "Three.")

    cited = [event for passage in (page, other, again) for event in sources.cited(passage)]

    assert cited == [Cited(3, page), Cited(4, other)]
