"""The owner's view: what runs now, how an answer came about, and who may see it."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.chat import answers, ask
from tests.browser.conftest import Stage


async def test_the_owner_sees_a_running_answer_and_stops_it(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Count to a million")
    scene = await stage.director.scene()
    await scene.say("one")
    await expect(answers(page)).to_contain_text("one")

    owner = await stage.page("/admin")
    await owner.get_by_role("button", name="Stop").first.click()

    await scene.until_left()
    await expect(answers(page)).to_contain_text("Stopped")
    await expect(answers(page)).to_contain_text("one")


async def test_the_timeline_of_an_answer_tells_its_attempts_and_its_end(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Count")
    scene = await stage.director.scene()
    await scene.say("one")
    # Shown only when it is written down, and what came before it, too.
    await scene.status("Looking it up")
    await expect(answers(page)).to_contain_text("Looking it up")
    await stage.server.restarted()
    again = await stage.director.scene()
    await again.say("one two")
    again.break_off()
    await expect(answers(page).get_by_role("alert")).to_be_visible()

    owner = await stage.page("/admin/turns")
    await owner.get_by_role("table").get_by_role("link").first.click()

    course = owner.locator("main")
    await expect(course).to_contain_text("Attempt 1")
    await expect(course).to_contain_text("Attempt 2")
    await expect(course).to_contain_text("Failed")
    # Why, as the log has it: for the owner alone.
    await expect(course).to_contain_text("the director left")
    await expect(answers(page)).not_to_contain_text("director left")


async def test_tables_are_sorted_filtered_and_taken_away_as_csv(stage: Stage) -> None:
    page = await stage.page()
    for question in ("=HYPERLINK(1)", "Bees?"):
        await page.goto(stage.line.url)
        await ask(page, question)
        await stage.director.answers("Yes.")
        await expect(answers(page)).to_contain_text("Yes.")

    owner = await stage.page("/admin/threads")
    await expect(owner.get_by_role("table")).to_contain_text("Bees?")
    async with owner.expect_download() as download:
        await owner.get_by_role("button", name="CSV").first.click()
    path = await (await download.value).path()

    text = path.read_text(encoding="utf-8-sig")
    assert "Bees?" in text
    assert "'=HYPERLINK(1)" in text
