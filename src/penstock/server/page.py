"""The page: what scripts/setup-page built from web/, and what the settings make of it.

Everything is read once, when the server is made, and found by its name: no path is made from what a
request says. Where nothing was built, the API is served all the same and `/` says how to build it.
"""

from __future__ import annotations

import gzip
import html
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from penstock.errors import NotFound
from penstock.models.demo import Demo
from penstock.server.desk import AtDesk
from penstock.server.page_files import Content, answered, read_folder, read_logo
from penstock.server.page_framing import Framing

if TYPE_CHECKING:
    from penstock.core.ports import Knowledge
    from penstock.settings import Settings

BUILT = Path(__file__).parent.parent / "page"

_NOT_BUILT = """\
The page is not built here, so there is only the API: docs/http-api.md shows it with curl.
In a checkout, scripts/setup-page builds the page and says what it needs. Then start the server again.
"""

# Questions, and the page that answers each.
_FOR_NEWCOMERS = (
    ("How do I use my own documents?", "docs/your-documents.md"),
    ("How do I put the chat into a page of my own?", "docs/page.md"),
)

_NOWHERE = """\
<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width" />
<meta name="color-scheme" content="light dark" />
<title>Nothing is here</title>
<p>There is nothing at this address. <a href="{root}/">To the chat</a></p>
"""

_NOBODY = "'none'"
BUTTON_ACCENT = b"#2f6f5e"
"""The button's colour as web/src/embed/button.ts has it."""
_AN_HOUR = "public, max-age=3600"
# A picture may be a document with scripts of its own; opened by itself, it may do nothing.
_OF_A_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class PageInfo(msgspec.Struct, frozen=True):
    """What the page needs before anybody has signed in. `accent`: "" or a colour as #rrggbb."""

    title: str
    greeting: str
    suggestions: tuple[str, ...]
    accent: str
    logo: str | None
    auth: str
    version: str


# --- Wire: what a page carries ------------------------------------------------


def policy(ancestors: str) -> str:
    """The Content-Security-Policy of a page that these may show in a frame.

    What a script sets on `element.style` is under no policy, so no style has to be inline.
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors {ancestors}"
    )


def page_headers(ancestors: str) -> dict[str, str]:
    denied = {"X-Frame-Options": "DENY"} if ancestors == _NOBODY else {}
    return denied | {
        # With its ETag: asked for each time, sent again only after an update.
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy(ancestors),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        # The address of a shared conversation is the key to it.
        "Referrer-Policy": "same-origin",
    }


def written(page: str, root: str, title: str) -> str:
    """The built page as it must be where the server is mounted."""
    root = html.escape(root)
    return (
        page.replace('data-root=""', f'data-root="{root}"', 1)
        .replace("<title>Penstock</title>", f"<title>{html.escape(title)}</title>", 1)
        .replace('="./', f'="{root}/')
    )


def coloured(button: Content, accent: str) -> Content:
    """The button in the colour of the settings, which a page may still change."""
    plain = button.plain.replace(BUTTON_ACCENT, accent.encode()) if accent else button.plain
    return Content.of(plain, button.media_type, {"gzip": gzip.compress(plain)}) if accent else button


def nowhere(headers: Mapping[str, str], root: str) -> Response | None:
    """What a person sees where nothing is; None for a program, which takes no page."""
    if "text/html" not in headers.get("accept", ""):
        return None
    page = _NOWHERE.format(root=html.escape(root))
    return HTMLResponse(page, 404, page_headers(_NOBODY) | {"Cache-Control": "no-store"})


def info(settings: Settings, root: str, logo: Content | None) -> PageInfo:
    return PageInfo(
        settings.title,
        settings.greeting,
        settings.suggestions,
        settings.accent,
        f"{root}/logo?{logo.tag}" if logo else None,
        settings.auth,
        version("penstock"),
    )


# --- I/O: as little as possible -----------------------------------------------


async def answerable(knowledge: Knowledge) -> tuple[str, ...]:
    """What a newcomer may ask the demo: as long as it answers from our own pages."""
    found = [(one, await knowledge.search(one, 1)) for one, _ in _FOR_NEWCOMERS]
    pages = dict(_FOR_NEWCOMERS)
    return tuple(one for one, passages in found if passages and passages[0].source == pages[one])


class Page:
    """The routes of the page. `folder` holds what was built; it may be missing."""

    def __init__(self, desk: AtDesk, folder: Path = BUILT) -> None:
        self._desk = desk
        self._files = read_folder(folder)
        self._logo: Content | None = None
        self._framing = Framing()

    def open(self, settings: Settings) -> None:
        """Raises ConfigError when the settings name a logo that cannot be shown."""
        self._logo = read_logo(settings.logo)
        if button := self._files.get("embed.js"):
            self._files["embed.js"] = coloured(button, settings.accent)

    def routes(self) -> dict[str, Callable[[Request], Awaitable[Response]]]:
        """What answers a GET at each address."""
        return {
            "/": self.chat,
            "/c/{thread}": self.chat,
            "/s/{token}": self.chat,
            "/embed": self.embedded,
            "/admin": self.admin,
            "/admin/{path:path}": self.admin,
            "/assets/{name}": self.asset,
            "/embed.js": self.button,
            "/icon.svg": self.icon,
            "/logo": self.logo,
            "/api/page": self.info,
        }

    async def chat(self, request: Request) -> Response:
        return await self._page(request, "index.html", _NOBODY)

    async def admin(self, request: Request) -> Response:
        return await self._page(request, "admin.html", _NOBODY)

    async def embedded(self, request: Request) -> Response:
        """The chat for a frame: in pages of ours, and of `embed_origins`."""
        settings = (await self._desk()).settings
        self._framing.tell(request.headers, settings.embed_origins)
        return await self._page(request, "index.html", " ".join(("'self'", *settings.embed_origins)))

    async def asset(self, request: Request) -> Response:
        """Its name holds a hash of what is in it, so it never changes."""
        name = f"assets/{request.path_params['name']}"
        return self._file(request, name, {"Cache-Control": "public, max-age=31536000, immutable"})

    async def button(self, request: Request) -> Response:
        """The one file that other sites load."""
        await self._desk()
        headers = {"Cache-Control": _AN_HOUR, "Cross-Origin-Resource-Policy": "cross-origin"}
        return self._file(request, "embed.js", headers)

    async def icon(self, request: Request) -> Response:
        return self._file(request, "icon.svg", {"Cache-Control": _AN_HOUR})

    async def logo(self, request: Request) -> Response:
        await self._desk()
        if self._logo is None:
            raise NotFound("This assistant has no logo.")
        headers = {"Cache-Control": _AN_HOUR, "Content-Security-Policy": _OF_A_PICTURE}
        return answered(request, self._logo, headers)

    async def info(self, request: Request) -> Response:
        desk = await self._desk()
        desk.check(request)
        found = info(desk.settings, request.scope.get("root_path", ""), self._logo)
        if desk.model.name == Demo.name and not found.suggestions:
            found = msgspec.structs.replace(found, suggestions=await answerable(desk.knowledge))
        headers = {"Cache-Control": "no-cache"}
        return Response(msgspec.json.encode(found), headers=headers, media_type="application/json")

    async def _page(self, request: Request, name: str, ancestors: str) -> Response:
        settings = (await self._desk()).settings
        if (built := self._files.get(name)) is None:
            return PlainTextResponse(_NOT_BUILT, 503, {"Cache-Control": "no-store"})
        page = written(built.plain.decode(), request.scope.get("root_path", ""), settings.title)
        return answered(request, Content.of(page.encode(), built.media_type), page_headers(ancestors))

    def _file(self, request: Request, name: str, headers: Mapping[str, str]) -> Response:
        if (file := self._files.get(name)) is None:
            raise NotFound("There is nothing at this address.")
        return answered(request, file, headers)
