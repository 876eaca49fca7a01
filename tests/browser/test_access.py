"""Without a mouse or without sight, in light and dark: axe-core judges, and the keyboard does everything."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat import answers, ask, composer, sidebar
from tests.browser.conftest import Stage

_AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
Scheme = Literal["light", "dark"]
ANSWER = """# A heading

Some **bold** text with a [link](https://example.com) and `code` [1].

```python
def f(x: int) -> str:
    return f"{x}"  # a comment
```

| a | b |
|---|---|
| 1 | 2 |

1. one
2. two

> quoted
"""


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong: the rule, and where."""
    await page.evaluate(_AXE.read_text())
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [f"{v['id']}: {v['help']}: {[node['html'][:150] for node in v['nodes'][:4]]}" for v in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wrong_with_the_chat(stage: Stage, scheme: Scheme) -> None:
    page = await stage.page()
    await page.emulate_media(color_scheme=scheme)
    await expect(composer(page)).to_be_visible()
    assert await violations(page) == []

    await ask(page, "How?")
    scene = await stage.director.scene()
    await scene.think("Let me see.")
    await scene.cite(1, "handbook.md", "So it is.", "How")
    await scene.say(ANSWER)
    await expect(answers(page)).to_contain_text("quoted")
    assert await violations(page) == []

    await scene.end()
    await expect(page.get_by_role("button", name="Copy the answer")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wrong_with_the_owners_view(stage: Stage, scheme: Scheme) -> None:
    page = await stage.page()
    await page.emulate_media(color_scheme=scheme)
    await ask(page, "How?")
    await stage.director.answers("So.")
    await expect(answers(page)).to_contain_text("So.")

    for name in ("", "/turns", "/threads", "/feedback", "/usage", "/knowledge", "/settings"):
        await page.goto(f"{stage.line.url}/admin{name}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await page.wait_for_load_state("networkidle")
        assert (name, await violations(page)) == (name, [])


async def test_everything_can_be_done_with_the_keyboard_alone(stage: Stage) -> None:
    page = await stage.page()
    await expect(composer(page)).to_be_focused()
    await page.keyboard.type("Count")
    await page.keyboard.press("Enter")
    scene = await stage.director.scene()
    await scene.say("one")
    await expect(answers(page)).to_contain_text("one")

    await page.keyboard.press("Escape")
    await scene.until_left()
    await expect(answers(page)).to_contain_text("Stopped")

    await _tab_to(page, "Ask again")
    await page.keyboard.press("Enter")
    await stage.director.answers("one two")
    await expect(answers(page)).to_contain_text("one two")

    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("nothing like it")
    await expect(sidebar(page)).to_contain_text("No title and no question")
    await page.keyboard.press("Control+Shift+O")
    await expect(composer(page)).to_be_focused()
    await expect(answers(page)).to_have_count(0)


async def _tab_to(page: Page, name: str) -> None:
    """Backwards from where the focus is, as far as it takes."""
    for _ in range(60):
        await page.keyboard.press("Shift+Tab")
        if await page.evaluate("document.activeElement?.getAttribute('aria-label')") == name:
            return
    raise AssertionError(f"no way leads to {name!r}")


async def test_a_screen_reader_hears_sentences_and_never_single_tokens(stage: Stage) -> None:
    page = await stage.page()
    await page.evaluate(
        """() => {
            window.heard = [];
            const polite = document.querySelector('[aria-live=polite]');
            new MutationObserver(() => window.heard.push(polite.textContent)).observe(
                document.body, {subtree: true, childList: true, characterData: true});
        }"""
    )
    await ask(page, "Count")
    scene = await stage.director.scene()
    for word in ["One", "and", "two", "are", "three.", "Four"]:
        await scene.say(word + " ")
    await scene.end()
    await expect(answers(page)).to_contain_text("Four")
    live = page.locator("[aria-live=polite]")
    await expect(live.first).to_contain_text("Four")

    said = await live.first.evaluate("live => [...live.children].map(child => child.textContent)")
    assert "One and two are three." in " ".join(said)
    assert len(said) < 6


async def test_right_to_left_text_runs_from_right_to_left(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "מה שלומך?")
    await stage.director.answers("שלום עולם")
    await expect(answers(page)).to_contain_text("שלום")

    paragraph = answers(page).locator(".markdown p")
    assert await paragraph.evaluate("p => getComputedStyle(p).direction") == "rtl"


async def test_the_page_speaks_japanese_to_who_does(stage: Stage) -> None:
    context = await stage.context.browser.new_context(locale="ja-JP")  # type: ignore[union-attr]
    page = await context.new_page()
    await page.goto(stage.line.url)

    await expect(page.locator("html")).to_have_attribute("lang", "ja")
    await expect(page.get_by_role("button", name="新しい会話").first).to_be_visible()
    await context.close()
