"""The list of conversations, and what can be done with questions and answers."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser.chat import answers, ask, choose, composer, questions, sidebar
from tests.browser.conftest import Stage


async def asked(stage: Stage, question: str, *words: str) -> Page:
    page = await stage.page()
    await ask(page, question)
    await stage.director.answers(*words)
    await expect(answers(page)).to_contain_text(words[-1].strip())
    return page


async def test_a_conversation_is_listed_renamed_deleted_and_brought_back(stage: Stage) -> None:
    page = await asked(stage, "What is a weir?", "A low dam.")
    await expect(sidebar(page)).to_contain_text("What is a weir?")

    await choose(page, "What is a weir?", "Rename")
    await page.get_by_role("textbox", name=re.compile("^New title")).fill("Weirs")
    await page.keyboard.press("Enter")
    await expect(sidebar(page)).to_contain_text("Weirs")
    await page.reload()
    await expect(sidebar(page)).to_contain_text("Weirs")

    await choose(page, "Weirs", "Delete")
    await expect(sidebar(page)).not_to_contain_text("Weirs")
    await page.get_by_role("button", name="Undo").click()
    await expect(sidebar(page)).to_contain_text("Weirs")
    await page.reload()
    await expect(sidebar(page)).to_contain_text("Weirs")


async def test_the_list_is_searched_by_what_was_asked(stage: Stage) -> None:
    page = await asked(stage, "What is a weir?", "A low dam.")
    await page.get_by_role("button", name="New conversation").first.click()
    await ask(page, "How deep is the Rhine?")
    await stage.director.answers("Deep.")
    await expect(sidebar(page)).to_contain_text("Rhine")

    await page.get_by_role("searchbox").fill("WEIR")
    await expect(sidebar(page)).not_to_contain_text("Rhine")
    await expect(sidebar(page)).to_contain_text("weir")


async def test_asking_again_keeps_both_answers_and_the_new_one_stands(stage: Stage) -> None:
    page = await asked(stage, "Name a river", "The Rhine.")

    await answers(page).hover()
    await page.get_by_role("button", name="Ask again", exact=True).click()
    scene = await stage.director.scene()
    assert scene.messages == ["Name a river"]
    await scene.say("The Elbe.")
    await scene.end()
    await expect(answers(page)).to_contain_text("The Elbe.")
    await expect(answers(page)).to_have_count(1)

    await page.get_by_role("button", name="Earlier version").click()
    await expect(answers(page)).to_contain_text("The Rhine.")
    await page.get_by_role("button", name="Later version").click()
    await expect(answers(page)).to_contain_text("The Elbe.")

    await ask(page, "And another")
    scene = await stage.director.scene()
    assert scene.messages == ["Name a river", "The Elbe.", "And another"]
    await scene.end()


async def test_an_edited_question_is_asked_instead(stage: Stage) -> None:
    page = await asked(stage, "Name a rver", "What?")

    await questions(page).hover()
    await page.get_by_role("button", name="Edit and ask again").click()
    await page.get_by_role("textbox", name="Edit the question").fill("Name a river")
    await page.get_by_role("button", name="Ask", exact=True).click()
    scene = await stage.director.scene()
    assert scene.messages == ["Name a river"]
    await scene.say("The Oder.")
    await scene.end()

    await expect(answers(page)).to_contain_text("The Oder.")
    await expect(questions(page)).to_have_count(1)
    await page.reload()
    await expect(answers(page)).to_contain_text("The Oder.")
    await expect(questions(page)).to_contain_text("Name a river")


async def test_a_thumb_and_a_remark_reach_the_owner(stage: Stage) -> None:
    page = await asked(stage, "Name a river", "The Rhine.")

    await answers(page).hover()
    await page.get_by_role("button", name="Bad answer").click()
    await page.get_by_role("textbox", name=re.compile("Remark|What was good")).fill("Too short")
    await page.get_by_role("button", name="Send remark").click()
    await expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")

    owner = await stage.page("/admin/feedback")
    await expect(owner.get_by_text("Too short")).to_be_visible()


async def test_a_shared_conversation_is_read_by_a_stranger_until_the_link_is_taken_back(stage: Stage) -> None:
    page = await asked(stage, "Name a river", "The Rhine.")

    await page.get_by_role("button", name="Share").click()
    await page.get_by_role("button", name="Create a link").click()
    link = await page.get_by_role("textbox", name="Link").input_value()
    stranger = await stage.page(link.removeprefix(stage.line.url))
    await expect(stranger.get_by_text("The Rhine.")).to_be_visible()
    await expect(composer(stranger)).to_have_count(0)

    await page.get_by_role("button", name="Revoke the link").click()
    await expect(page.get_by_text("The link no longer works.")).to_be_visible()
    await stranger.reload()
    await expect(stranger.get_by_text("This link does not work")).to_be_visible()


async def test_the_draft_stays_where_it_was_when_a_question_is_refused(stage: Stage) -> None:
    page = await stage.page()

    await ask(page, "x" * 110_000)

    await expect(page.get_by_role("alert")).to_contain_text("too long")
    await expect(composer(page)).to_have_value("x" * 110_000)
