"""The bytes of a file as pieces of text with their headings, each of at most a given size. Pure.

A piece never crosses a heading. Code is kept whole where it fits, and where it does not, each part gets
fences of its own. Pieces do not overlap, and no word is lost between them.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import NamedTuple

from penstock.core.blocks import Block, blocks, fenced, join, paragraphs, sentences
from penstock.knowledge.html_page import html_blocks

MAX_PIECE_CHARS = 1_200
"""About two hundred words of English: enough to answer from, little enough to be about one thing."""

MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx"})
HTML = frozenset({".html", ".htm", ".xhtml"})
TEXT = frozenset({".txt", ".text", ".rst", ".adoc"})
READ = MARKDOWN | HTML | TEXT


class Unreadable(ValueError):
    """The bytes are not the text they should be; the message says why, for the owner of the file."""


class Piece(NamedTuple):
    """`heading` is the way to it: "Your documents > What is read"."""

    heading: str
    text: str


def load(data: bytes, name: str) -> list[Piece]:
    """The pieces of a file. Raises Unreadable."""
    suffix = PurePath(name).suffix.lower()
    text = decoded(data, html=suffix in HTML)
    if suffix in HTML:
        return split(html_blocks(text))
    if suffix in MARKDOWN:
        return split(markdown_blocks(text))
    return split(paragraphs(text))


def decoded(data: bytes, *, html: bool = False) -> str:
    """The text, by its byte order mark, by what an HTML page says of itself, else as UTF-8.

    Raises Unreadable.
    """
    encoding = _encoding(data, html=html)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in data[:8_192]:
            raise Unreadable("it is not text (binary)") from error
        where = f"byte {error.start:,} is 0x{data[error.start]:02x}"
        raise Unreadable(f"it is not {encoding.upper()} text ({where}); save it as UTF-8") from error
    if "\0" in text:
        raise Unreadable("it is not text (binary)")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]{1,40})""", re.I)


def _encoding(data: bytes, *, html: bool) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding
    named = _CHARSET.search(data[:1_024]) if html and not data.startswith(codecs.BOM_UTF8) else None
    name = _codec(named[1].decode("ascii")) if named else "utf-8"
    if not _OF_TEXT.match(name):
        raise Unreadable("it names an encoding that is not known; save it as UTF-8")
    return name


# "rot13", "idna" and "unicode_escape" are codecs too, but no page is written in them.
_OF_TEXT = re.compile("utf|cp|iso|ascii|shift|euc|gb|big5|hz|koi8|mac|tis")


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


# --- Markdown -----------------------------------------------------------------

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_TITLE = re.compile(r"""^title:[ \t]*["']?(.{1,200}?)["']?[ \t]*$""", re.M)


def markdown_blocks(text: str) -> list[Block]:
    """The blocks of a page; of its front matter, the title stays."""
    front = _FRONT.match(text)
    if not front or ":" not in front[1]:
        return blocks(text)
    page = blocks(text[front.end() :])
    title = _TITLE.search(front[1])
    named = any(block.kind == "heading" and block.level == 1 for block in page)
    return page if named or not title else [Block("heading", title[1], 1), *page]


# --- Splitting ----------------------------------------------------------------


def split(page: Sequence[Block], max_chars: int = MAX_PIECE_CHARS) -> list[Piece]:
    return [
        Piece(heading, text) for heading, section in _sections(page) for text in _packed(section, max_chars)
    ]


def _sections(page: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    path: list[tuple[int, str]] = []
    body: list[Block] = []
    for number, block in enumerate(page):
        if block.kind != "heading":
            body.append(block)
            continue
        if body:
            yield _way(path), body
        path = [step for step in path if step[0] < block.level] + [(block.level, block.text)]
        after = page[number + 1] if number + 1 < len(page) else None
        # A heading with nothing under it would be lost; it stands for itself.
        alone = after is None or (after.kind == "heading" and after.level <= block.level)
        body = [Block("text", block.text)] if alone else []
    if body:
        yield _way(path), body


def _way(path: Sequence[tuple[int, str]]) -> str:
    return " > ".join(text for _, text in path)


def _packed(section: Sequence[Block], max_chars: int) -> Iterator[str]:
    """As many blocks to a piece as fit; a block that is too long is cut."""
    piece: list[Block] = []
    chars = 0
    for part in (part for block in section for part in _cut(block, max_chars)):
        more = len(part.text) + (len(join(piece[-1], part)) if piece else 0)
        if piece and chars + more > max_chars:
            lead = _lead_in(piece, part, max_chars)
            yield _joined(piece[: len(piece) - len(lead)])
            piece = [*lead, part]
            chars = len(_joined(piece))
        else:
            piece.append(part)
            chars += more
    if piece:
        yield _joined(piece)


def _lead_in(piece: Sequence[Block], code: Block, max_chars: int) -> list[Block]:
    """The sentence that introduces the code ("Run this:") and so goes with it, if there is one."""
    last = piece[-1]
    fits = len(_joined([last, code])) <= max_chars
    leads = code.kind == "code" and last.kind != "code" and last.text.rstrip().endswith((":", "："))
    return [last] if leads and fits and len(piece) > 1 else []


def _joined(piece: Sequence[Block]) -> str:
    rest = (join(before, block) + block.text for before, block in pairwise(piece))
    return piece[0].text + "".join(rest)


def _cut(block: Block, max_chars: int) -> Iterator[Block]:
    if len(block.text) <= max_chars:
        yield block
    elif block.kind == "code":
        yield from _cut_code(block, max_chars)
    elif block.kind == "table":
        yield from _cut_table(block, max_chars)
    else:
        yield from (Block(block.kind, text) for text in _filled(sentences(block.text), max_chars))


_DELIMITERS = re.compile(r"[ \t]*\|[|\s:-]+")


def _cut_table(block: Block, max_chars: int) -> Iterator[Block]:
    """Between rows; each part gets the head of the table, if it has one of a sensible size."""
    rows = block.text.splitlines(keepends=True)
    head = "".join(rows[:2]) if len(rows) > 2 and _DELIMITERS.fullmatch(rows[1]) else ""
    if len(head) > max_chars // 2:
        head = ""
    for part in _filled(rows[2:] if head else rows, max_chars - len(head)):
        yield Block("table", head + part)


def _cut_code(block: Block, max_chars: int) -> Iterator[Block]:
    lines = block.text.split("\n")
    opening, code, closing = lines[0], "\n".join(lines[1:-1]), lines[-1]
    room = max_chars - len(opening) - len(closing) - 2
    if room < max_chars // 2:
        opening = closing = "`" * 3
        code, room = fenced(block.text), max_chars - 8
    for part in _filled(code.splitlines(keepends=True), room):
        yield Block("code", f"{opening}\n{part}\n{closing}")


def _filled(ends: Sequence[str], max_chars: int) -> Iterator[str]:
    """Texts of at most `max_chars`, cut at these ends if it can be, else between words, else anywhere."""
    text = ""
    for part in (part for end in ends for part in _shorter(end, max_chars)):
        if len(text + part) > max_chars:
            if text.strip():
                yield text.rstrip()
            text = ""
        text += part
    if text.strip():
        yield text.rstrip()


def _shorter(text: str, max_chars: int) -> list[str]:
    if len(text) <= max_chars:
        return [text]
    words = re.findall(r"\S+\s*|\s+", text)
    return [word[at : at + max_chars] for word in words for at in range(0, len(word), max_chars)]
