"""The page within its own Content-Security-Policy: whatever somebody does, nothing of it is refused."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat import ask, composer
from tests.browser.conftest import Stage


def refused(page: Page) -> list[str]:
    """What the browser refuses from now on, as it says so itself."""
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if "Policy" in line.text else None)
    return said


async def test_nothing_of_the_chat_is_refused_by_its_own_policy(stage: Stage) -> None:
    page = await stage.context.new_page()
    said = refused(page)
    await page.goto(stage.line.url)
    await ask(page, "How?")
    scene = await stage.director.scene()
    await scene.think("Let me see.")
    await scene.cite(1, "handbook.md", "So.", "How")
    await scene.say("So [1]:\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] done\n")
    await scene.end()
    await expect(page.get_by_role("checkbox", name="done")).to_be_visible()

    for menu in await page.get_by_role("button").and_(page.locator("[aria-haspopup]")).all():
        if await menu.is_visible():
            await menu.click()
            await page.keyboard.press("Escape")
    await expect(composer(page)).to_be_visible()

    assert said == []


@pytest.mark.parametrize("path", ["/admin", "/s/nothing", "/embed", "/c/nothing"])
async def test_nothing_of_the_other_pages_is_refused_by_their_own_policy(stage: Stage, path: str) -> None:
    page = await stage.context.new_page()
    said = refused(page)

    await page.goto(stage.line.url + path)
    await expect(page.locator("#page")).not_to_be_empty()

    assert said == []


async def test_the_policy_is_in_force(stage: Stage) -> None:
    page = await stage.page()
    said = refused(page)

    ran = await page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            return window.ran ?? false;
        }"""
    )

    assert ran is False
    assert len(said) == 1
