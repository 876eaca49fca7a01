"""An HTML page as blocks: its headings, paragraphs, lists, tables and code, without what frames them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Literal

from penstock.core.blocks import MAX_HEADING_CHARS, Block, Kind, fenced

_DROPPED = frozenset({"script", "style", "nav", "noscript", "template", "svg", "iframe", "object"})
_BREAKS = re.compile(
    "address|article|aside|blockquote|body|caption|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|"
    "footer|form|header|hr|html|main|ol|p|section|summary|table|tbody|tfoot|thead|ul"
)
_HEADING = re.compile("h[1-6]")


def html_blocks(page: str) -> list[Block]:
    reader = _Page()
    reader.feed(_closed(page))
    reader.close()
    return reader.blocks()


def _closed(page: str) -> str:
    """The page without comments, and with a tag that never ends as text.

    Python's parser before 3.13.6 takes time in the square of their number over both (CVE-2025-6069).
    """
    kept: list[str] = []
    at = 0
    while (start := page.find("<!--", at)) >= 0:
        kept.append(page[at:start])
        end = page.find("-->", start)
        at = len(page) if end < 0 else end + len("-->")
    kept.append(page[at:])
    whole, mark, rest = "".join(kept).rpartition(">")
    return whole + mark + rest.replace("<", "&lt;")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[Block] = []
        self._words: list[str] = []
        self._kind: Kind = "text"
        self._level = 0
        self._title = ""
        self._where: Literal["page", "title", "pre"] = "page"
        self._dropping = ""
        self._depth = 0

    def blocks(self) -> list[Block]:
        self._close_block()
        named = any(block.kind == "heading" and block.level == 1 for block in self._blocks)
        return self._blocks if named or not self._title else [Block("heading", self._title, 1), *self._blocks]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping:
            self._depth += tag == self._dropping
        elif tag in _DROPPED:
            self._close_block()
            self._dropping, self._depth = tag, 1
        elif self._where == "pre":
            if tag == "br":
                self._words.append("\n")
        elif tag == "title":
            self._close_block()
            self._where = "title"
        elif tag == "br":
            self._words.append(" ")
        elif tag == "code":
            self._words.append("`")
        elif tag in ("td", "th"):
            self._words.append(" | ")
        else:
            self._open_block(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # HTML knows no self-closing elements but the void ones and those of SVG; a browser ignores the slash.
        self.handle_starttag(tag, attrs)
        if tag in ("svg", "iframe") and self._dropping == tag:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            self._depth -= tag == self._dropping
            if not self._depth:
                self._dropping = ""
        elif tag == "title":
            self._title = self._title or _squeezed(self._words)[:MAX_HEADING_CHARS]
            self._words, self._where = [], "page"
        elif self._where == "pre":
            if tag == "pre":
                self._close_block()
        elif tag == "code":
            self._words.append("`")
        elif _BREAKS.fullmatch(tag) or tag in ("li", "tr") or _HEADING.fullmatch(tag):
            self._close_block()

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._words.append(data)

    def _open_block(self, tag: str) -> None:
        if tag == "pre":
            self._close_block()
            self._where = "pre"
        elif tag in ("li", "tr"):
            self._close_block()
            self._kind = "item" if tag == "li" else "table"
        elif _HEADING.fullmatch(tag):
            self._close_block()
            self._kind, self._level = "heading", int(tag[1])
        elif _BREAKS.fullmatch(tag) and not (tag == "p" and self._kind == "item" and not self._words):
            self._close_block()

    def _close_block(self) -> None:
        if self._where == "pre":
            code = "".join(self._words).strip("\n")
            if code.strip():
                self._blocks.append(Block("code", fenced(code)))
        elif text := _squeezed(self._words).removeprefix("| "):
            self._blocks.append(self._block(text))
        self._words, self._kind, self._level, self._where = [], "text", 0, "page"

    def _block(self, text: str) -> Block:
        if self._kind == "heading":
            return Block("heading" if len(text) <= MAX_HEADING_CHARS else "text", text, self._level)
        return Block(self._kind, f"- {text}" if self._kind == "item" else text)


def _squeezed(words: list[str]) -> str:
    return " ".join("".join(words).split())
