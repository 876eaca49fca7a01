"""What a thread is called until somebody gives it a name: its first question, in short."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_TITLE_CHARS = 80

# Far more than a title needs, and little enough that no question makes the patterns below slow.
_READ_CHARS = 4_000
_READ_LINE_CHARS = 400

# Headings, quotes, lists and their check boxes; a number begins a list only with a space behind it.
_LEADING = re.compile(r"^(?:[#>\s]+|[-*+•]\s+|\d{1,3}[.)]\s+|\[[ xX]\]\s+)+")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s[^)]*)?\)")
_CODE = re.compile(r"`+")
# Signs around words, not within one: snake_case and 2*3 stay.
_EMPHASIS = re.compile(r"(?<!\w)([*_~]{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")
# Control characters, and those that turn the direction of what follows them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_MARK = re.compile("[\u0300-\u036f\u200d\u3099\u309a\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


def title_of(text: str) -> str:
    """The first line that says something, without Markdown's signs, cut at a word where it is long.

    "" when there is none.
    """
    lines = list(_lines(text[:_READ_CHARS]))
    said = next((line for line in lines if any(map(str.isalnum, line))), None)
    return _cut(said or next(iter(lines), ""))


def _lines(text: str) -> Iterator[str]:
    """Those that are not empty, plain."""
    for line in text.splitlines():
        if not _FENCE.match(line) and (plain := _plain(line[:_READ_LINE_CHARS])):
            yield plain


def _plain(line: str) -> str:
    line = _LEADING.sub("", line)
    line = _CODE.sub("", _LINK.sub(r"\1", line))
    # Twice, for what is bold and italic.
    line = _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", line))
    return " ".join(_UNSEEN.sub(" ", line).split())


def _cut(line: str) -> str:
    if len(line) <= MAX_TITLE_CHARS:
        return line
    at = MAX_TITLE_CHARS - 1
    words = line[: at + 1].rpartition(" ")[0]
    if len(words) >= at // 2:
        return words.rstrip() + "…"
    # A script without spaces, or one endless word. An accent or the half of an emoji stays with its letter.
    while at > 1 and (_MARK.match(line[at]) or line[at - 1] == "\u200d"):
        at -= 1
    return line[:at] + "…"
