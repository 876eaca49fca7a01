"""What a model may write, and what the page makes of it: never a script, never a jump."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.chat import answers, ask
from tests.browser.conftest import Stage

HOSTILE = """
<script>window.hacked = "script"</script>
<img src=x onerror="window.hacked = 'onerror'">
<svg onload="window.hacked = 'onload'"><a xlink:href="javascript:window.hacked='svg'">svg</a></svg>
<iframe srcdoc="<script>parent.hacked = 'iframe'</script>"></iframe>
<style>body { display: none }</style>
<form action="https://evil.example"><input name="q"><button>Send</button></form>
<a href="javascript:window.hacked='html'">html</a>

[script](javascript:window.hacked='link') [data](data:text/html,<script>window.hacked='data'</script>)
[case](JaVaScRiPt:window.hacked='case') [entity](&#106;avascript:window.hacked='entity')
[tab](java\tscript:window.hacked='tab') <javascript:window.hacked='auto'>
![pixel](https://evil.example/pixel.png) ![x](javascript:window.hacked='image')
[style](https://example.com "x" onmouseover="window.hacked='title'")
[good](https://example.com/good)

| <b onclick="window.hacked='cell'">cell</b> |
|---|
| [cell](vbscript:window.hacked) |

The end.
"""


async def told(stage: Stage, text: str) -> Page:
    page = await stage.page()
    await ask(page, "Say it")
    scene = await stage.director.scene()
    # In small pieces, so that every half of every mark was on the screen.
    for start in range(0, len(text), 7):
        await scene.say(text[start : start + 7])
    await scene.end()
    await expect(answers(page)).to_contain_text(text.split()[-1])
    return page


async def test_nothing_that_a_model_writes_is_executed_or_fetched(stage: Stage) -> None:
    fetched: list[str] = []
    stage.context.on("request", lambda request: fetched.append(request.url))

    page = await told(stage, HOSTILE)

    answer = answers(page)
    for element in ("script", "img", "svg svg", "iframe", "style", "form", "input", "object"):
        await expect(answer.locator(f".markdown {element}")).to_have_count(0)
    links = await answer.locator(".markdown a").evaluate_all("all => all.map(a => a.href)")
    assert links
    assert [link for link in links if not link.startswith(("https://", "http://", "mailto:"))] == []
    assert await answer.locator(".markdown a").first.get_attribute("rel")
    for link in await answer.locator(".markdown a[href^='javascript'], .markdown [onclick]").all():
        raise AssertionError(await link.inner_html())
    assert await page.evaluate("window.hacked") is None
    await expect(page.locator("body")).to_be_visible()
    assert [url for url in fetched if not url.startswith(stage.line.url)] == []


async def test_half_open_marks_are_never_on_the_screen(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "Say it")
    scene = await stage.director.scene()
    seen: list[str] = []

    await scene.say("Start. ")
    await expect(answers(page).locator(".markdown")).to_contain_text("Start.")
    for piece, shown in [
        ("This is **bo", "bo"),
        ("ld** and `co", "co"),
        ("de` and [a li", "a li"),
        ("nk](https://exam", "nk"),
        ("ple.com/x).\n\n| a | b |\n|-", "a"),
        ("--|---|\n| 1 | 2", "2"),
        (" |\n\n```py\nprint(", "print("),
    ]:
        await scene.say(piece)
        await expect(answers(page).locator(".markdown")).to_contain_text(shown)
        seen.append(await answers(page).locator(".markdown").inner_text())
    await scene.say("1)\n```\n")
    await scene.end()

    for text in seen:
        for mark in ("**", "`", "](", "https://exam", "|", "---"):
            assert mark not in text, (mark, text)
    await expect(answers(page).locator(".markdown table")).to_have_count(1)
    await expect(answers(page).locator(".markdown pre")).to_contain_text("print(1)")


async def test_a_wide_table_scrolls_inside_itself(stage: Stage) -> None:
    wide = "| " + " | ".join(f"column number {n}" for n in range(40)) + " |\n" + "|---" * 40 + "|\n\nDone."

    page = await told(stage, wide)

    body, table = page.locator("body"), answers(page).locator(".markdown .table")
    assert await body.evaluate("b => b.scrollWidth <= b.clientWidth")
    assert await table.evaluate("t => t.scrollWidth > t.clientWidth")


async def test_a_footnote_opens_the_text_it_rests_on(stage: Stage) -> None:
    page = await stage.page()
    await ask(page, "How much leave?")
    scene = await stage.director.scene()
    await scene.cite(1, "handbook/leave.md", "Everybody has thirty days of leave.", "Leave")
    await scene.say("Thirty days [1].")
    await scene.end()

    await answers(page).locator(".markdown").get_by_role("button").click()
    await expect(page.get_by_text("Everybody has thirty days of leave.")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("Everybody has thirty days of leave.")).to_be_hidden()
