"""A hundred thousand characters, and a reader who scrolls meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser.chat import answers, ask, viewport
from tests.browser.conftest import Stage

# How long each frame took, in ms, while the page is watched.
_WATCH = """() => {
    window.frames_ms = [];
    let last = performance.now();
    const look = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(look); };
    requestAnimationFrame(look);
}"""
CHARS = 100_000
WORD = "word and **bold** "
PARAGRAPH = 40


async def test_a_hundred_thousand_characters_stay_smooth_and_the_last_word_appears(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    page = await stage.page()
    await ask(page, "Tell me everything")
    scene = await stage.director.scene()
    await scene.say("Begin. ")
    await expect(answers(page)).to_contain_text("Begin.")

    await _tell(scene.say, CHARS - 10_000)
    # The last tenth at 200 tokens a second, when the page is heavy already.
    await page.evaluate(_WATCH)
    for n in range(400):
        await scene.say(f"token{n} ")
        await asyncio.sleep(1 / 200)
    frames_ms = sorted(await page.evaluate("window.frames_ms"))
    await scene.say("omega")
    await scene.end()

    await expect(answers(page)).to_contain_text("omega")
    middle, late = frames_ms[len(frames_ms) // 2], frames_ms[int(len(frames_ms) * 0.95)]
    told = (
        f"{len(frames_ms)} frames, median {middle:.0f} ms, p95 {late:.0f} ms, longest {frames_ms[-1]:.0f} ms"
    )
    record_property("figure", f"a long answer as it grows: {told}")
    # Not a promise about speed, which bench/ measures: a page that renders everything anew stands still.
    assert late < 500


async def _tell(say: Callable[[str], Awaitable[None]], chars: int) -> None:
    told = 0
    while told < chars:
        piece = WORD * PARAGRAPH + "\n\n"
        await say(piece)
        told += len(piece)


async def test_who_scrolled_up_stays_there_and_who_is_at_the_end_follows(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Tell me much")
    scene = await stage.director.scene()
    await scene.say("A line.\n\n" * 100)
    await expect(answers(page)).to_contain_text("A line.")
    await _until(page, "v.scrollHeight - v.scrollTop - v.clientHeight < 60")

    await viewport(page).hover()
    await page.mouse.wheel(0, -1500)
    await _until(page, "v.scrollHeight - v.scrollTop - v.clientHeight > 600")
    before = await viewport(page).evaluate("v => v.scrollTop")
    await scene.say("More.\n\n" * 50 + "Marker.")
    await expect(answers(page)).to_contain_text("Marker.")
    assert abs(await viewport(page).evaluate("v => v.scrollTop") - before) < 5

    await page.get_by_role("button", name="Jump to the latest").click()
    await _until(page, "v.scrollHeight - v.scrollTop - v.clientHeight < 60")
    await scene.say("\n\nThe end.")
    await scene.end()
    await expect(answers(page)).to_contain_text("The end.")
    await _until(page, "v.scrollHeight - v.scrollTop - v.clientHeight < 60")


async def _until(page: Page, condition: str) -> None:
    await page.wait_for_function(
        f"() => {{ const v = document.querySelector('[data-testid=viewport]'); return {condition} }}"
    )
