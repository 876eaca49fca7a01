"""The pictures of the README: a real server, a scripted model, a real browser. Run by scripts/screenshots."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.async_api import Browser, Page, async_playwright

from tests.browser.chat import answers, ask
from tests.browser.conftest import CHROMIUM, QUIET, PuppetServer
from tests.browser.director import Director, Scene

TITLE = "Harbour Handbook"
GREETING = "Ask anything about working at the harbour."
SUGGESTIONS = '["How much leave do I have?", "Who opens the lock at night?", "What does a berth cost?"]'
TALK = [
    (
        "How much leave do I have?",
        "Everybody has **thirty days** a year [1]. Five of them may be kept until March.",
    ),
    ("What does a berth cost?", "That depends on the ship's length."),
]
TARIFF = """A berth is paid by length and night [1]:

| Length | Summer | Winter |
|---|--:|--:|
| up to 8 m | 18 € | 12 € |
| up to 12 m | 26 € | 17 € |
| up to 20 m | 41 € | 28 € |

Electricity is **not** included. To see what a month would cost:

```python
def month(nights: int, tariff: float) -> float:
    return round(nights * tariff * 0.9, 2)  # a tenth off
```

Boats that stay longer than a month pay"""
SIZES = {"wide": (1280, 800), "phone": (390, 844)}


async def made(folder: Path) -> None:
    with TemporaryDirectory() as place:
        async with (
            Director() as director,
            PuppetServer(
                Path(place), director, title=TITLE, greeting=GREETING, suggestions=SUGGESTIONS
            ) as server,
            async_playwright() as playwright,
        ):
            life = await server.start()
            assert await life.ready(), life.said
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            page = await _window(browser, server.url, "wide", "light")
            await _talk(page, director)
            scene = await _tariff(page, director)
            address = page.url.removeprefix(server.url)
            await page.screenshot(path=folder / "chat.png")
            for size, scheme, name in _OTHERS:
                other = await _window(browser, server.url + address, size, scheme)
                await answers(other).last.get_by_text("longer than a month").wait_for()
                await other.screenshot(path=folder / name)
            await scene.say(" by agreement.")
            await scene.end()
            owner = await _window(browser, server.url + "/admin", "wide", "light")
            await owner.wait_for_load_state("networkidle")
            await owner.screenshot(path=folder / "admin.png")
            await browser.close()


_OTHERS: list[tuple[str, Literal["light", "dark"], str]] = [
    ("wide", "dark", "chat-dark.png"),
    ("phone", "light", "chat-phone.png"),
]


async def _window(browser: Browser, url: str, size: str, scheme: Literal["light", "dark"]) -> Page:
    width, height = SIZES[size]
    context = await browser.new_context(
        locale="en-GB",
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        device_scale_factor=1.5,
    )
    page = await context.new_page()
    await page.goto(url)
    return page


async def _talk(page: Page, director: Director) -> None:
    for question, answer in TALK:
        await page.goto(page.url.split("/c/")[0])
        await ask(page, question)
        scene = await director.scene()
        await scene.cite(1, "handbook/leave.md", "Everybody has thirty days of leave a year.", "Leave")
        await scene.say(answer)
        await scene.end()
        await page.get_by_role("button", name="Copy the answer").wait_for()


async def _tariff(page: Page, director: Director) -> Scene:
    await page.goto(page.url.split("/c/")[0])
    await ask(page, "What does a berth cost, and what is in it?")
    scene = await director.scene()
    await scene.cite(1, "handbook/tariff.md", "Berths are paid by length and night.", "Tariff")
    await scene.say(TARIFF)
    await answers(page).get_by_text("longer than a month").wait_for()
    return scene


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(made(Path(sys.argv[1])))
