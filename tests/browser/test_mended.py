"""What a first user stumbled over, and must not again."""

from __future__ import annotations

import json
import re

from playwright.async_api import Locator, Page, expect

from tests.browser.chat import answers, ask, composer, questions, sidebar
from tests.browser.conftest import Stage, Staged
from tests.browser.test_signing_in import ANN, BEN, TOKENS


async def _wideness(box: Locator) -> list[int]:
    """How wide what is in it is, and how wide it is, in pixels."""
    found: list[int] = await box.evaluate("box => [box.scrollWidth, box.clientWidth]")
    return found


async def test_a_link_opened_in_mid_answer_shows_the_rest_and_what_is_asked_later(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Name a river")
    scene = await stage.director.scene()
    await scene.say("The ")
    await page.get_by_role("button", name="Share").click()
    await page.get_by_role("button", name="Create a link").click()
    link = await page.get_by_role("textbox", name="Link").input_value()
    stranger = await stage.page(link.removeprefix(stage.line.url))
    await expect(questions(stranger)).to_contain_text("Name a river")

    await scene.say("Rhine.")
    await scene.end()
    await expect(answers(stranger)).to_contain_text("The Rhine.")

    await page.keyboard.press("Escape")
    await ask(page, "And another")
    await stage.director.answers("The Elbe.")
    await expect(answers(page).nth(1)).to_contain_text("The Elbe.")
    # Somebody looks at the page again, so that the test need not wait for its next reading.
    await stranger.evaluate("dispatchEvent(new Event('pageshow'))")
    await expect(answers(stranger).nth(1)).to_contain_text("The Elbe.")


async def test_a_wide_line_of_code_in_a_source_scrolls_in_its_own_box(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "How?")
    scene = await stage.director.scene()
    await scene.cite(1, "handbook.md", f"So:\n\n```\n{'wide ' * 60}\n```\n", "How")
    await scene.say("So it is [1].")
    await scene.end()
    await page.get_by_role("button", name=re.compile("handbook.md")).last.click()

    inside, window = await _wideness(page.locator("dialog.sheet"))

    assert inside <= window


async def _signed_in(page: Page, token: str) -> None:
    await page.get_by_label("Access token").fill(token)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_question_that_waited_is_not_asked_as_whoever_signs_in_next(staged: Staged) -> None:
    async with staged(auth="token", tokens=TOKENS) as stage:
        page = await stage.page()
        await _signed_in(page, BEN)
        await expect(composer(page)).to_be_visible()
        await stage.context.clear_cookies()
        await ask(page, "Ben's secret")
        card = page.locator("dialog.sign-in-again")
        await expect(card).to_be_visible()
        left, right = await card.locator(".card").evaluate(
            "card => { const box = card.getBoundingClientRect(); return [box.left, innerWidth - box.right] }"
        )
        assert abs(left - right) <= 1

        await _signed_in(page, ANN)
        await expect(page.get_by_role("button", name="ann")).to_be_visible()
        await expect(card).to_have_count(0)

        await ask(page, "Ann's own")
        scene = await stage.director.scene()
        assert scene.messages == ["Ann's own"]
        await scene.end()
        await expect(sidebar(page)).not_to_contain_text("Ben's secret")


async def test_the_title_follows_the_first_question_when_it_is_edited(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Name a rver")
    await stage.director.answers("What?")
    await expect(page.get_by_role("heading", name="Name a rver")).to_be_visible()

    await questions(page).hover()
    await page.get_by_role("button", name="Edit and ask again").click()
    await page.get_by_role("textbox", name="Edit the question").fill("Name a river")
    await page.get_by_role("button", name="Ask", exact=True).click()
    await stage.director.answers("The Oder.")

    await expect(page.get_by_role("heading", name="Name a river")).to_be_visible()


async def test_a_draft_comes_back_with_the_caret_at_its_end(stage: Stage) -> None:
    page = await stage.page()
    await composer(page).fill("What is")
    await page.reload()
    await expect(composer(page)).to_be_focused()

    await page.keyboard.type(" a weir?")

    await expect(composer(page)).to_have_value("What is a weir?")


async def test_enter_after_a_thumb_writes_in_the_remark_and_takes_nothing_back(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Name a river")
    await stage.director.answers("The Rhine.")
    thumb = page.get_by_role("button", name="Bad answer")
    await thumb.click()
    await expect(page.get_by_role("textbox", name=re.compile("^What was good"))).to_be_focused()

    await page.keyboard.press("Enter")
    await expect(thumb).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Escape")

    await expect(thumb).to_be_focused()


async def test_a_long_title_stays_in_the_list_and_many_suggestions_begin_at_the_greeting(
    staged: Staged,
) -> None:
    suggestions = json.dumps([f"What would you ask as number {n}, if you could?" for n in range(8)])
    async with staged(title="A very long name of a page " * 4, suggestions=suggestions) as stage:
        page = await stage.page()
        await expect(composer(page)).to_be_visible()
        inside, window = await _wideness(page.locator(".sidebar-head"))
        assert inside <= window

        await page.set_viewport_size({"width": 360, "height": 700})
        await page.reload()

        await expect(page.locator(".welcome h2")).to_be_in_viewport()
        assert await page.get_by_test_id("viewport").evaluate("box => box.scrollTop") == 0


async def test_a_question_without_a_connection_says_that_it_was_not_sent(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Name a river")
    await stage.director.answers("The Rhine.")
    await expect(answers(page)).to_contain_text("The Rhine.")
    stage.line.cut()
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()

    await ask(page, "And another")
    await expect(answers(page).nth(1)).to_contain_text("Not sent yet.")

    stage.line.mend()
    await stage.director.answers("The Elbe.")
    await expect(answers(page).nth(1)).to_contain_text("The Elbe.")


async def test_a_sentence_of_thanks_covers_no_button_of_the_answer(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Name rivers")
    await stage.director.answers("The Rhine.\n\n" * 40)
    await page.get_by_role("button", name="Good answer").click()
    await page.get_by_role("textbox", name=re.compile("^What was good")).fill("Right")
    await page.get_by_role("button", name="Send remark").click()
    await expect(page.get_by_text("Thank you.")).to_be_visible()

    toast = await page.locator(".toast").bounding_box()
    buttons = await page.locator(".assistant .actions").last.bounding_box()

    assert toast
    assert buttons
    assert toast["y"] + toast["height"] <= buttons["y"]


async def test_the_themes_stand_beside_their_name_in_japanese(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_role("combobox", name="Language").select_option("ja")

    name, *choices = await page.locator("fieldset.choice legend, fieldset.choice label").evaluate_all(
        "parts => parts.map(part => part.getBoundingClientRect()).map(({left, right}) => [left, right])"
    )

    assert len(choices) == 3
    assert all(left >= name[1] for left, _ in choices)


async def test_a_search_that_finds_nothing_says_what_was_searched(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("searchbox").fill("weir")

    await expect(sidebar(page).get_by_text("Answers are not searched")).to_be_visible()
