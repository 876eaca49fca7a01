"""A Markdown text in blocks, and a block in sentences.

Enough of CommonMark to keep together what belongs together: headings, fenced and indented code,
list items, tables, paragraphs. It is no renderer; what it does not know stays text.
https://spec.commonmark.org/0.31.2/
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["heading", "text", "item", "table", "code"]


class Block(NamedTuple):
    """Code keeps its fences. `level` is a heading's, from 1."""

    kind: Kind
    text: str
    level: int = 0


MAX_HEADING_CHARS = 200
"""What is longer is text, whatever its marks say."""

_FENCE = re.compile(r"( *)(`{3,}|~{3,})([^`\n]{0,80})$")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_TABLE = re.compile(r"[ \t]*\|")
_INDENTED = re.compile(r"(?: {4}|\t)")


def blocks(markdown: str) -> list[Block]:
    reader = _Reader()
    for line in markdown.splitlines():
        reader.read(line.rstrip())
    return reader.end()


def join(a: Block, b: Block) -> str:
    """What stands between two blocks of one text."""
    return "\n" if a.kind == b.kind and a.kind in ("item", "table") else "\n\n"


def paragraphs(text: str) -> list[Block]:
    """A plain text in blocks: what blank lines part."""
    return [Block("text", part.strip("\n")) for part in re.split(r"\n\s*\n", text) if part.strip()]


class _Reader:
    """One line at a time; `_open` are the lines of the block under way."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._open: list[str] = []
        self._kind: Kind = "text"
        self._fence = ""
        self._indent = 0
        self._in_comment = False

    def end(self) -> list[Block]:
        if self._fence:
            self._open.append(self._fence)
        self._close()
        return self._blocks

    def read(self, line: str) -> None:
        if self._fence:
            self._read_code(line)
        elif self._in_comment or line.startswith("<!--"):
            self._read_comment(line)
        elif not line:
            self._close()
        elif not self._marked(line):
            self._read_text(line)

    def _read_code(self, line: str) -> None:
        indent = len(line) - len(line.lstrip(" "))
        self._open.append(line[min(indent, self._indent) :])
        mark = line.strip()
        if set(mark) == {self._fence[0]} and len(mark) >= len(self._fence):
            self._fence = ""
            self._close()

    def _read_comment(self, line: str) -> None:
        self._close()
        self._in_comment = "-->" not in line
        rest = line.partition("-->")[2].strip()
        if rest:
            self._read_text(rest)

    def _marked(self, line: str) -> bool:
        """Whether the line was a mark of its own: a fence, a heading, an underline, a rule."""
        if fence := _FENCE.match(line):
            self._close()
            self._indent, self._fence = len(fence[1]), fence[2]
            self._start("code", line.strip())
        elif heading := _HEADING.match(line):
            self._close()
            self._head(_unhashed(heading[2] or ""), len(heading[1]))
        elif (under := _UNDERLINE.match(line)) and len(self._open) == 1 and self._kind == "text":
            self._head(self._open.pop(), 1 if under[1][0] == "=" else 2)
        elif _RULE.match(line):
            self._close()
        else:
            return False
        return True

    def _head(self, text: str, level: int) -> None:
        if len(text) > MAX_HEADING_CHARS:
            self._blocks.append(Block("text", text))
        elif text.strip():
            self._blocks.append(Block("heading", text.strip(), level))

    def _read_text(self, line: str) -> None:
        if self._kind == "code" and self._open and not _INDENTED.match(line):
            self._close()
        if not self._open:
            self._start(self._kind_of(line), line)
        elif _ITEM.match(line) or bool(_TABLE.match(line)) != (self._kind == "table"):
            self._close()
            self._start(self._kind_of(line), line)
        else:
            self._open.append(line)

    def _kind_of(self, line: str) -> Kind:
        if _TABLE.match(line):
            return "table"
        after_item = bool(self._blocks) and self._blocks[-1].kind == "item"
        if _INDENTED.match(line) and not after_item:
            return "code"
        return "item" if _ITEM.match(line) or (after_item and line[0].isspace()) else "text"

    def _start(self, kind: Kind, line: str) -> None:
        self._kind = kind
        self._open = [line]

    def _close(self) -> None:
        if self._open:
            text = "\n".join(self._open)
            indented = self._kind == "code" and not _FENCE.match(self._open[0])
            self._blocks.append(Block(self._kind, fenced(text) if indented else text))
        self._open = []
        self._kind = "text"


def _unhashed(heading: str) -> str:
    """Without the hashes that may close it."""
    text = heading.rstrip("#")
    return text.rstrip() if not text or text[-1] in " \t" else heading


def fenced(code: str) -> str:
    """The code between fences longer than any within it."""
    longest = max((len(ticks) for ticks in re.findall("`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{code}\n{fence}"


# --- Sentences ----------------------------------------------------------------

_END = re.compile(r"""(?:[.!?…]+["'”’)\]*_]*(?=\s)|[。！？]+[」』）”]*)\s*""")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|cf|vs|approx|no|fig|dr|mr|mrs|ms|st|z\.\s?b|d\.\s?h|bzw|ca|usw|vgl|[a-z])\.$",
    re.I,
)


def sentences(text: str) -> list[str]:
    """The sentences of one block, in order; put together they are the text again."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if _goes_on(text, start, end):
            continue
        found.append(text[start : end.end()])
        start = end.end()
    if start < len(text):
        found.append(text[start:])
    return found


def _goes_on(text: str, start: int, end: re.Match[str]) -> bool:
    mark = end[0].rstrip()
    if mark != ".":
        return False
    follows = text[end.end() : end.end() + 1]
    # An abbreviation is looked for in the last few characters only, so that a long text costs no more.
    tail = text[max(start, end.start() - 12) : end.start() + 1]
    return follows.islower() or bool(_ABBREVIATION.search(tail))
