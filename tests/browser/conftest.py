"""A real Chromium before a real server whose model the test plays.

The browser is Debian's; without one these tests do not run, and `scripts/test` says so at its end.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.director import Director
from tests.browser.line import Line
from tests.faults.server import Server

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_BUILT = HERE.parents[1] / "src" / "penstock" / "page" / "index.html"
# Nothing but the page's own requests: no updates, no sync, no other hosts.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 15_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = ""
    if CHROMIUM is None:
        reason = "no Chromium: as root, once: apt-get install chromium"
    elif not _BUILT.exists():
        reason = "the page is not built: scripts/setup-page"
    for item in items:
        if HERE not in item.path.parents:
            continue
        # One loop for all of them, because they share one browser.
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        item.add_marker(pytest.mark.timeout(120))
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, whatever it is."""
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "figure":
                terminalreporter.write_line(f"{told}")


class PuppetServer(Server):
    """Its model is played by the test."""

    program = HERE / "puppet.py"

    def __init__(self, folder: Path, director: Director, **settings: object) -> None:
        super().__init__(folder, **settings)
        self._director = director

    def known_as(self, url: str) -> None:
        """The address at which browsers reach it, for an issuer to send them back to."""
        self._settings["public_url"] = url

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "DIRECTOR_PORT": str(self._director.port)}


class Stage:
    """A server, the director of its model, the line to it, and a browser's windows."""

    def __init__(self, server: Server, director: Director, line: Line, context: BrowserContext) -> None:
        self.server = server
        self.director = director
        self.line = line
        self.context = context

    async def page(self, path: str = "/") -> Page:
        """A new tab of the same browser."""
        page = await self.context.new_page()
        await page.goto(self.line.url + path)
        return page


class Staged(Protocol):
    def __call__(self, **settings: object) -> AbstractAsyncContextManager[Stage]: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def staged(browser: Browser, tmp_path: Path) -> Staged:
    """A stage of one's own settings."""

    @asynccontextmanager
    async def staged(**settings: object) -> AsyncIterator[Stage]:
        async with (
            Director() as director,
            PuppetServer(tmp_path, director, **settings) as server,
            Line(server.port) as line,
        ):
            if settings.get("auth") == "oidc":
                server.known_as(line.url)
            life = await server.start()
            assert await life.ready(), life.said
            context = await browser.new_context(locale="en-GB", reduced_motion="reduce")
            context.set_default_timeout(PATIENCE_MS)
            try:
                yield Stage(server, director, line, context)
            finally:
                await context.close()

    return staged


@pytest_asyncio.fixture(loop_scope="session")
async def stage(staged: Staged) -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage
