"""The answer as it grows, whatever happens to the network, the server or the tab."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.chat import answers, ask, composer, questions, stop
from tests.browser.conftest import Stage


async def test_the_first_words_are_on_the_screen_before_the_model_has_finished(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "What is the capital of France?")
    scene = await stage.director.scene()

    await scene.say("Paris, ")
    await expect(answers(page)).to_contain_text("Paris,")

    await scene.say("on the Seine.")
    await scene.end()
    await expect(answers(page)).to_contain_text("Paris, on the Seine.")
    await expect(stop(page)).to_have_count(0)


async def test_the_question_is_on_the_screen_before_anything_comes_back(stage: Stage) -> None:
    page = await stage.page()
    await expect(composer(page)).to_be_visible()
    stage.line.cut()

    await ask(page, "Is anybody there?")
    await expect(questions(page)).to_contain_text("Is anybody there?")

    stage.line.mend()
    await stage.director.answers("Yes.")
    await expect(answers(page)).to_contain_text("Yes.")
    await expect(questions(page)).to_have_count(1)


async def test_a_cut_network_in_mid_answer_loses_nothing_and_doubles_nothing(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Count")
    scene = await stage.director.scene()
    await scene.say("one ")
    await expect(answers(page)).to_contain_text("one")

    stage.line.cut()
    await scene.say("two ")
    await expect(page.get_by_text("Reconnecting")).to_be_visible()
    stage.line.mend()

    await scene.say("three")
    await scene.end()
    await expect(answers(page).locator(".markdown")).to_have_text("one two three")


async def test_a_server_that_starts_again_in_mid_answer_gives_one_whole_answer(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Count")
    scene = await stage.director.scene()
    await scene.say("one ", "two")
    await expect(answers(page)).to_contain_text("one two")

    await stage.server.restarted()
    again = await stage.director.scene()
    assert again.question == "Count"
    await again.say("uno ", "dos")
    await again.end()

    await expect(answers(page).locator(".markdown")).to_have_text("uno dos")
    await expect(answers(page)).to_have_count(1)


async def test_a_reload_in_mid_answer_goes_on_where_it_was(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Count")
    scene = await stage.director.scene()
    await scene.say("one ")
    await expect(answers(page)).to_contain_text("one")

    await page.reload()
    await expect(answers(page)).to_contain_text("one")
    await scene.say("two")
    await scene.end()

    await expect(answers(page).locator(".markdown")).to_have_text("one two")
    await expect(questions(page)).to_have_count(1)


async def test_two_tabs_show_the_same_answer_live_and_either_can_stop_it(stage: Stage) -> None:
    one = await stage.page()
    await ask(one, "Count")
    scene = await stage.director.scene()
    await scene.say("one ")
    await expect(answers(one)).to_contain_text("one")
    other = await stage.page(one.url.removeprefix(stage.line.url))
    await expect(answers(other)).to_contain_text("one")

    await scene.say("two")
    await expect(answers(one)).to_contain_text("one two")
    await expect(answers(other)).to_contain_text("one two")

    await stop(other).click()
    await scene.until_left()
    for page in (one, other):
        await expect(answers(page)).to_contain_text("one two")
        await expect(answers(page)).to_contain_text("Stopped")


async def test_a_question_asked_in_one_tab_appears_in_the_other(stage: Stage) -> None:
    one = await stage.page()
    await ask(one, "First?")
    await stage.director.answers("Yes.")
    await expect(answers(one)).to_contain_text("Yes.")
    other = await stage.page(one.url.removeprefix(stage.line.url))
    await expect(answers(other)).to_have_count(1)

    await ask(one, "Second?")
    await stage.director.answers("Yes, too.")

    await expect(questions(other).nth(1)).to_contain_text("Second?")
    await expect(answers(other).nth(1)).to_contain_text("Yes, too.")


async def test_a_model_that_breaks_off_leaves_its_words_and_a_sentence(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Count")
    scene = await stage.director.scene()
    await scene.say("one two")
    scene.break_off()

    await expect(answers(page)).to_contain_text("one two")
    await expect(answers(page).get_by_role("alert")).to_be_visible()


async def test_what_is_being_done_shows_until_there_are_words(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Count")
    scene = await stage.director.scene()

    await scene.status("Looking in the handbook…")
    await expect(answers(page)).to_contain_text("Looking in the handbook…")

    await scene.say("one")
    await scene.end()
    await expect(answers(page)).not_to_contain_text("Looking in the handbook")


async def test_without_websockets_the_answer_streams_all_the_same(stage: Stage) -> None:
    page = await stage.context.new_page()
    # As behind a proxy that lets no WebSocket through.
    await page.route_web_socket("**/api/socket*", lambda socket: socket.close())
    await page.goto(stage.line.url)
    await ask(page, "Count")
    scene = await stage.director.scene()

    await scene.say("one ")
    await expect(answers(page)).to_contain_text("one", timeout=20_000)
    await scene.say("two")
    await expect(answers(page)).to_contain_text("one two")
    await scene.end()
    await expect(stop(page)).to_have_count(0)


async def test_on_a_phone_nothing_is_wider_than_the_screen(stage: Stage) -> None:
    page = await stage.page()
    await page.set_viewport_size({"width": 360, "height": 740})
    await ask(page, "A-very-long-word-" * 20)
    await stage.director.answers("`" + "x" * 400 + "`\n\n" + "y" * 400)
    await expect(answers(page)).to_contain_text("yyy")

    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.get_by_role("button", name="Show conversations").click()
    await expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
