"""What a person does on the page, by the names that the page gives to its parts."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Your question")


async def ask(page: Page, question: str) -> None:
    await composer(page).fill(question)
    await composer(page).press("Enter")


def answers(page: Page) -> Locator:
    return page.locator("article.message.assistant")


def questions(page: Page) -> Locator:
    return page.locator("article.message.user")


def stop(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Stop"))


def viewport(page: Page) -> Locator:
    return page.get_by_test_id("viewport")


def sidebar(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Conversations")


async def choose(page: Page, title: str, action: str) -> None:
    """From the menu of a conversation in the list."""
    await sidebar(page).get_by_text(title).hover()
    await sidebar(page).get_by_role("button", name=f"Options for “{title}”").click()
    await page.get_by_role("menuitem", name=action).click()
