"""The button in other people's pages: in a real browser, in a page of another site with a strict policy."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, TimeoutError, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from penstock import Assistant
from penstock.server import build
from penstock.testing.models import ScriptedModel
from tests.server.place import serving

PATIENCE_MS = 15_000

# What would spoil a button that is not in a tree of its own.
HOSTILE = "div, button, iframe { display: none; position: static; font: 3px serif } html { font-size: 3px }"
HOST = """<!doctype html><html lang="en" {attributes}><title>Somebody's</title>
<link rel="stylesheet" href="/hostile.css"><body><a href="#">A link of theirs</a>
<script src="{ours}/embed.js" defer data-label="Ask us"></script>"""


@asynccontextmanager
async def embedding(
    browser: Browser,
    folder: Path,
    *,
    at: str = "localhost",
    allowed: bool = True,
    attributes: str = "",
    given: Mapping[str, Any] = MappingProxyType({}),
    **context: Any,
) -> AsyncIterator[Page]:
    """A page that has the button, of another site: to a browser, localhost is another than 127.0.0.1."""
    refused: list[str] = []

    async def page(request: Request) -> HTMLResponse:
        policy = f"default-src 'none'; style-src 'self'; script-src {ours}; frame-src {ours}"
        body = HOST.format(ours=ours, attributes=attributes)
        return HTMLResponse(body, headers={"Content-Security-Policy": policy})

    async def css(request: Request) -> Response:
        return Response(HOSTILE, media_type="text/css")

    theirs = Starlette(routes=[Route("/", page), Route("/hostile.css", css)])
    assistant = Assistant(ScriptedModel(["Paris."]), data=str(folder), grace_s=0.0)
    async with serving(theirs, assistant.settings()) as their_url:
        host = their_url.replace("127.0.0.1", at)
        origins = [host if allowed else "https://www.example.org"]
        settings = assistant.settings(embed_origins=origins, **given)
        app = build(assistant, settings=settings)
        async with app.life.lifespan(app), serving(app, settings) as ours:
            opened = await browser.new_context(**{"reduced_motion": "reduce", **context})
            opened.set_default_timeout(PATIENCE_MS)
            tab = await opened.new_page()
            tab.on("console", lambda said: refused.append(said.text) if "Policy" in said.text else None)
            try:
                await tab.goto(host)
                yield tab
            finally:
                await opened.close()
    assert bool(refused) is not allowed, refused


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Ask us")


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Ask us")


def chat(page: Page) -> Locator:
    return page.frame_locator("iframe").locator("#page")


async def box(locator: Locator) -> tuple[int, int, int, int]:
    """Left, top, width and height, in pixels."""
    found = await locator.bounding_box()
    assert found is not None
    return round(found["x"]), round(found["y"]), round(found["width"]), round(found["height"])


async def test_one_tag_puts_the_chat_into_a_page_of_another_site_whatever_its_policy_and_css(
    browser: Browser, tmp_path: Path
) -> None:
    async with embedding(browser, tmp_path) as page:
        await expect(button(page)).to_have_attribute("aria-expanded", "false")
        await expect(page.locator("iframe")).not_to_have_attribute("src", re.compile("."))

        await button(page).click()

        await expect(chat(page)).not_to_be_empty()
        await expect(button(page)).to_have_attribute("aria-expanded", "true")
        left, _, width, height = await box(button(page))
        assert left + width in range(1280 - 40, 1280)
        # Not made of their three pixels.
        assert height in range(44, 60)


async def test_focus_goes_into_the_panel_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    async with embedding(browser, tmp_path) as page:
        await button(page).press("Enter")
        await expect(page.locator("iframe")).to_be_focused()

        await page.get_by_role("button", name="Close").press("Enter")
        await expect(panel(page)).to_be_hidden()
        await expect(button(page)).to_be_focused()

        await button(page).press("Enter")
        await page.get_by_role("button", name="Close").press("Escape")
        await expect(panel(page)).to_be_hidden()
        await expect(button(page)).to_be_focused()


async def test_escape_in_the_frame_closes_the_panel(browser: Browser, tmp_path: Path) -> None:
    async with embedding(browser, tmp_path) as page:
        await button(page).click()
        await expect(page.frame_locator("iframe").get_by_role("textbox")).to_be_focused()

        await page.keyboard.press("Escape")

        await expect(panel(page)).to_be_hidden()
        await expect(button(page)).to_be_focused()


async def test_on_a_phone_the_panel_is_the_screen_and_what_is_behind_is_out_of_reach(
    browser: Browser, tmp_path: Path
) -> None:
    async with embedding(browser, tmp_path, viewport={"width": 360, "height": 640}) as page:
        await button(page).click()

        assert await box(panel(page)) == (0, 0, 360, 640)
        await expect(page.get_by_role("button", name="Close")).to_be_in_viewport()
        with pytest.raises(TimeoutError):
            await page.get_by_role("link", name="A link of theirs").click(timeout=500)


async def test_in_a_page_written_from_right_to_left_the_button_stands_left(
    browser: Browser, tmp_path: Path
) -> None:
    async with embedding(browser, tmp_path, attributes='dir="rtl"') as page:
        await button(page).click()

        assert (await box(button(page)))[0] in range(40)
        assert (await box(panel(page)))[0] in range(40)


async def test_a_site_that_is_not_named_gets_no_chat(browser: Browser, tmp_path: Path) -> None:
    async with embedding(browser, tmp_path, allowed=False) as page:
        async with page.expect_event("response", lambda sent: sent.url.endswith("/embed")):
            await button(page).click()

        await expect(chat(page)).to_have_count(0)
        said = panel(page).get_by_role("status")
        await expect(said).to_contain_text("The chat does not show here.", timeout=PATIENCE_MS)


# --- Who is signed in there -------------------------------------------------------

TOKEN = "pst_" + "a" * 43
WITH_TOKENS = {"auth": "token", "tokens": {"ann": f"sha256:{hashlib.sha256(TOKEN.encode()).hexdigest()}"}}


async def signing_in(page: Page) -> int:
    """Sign in inside the frame. The status with which the assistant answers who is there now."""
    await button(page).click()
    field = page.frame_locator("iframe").get_by_label("Access token")
    await field.fill(TOKEN)
    async with page.expect_response("**/auth/token") as token, page.expect_response("**/api/me") as me:
        await field.press("Enter")
    assert (await token.value).status == 204
    return (await me.value).status


async def test_within_one_site_whoever_signs_in_is_signed_in_everywhere(
    browser: Browser, tmp_path: Path
) -> None:
    async with embedding(browser, tmp_path, at="127.0.0.1", given=WITH_TOKENS) as page:
        assert await signing_in(page) == 200

        embedded = await page.locator("iframe").get_attribute("src")
        tab = await page.context.new_page()
        await tab.goto((embedded or "").removesuffix("embed"))
        await expect(tab.get_by_role("textbox", name="Your question")).to_be_visible()


async def test_in_a_page_of_another_site_signing_in_is_not_kept(browser: Browser, tmp_path: Path) -> None:
    async with embedding(browser, tmp_path, given=WITH_TOKENS) as page:
        assert await signing_in(page) == 401
