"""The page as it is served: where it is found, what it carries, and what the settings make of it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from penstock import Assistant
from penstock.errors import ConfigError
from penstock.server import build
from penstock.server.page import BUTTON_ACCENT
from penstock.server.page_files import Content, answered, read_logo
from penstock.testing.models import ScriptedModel
from tests.server.place import by_header, serving

INDEX = """<!doctype html>
<html lang="en" data-root="">
<title>Penstock</title>
<link rel="icon" href="./icon.svg" />
<script type="module" crossorigin src="./assets/index-5e0c.js"></script>
"""
SCRIPT = b"console.log('the chat')"
BUILT = {
    "index.html": INDEX.encode(),
    "admin.html": INDEX.replace("index-", "admin-").encode(),
    "embed.js": b"// the button",
    "icon.svg": b"<svg/>",
    "manifest.json": b"{}",
    "assets/index-5e0c.js": SCRIPT,
    "assets/index-5e0c.js.gz": gzip.compress(SCRIPT),
    "assets/index-5e0c.js.br": b"what brotli made of it",
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page as scripts/setup-page leaves it, only smaller."""
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    for name, content in BUILT.items():
        (folder / name).write_bytes(content)
    return folder


@asynccontextmanager
async def served(built: Path, root: str = "", **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    assistant = Assistant(ScriptedModel(["Paris."]), data=str(built.parent / "data"), **settings)
    app = build(assistant, identify=by_header, page=built)
    outer = Starlette(routes=[Mount(root, app=app)])
    async with (
        app.life.lifespan(app),
        serving(outer, assistant.settings()) as url,
        httpx.AsyncClient(base_url=url, headers={"accept-encoding": "identity"}) as client,
    ):
        yield client


def directives(response: httpx.Response) -> dict[str, str]:
    parts = response.headers["content-security-policy"].split("; ")
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


# --- Where it is ------------------------------------------------------------------


async def test_the_same_page_is_at_every_address_of_a_conversation(built: Path) -> None:
    async with served(built) as client:
        for path in ("/", "/c/t1", "/c/%E6%97%A5%E6%9C%AC", "/s/5e0c", "/embed"):
            sent = await client.get(path)
            assert (sent.status_code, "index-5e0c.js" in sent.text) == (200, True), path
            assert sent.headers["content-type"] == "text/html; charset=utf-8"
        for path in ("/admin", "/admin/turns", "/admin/a/b"):
            assert "admin-5e0c.js" in (await client.get(path)).text, path


async def test_nothing_outside_the_built_page_is_found(built: Path) -> None:
    (built.parent / "secret.js").write_text("secret")
    async with served(built) as client:
        for path in (
            "/assets/nothing.js",
            "/assets/..%2f..%2fsecret.js",
            "/assets/%2e%2e%2f%2e%2e%2fsecret.js",
            "/assets/..%5c..%5csecret.js",
            "/assets/../../secret.js",
            "/assets/",
            "/assets/index-5e0c.js.gz",
            "/manifest.json",
            "/index.html",
            "/page.js",
            "/c/",
            "/c/a/b",
            "/logo",
        ):
            sent = await client.get(path)
            assert (sent.status_code, sent.json()["type"]) == (404, "urn:penstock:not-found"), path


async def test_a_person_gets_a_sentence_where_nothing_is_and_a_program_a_problem(built: Path) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with served(built, root="/chat") as client:
        person = await client.get("/chat/nowhere", headers=browser)
        program = await client.get("/chat/nowhere")

    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<a href="/chat/">' in person.text
    assert directives(person)["frame-ancestors"] == "'none'"
    assert (program.status_code, program.json()["type"]) == (404, "urn:penstock:not-found")


async def test_where_it_is_mounted_stands_in_the_page_and_its_files_are_found_there(built: Path) -> None:
    async with served(built, root='/of "us"') as client:
        page = await client.get("/of%20%22us%22/c/t1")
        info = (await client.get("/of%20%22us%22/api/page")).json()

    assert '<html lang="en" data-root="/of &quot;us&quot;">' in page.text
    assert 'src="/of &quot;us&quot;/assets/index-5e0c.js"' in page.text
    assert '="./' not in page.text
    assert info["logo"] is None


async def test_a_title_cannot_break_out_of_the_page(built: Path) -> None:
    async with served(built, title="A </title><script>1</script>") as client:
        page = await client.get("/")

    assert "<title>A &lt;/title&gt;&lt;script&gt;1&lt;/script&gt;</title>" in page.text


async def test_without_a_built_page_there_is_the_api_and_a_word_about_building(tmp_path: Path) -> None:
    async with served(tmp_path / "nothing") as client:
        page = await client.get("/")
        asked = await client.post("/api/threads/t1/questions", json={"text": "?"})
        button = await client.get("/embed.js")

    assert (page.status_code, page.headers["content-type"]) == (503, "text/plain; charset=utf-8")
    assert "scripts/setup-page" in page.text
    assert asked.status_code == 202
    assert button.status_code == 404


# --- What a page may do -----------------------------------------------------------


async def test_no_script_runs_but_its_own_and_no_other_site_may_frame_it(built: Path) -> None:
    async with served(built, embed_origins=["https://www.example.org"]) as client:
        for path in ("/", "/c/t1", "/s/5e0c", "/admin"):
            page = await client.get(path)
            found = directives(page)
            assert (found["default-src"], found["script-src"], found["style-src"]) == (
                "'none'",
                "'self'",
                "'self'",
            )
            assert (found["base-uri"], found["object-src"], found["frame-ancestors"]) == ("'none'",) * 3
            assert page.headers["x-frame-options"] == "DENY"
            assert page.headers["x-content-type-options"] == "nosniff"
            assert page.headers["referrer-policy"] == "same-origin"
            assert page.headers["cross-origin-opener-policy"] == "same-origin"
            assert "microphone=()" in page.headers["permissions-policy"]


async def test_only_the_embedded_page_is_for_frames_and_only_of_the_origins_that_are_named(
    built: Path,
) -> None:
    async with served(built) as client:
        alone = await client.get("/embed")
    async with served(built, embed_origins=["https://www.example.org", "https://*.example.com"]) as client:
        framed = await client.get("/embed")

    assert directives(alone)["frame-ancestors"] == "'self'"
    assert directives(framed)["frame-ancestors"] == "'self' https://www.example.org https://*.example.com"
    assert "x-frame-options" not in framed.headers
    assert directives(framed)["script-src"] == "'self'"


async def test_a_page_that_may_not_frame_it_stands_in_the_log(
    built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = {"sec-fetch-dest": "iframe", "sec-fetch-site": "cross-site", "referer": "https://other.example/"}
    async with served(built) as client:
        for path in ("/", "/embed"):
            await client.get(path, headers=asked)

    told = [record for record in caplog.records if "embed_origins" in record.message]
    assert [record.__dict__["origin"] for record in told] == ["https://other.example"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://*.com",
        "*",
        "www.example.org",
        "https://a.b; script-src *",
        "https://a.b\n",
        "https://a.b/path",
        "https://*",
    ],
)
def test_what_is_no_origin_is_refused_before_it_is_in_a_header(origin: str) -> None:
    with pytest.raises(ConfigError, match=r"embed_origins\[0\].*must be a scheme and a host"):
        Assistant(embed_origins=[origin]).settings()


# --- How files travel -------------------------------------------------------------


async def test_files_travel_compressed_as_the_browser_takes_them(built: Path) -> None:
    async with served(built) as client:

        async def sent(accepted: str) -> tuple[str, int]:
            address, headers = "/assets/index-5e0c.js", {"accept-encoding": accepted}
            async with client.stream("GET", address, headers=headers) as response:
                assert response.headers["vary"] == "Accept-Encoding"
                body = [chunk async for chunk in response.aiter_raw()]
                return response.headers.get("content-encoding", ""), len(b"".join(body))

        found = {
            accepted: await sent(accepted)
            for accepted in ("gzip, deflate, br, zstd", "gzip;q=0.5", "br;q=0, gzip", "identity", "")
        }

    plain, small = len(SCRIPT), len(BUILT["assets/index-5e0c.js.gz"])
    assert found == {
        "gzip, deflate, br, zstd": ("br", len(BUILT["assets/index-5e0c.js.br"])),
        "gzip;q=0.5": ("gzip", small),
        "br;q=0, gzip": ("gzip", small),
        "identity": ("", plain),
        "": ("", plain),
    }


async def test_what_a_browser_has_is_not_sent_again(built: Path) -> None:
    async with served(built) as client:
        page, script = await client.get("/"), await client.get("/assets/index-5e0c.js")
        again = await client.get("/", headers={"if-none-match": f'W/"other", {page.headers["etag"]}'})
        other = await client.get("/", headers={"if-none-match": '"other"'})
    async with served(built, title="Handbook") as client:
        changed = await client.get("/", headers={"if-none-match": page.headers["etag"]})

    assert page.headers["cache-control"] == "no-cache"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == page.headers["content-security-policy"]
    assert (other.status_code, changed.status_code) == (200, 200)


async def test_each_coding_has_a_tag_of_its_own() -> None:
    content = Content.of(SCRIPT, "text/javascript", {"br": b"1", "gzip": b"2"})

    def tag(accepted: str) -> str:
        scope = {"type": "http", "headers": [(b"accept-encoding", accepted.encode())]}
        return answered(Request(scope), content, {}).headers["etag"]

    assert len({tag("br"), tag("gzip"), tag("")}) == 3


async def test_head_tells_the_length_and_sends_nothing(built: Path) -> None:
    async with served(built) as client:
        for path in ("/", "/assets/index-5e0c.js", "/embed.js"):
            head, full = await client.head(path), await client.get(path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == str(len(full.content))


async def test_only_the_button_may_be_loaded_by_other_sites(built: Path) -> None:
    async with served(built) as client:
        button, script = await client.get("/embed.js"), await client.get("/")

    assert button.headers["content-type"] == "text/javascript; charset=utf-8"
    assert button.headers["cross-origin-resource-policy"] == "cross-origin"
    assert script.headers["cross-origin-resource-policy"] == "same-origin"


# --- What the settings make of it -------------------------------------------------


async def test_the_page_learns_its_settings_without_signing_in(built: Path) -> None:
    logo = built.parent / "logo.SVG"
    logo.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    settings: dict[str, Any] = {
        "title": "Handbook",
        "greeting": "Good morning.",
        "suggestions": ["Who, and when?", "日本語?"],
        "accent": "#0F5c6e",
        "logo": str(logo),
    }
    async with served(built, root="/chat", **settings) as client:
        sent = await client.get("/chat/api/page", headers={"x-person": "nobody"})
        info = sent.json()
        picture = await client.get(info["logo"])

    version = info.pop("version")
    assert info.pop("logo").startswith("/chat/logo?")
    assert info == {**{k: v for k, v in settings.items() if k != "logo"}, "auth": "none"}
    assert version
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.content == logo.read_bytes()


async def test_a_logo_cannot_run_what_is_written_in_it(built: Path) -> None:
    logo = built.parent / "logo.svg"
    logo.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    async with served(built, logo=str(logo)) as client:
        picture = await client.get("/logo")

    assert directives(picture)["default-src"] == "'none'"
    assert "script-src" not in directives(picture)
    assert "sandbox" in directives(picture)
    assert picture.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.png", None, "could not be read: No such file"),
        ("logo.html", b"<script>", "does not end in one of .avif"),
        ("large.png", b"x" * 1_000_001, "is larger than 1 MB"),
        ("text.png", b"only text", "is called .png, but what is in it is no such picture"),
        ("page.svg", b"<!-- <svg> --><html><script>1</script></html>", "is called .svg"),
    ],
)
async def test_a_logo_that_cannot_be_shown_is_told_at_the_start(
    built: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (built / name).write_bytes(content)

    with pytest.raises(ConfigError, match=said):
        async with served(built, logo=str(built / name)):
            raise AssertionError("it started")


async def test_the_button_has_the_colour_of_the_settings(built: Path) -> None:
    (built / "embed.js").write_bytes(b"the button is " + BUTTON_ACCENT)
    (built / "embed.js.br").write_bytes(b"compressed with the other colour")
    async with served(built, accent="#0f5c6e") as client:
        sent = await client.get("/embed.js", headers={"accept-encoding": "br, gzip"})
    async with served(built) as client:
        plain = await client.get("/embed.js")

    assert (sent.headers["content-encoding"], sent.text) == ("gzip", "the button is #0f5c6e")
    assert plain.text == "the button is #2f6f5e"


def test_the_button_has_the_colour_that_is_looked_for_in_it() -> None:
    source = Path(__file__).parents[2] / "web" / "src" / "embed" / "button.ts"

    assert source.read_bytes().count(BUTTON_ACCENT) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "a.svg",
            b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- by hand -->\n<!DOCTYPE svg [<!ENTITY a "b">]>\n<svg/>',
        ),
        ("a.svg", b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>'),
        ("a.png", b"\x89PNG\r\n\x1a\n\0"),
        ("a.JPEG", b"\xff\xd8\xff\xe0"),
        ("a.webp", b"RIFF\x0a\0\0\0WEBPVP8 "),
        ("a.avif", b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif"),
        ("a.gif", b"GIF89a"),
        ("a.ico", b"\0\0\1\0\1\0"),
    ],
)
def test_pictures_of_every_kind_are_known_by_their_beginning(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    logo = read_logo(tmp_path / name)

    assert logo is not None
    assert logo.plain == content


async def test_the_demo_offers_a_newcomer_what_it_answers_from_our_own_pages(built: Path) -> None:
    async def offered(**settings: Any) -> list[str]:
        assistant = Assistant("demo", data=str(built.parent / "demo"), **settings)
        app = build(assistant, page=built)
        async with (
            app.life.lifespan(app),
            serving(app, assistant.settings()) as url,
            httpx.AsyncClient(base_url=url) as client,
        ):
            return list((await client.get("/api/page")).json()["suggestions"])

    (built.parent / "rules.md").write_text("# Own documents\n\nUse your own documents in the office.")

    assert await offered() == [
        "How do I use my own documents?",
        "How do I put the chat into a page of my own?",
    ]
    assert await offered(suggestions=["Who?"]) == ["Who?"]
    assert await offered(knowledge=str(built.parent / "rules.md")) == []


@pytest.mark.parametrize("accent", ["red", "#12", "#12345g", "#0f5c6e; }", "#0f5c6e\n"])
def test_an_accent_is_a_colour_and_nothing_else(accent: str) -> None:
    with pytest.raises(ConfigError, match=r"accent .* must be a colour such as #0f5c6e"):
        Assistant(accent=accent).settings()
