"""Who may use the page: by a token, by an issuer, and nobody else's conversations."""

from __future__ import annotations

import hashlib
import json
import re

from playwright.async_api import Browser, expect

from tests.browser.chat import answers, ask, composer, sidebar
from tests.browser.conftest import Staged
from tests.server.auth.issuers import foreign_issuer

ANN, BEN = "pst_" + "a" * 43, "pst_" + "b" * 43


def _hashed(token: str) -> str:
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


TOKENS = json.dumps({"ann": {"hash": _hashed(ANN), "admin": True}, "ben": _hashed(BEN)})


async def test_a_token_signs_in_and_another_persons_conversation_is_refused(
    staged: Staged, browser: Browser
) -> None:
    async with staged(auth="token", tokens=TOKENS) as stage:
        page = await stage.page()
        await page.get_by_label("Access token").fill("pst_wrong")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).not_to_be_empty()

        await page.get_by_label("Access token").fill(ANN)
        await page.get_by_role("button", name="Sign in").click()
        await ask(page, "Am I in?")
        await stage.director.answers("You are.")
        await expect(answers(page)).to_contain_text("You are.")
        cookies = await stage.context.cookies()
        assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [(True, "Lax")]

        others = await browser.new_context(locale="en-GB")
        other = await others.new_page()
        await other.goto(page.url)
        await other.get_by_label("Access token").fill(BEN)
        await other.get_by_role("button", name="Sign in").click()
        await expect(other.get_by_text("does not exist, or it is not yours")).to_be_visible()
        await expect(sidebar(other)).not_to_contain_text("Am I in?")
        await other.goto(stage.line.url + "/admin")
        await expect(other.locator("#page")).not_to_contain_text("Am I in?")
        refused = await others.request.get(stage.line.url + "/api/admin/turns")
        assert refused.status == 403
        await others.close()


async def test_signing_out_ends_it_and_signing_in_again_goes_on(staged: Staged) -> None:
    async with staged(auth="token", tokens=TOKENS) as stage:
        page = await stage.page()
        await page.get_by_label("Access token").fill(ANN)
        await page.get_by_role("button", name="Sign in").click()
        await expect(composer(page)).to_be_visible()

        await page.get_by_role("button", name="ann").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Access token")).to_be_visible()
        assert (await stage.context.request.get(stage.line.url + "/api/me")).status == 401


async def test_an_issuer_signs_in_and_the_page_comes_back_to_where_one_was(staged: Staged) -> None:
    ann = {"sub": "ann", "name": "Ann", "email": "ann@example.com", "groups": ["staff"]}
    with foreign_issuer(ann) as issuer:
        oidc = {"oidc_issuer": issuer, "oidc_client_id": "penstock", "oidc_allowed_groups": "staff"}
        async with staged(auth="oidc", oidc_client_secret="secret", **oidc) as stage:
            page = await stage.page()
            await page.get_by_role("link", name="Sign in").click()
            await expect(page).to_have_url(re.compile(f"^{issuer}"))
            await page.locator("input[name=sub]").fill("ann")
            await page.locator("input[name=sub]").press("Enter")

            await ask(page, "Am I in?")
            await stage.director.answers("You are.")
            await expect(answers(page)).to_contain_text("You are.")
            await expect(page.get_by_role("button", name="Ann")).to_be_visible()


async def test_a_session_that_ends_in_the_middle_keeps_the_draft(staged: Staged) -> None:
    async with staged(auth="token", tokens=TOKENS) as stage:
        page = await stage.page()
        await page.get_by_label("Access token").fill(ANN)
        await page.get_by_role("button", name="Sign in").click()
        await expect(composer(page)).to_be_visible()
        await composer(page).fill("Half a thought")

        await stage.context.clear_cookies()
        await composer(page).press("Enter")
        await page.get_by_label("Access token").fill(ANN)
        await page.get_by_role("button", name="Sign in").click()

        scene = await stage.director.scene()
        assert scene.question == "Half a thought"
        await scene.say("The other half.")
        await scene.end()
        await expect(answers(page)).to_contain_text("The other half.")


async def test_who_asks_too_fast_is_told_so_and_keeps_the_question(staged: Staged) -> None:
    async with staged(auth="token", tokens=TOKENS, questions_per_minute=1) as stage:
        page = await stage.page()
        await page.get_by_label("Access token").fill(BEN)
        await page.get_by_role("button", name="Sign in").click()
        await ask(page, "One?")
        await stage.director.answers("One.")
        await expect(answers(page)).to_contain_text("One.")

        await ask(page, "Two?")

        await expect(page.get_by_role("alert").filter(has_text="Not sent.")).to_be_visible()
        await expect(page.get_by_text("Two?")).to_be_visible()
