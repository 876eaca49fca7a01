"""What a person reads whose signing in went wrong: a sentence, and the way back. No script, no style."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse, Response

from penstock.errors import PenstockError
from penstock.server.problems import headers_of, status_of

_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Not signed in</title>
<h1>Not signed in</h1>
<p>{sentence}</p>
<p><a href="{home}">Try again</a></p>
</html>
"""


def failed_page(error: PenstockError, home: str) -> Response:
    page = _PAGE.format(sentence=escape(error.for_reader), home=escape(home))
    headers = {**headers_of(error), "Content-Security-Policy": _CSP}
    return HTMLResponse(page, status_of(error), headers)
