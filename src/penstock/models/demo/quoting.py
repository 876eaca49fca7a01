"""Which sentences of some passages answer a question, and in what shape they are quoted. Pure.

A section whose heading speaks of the question is quoted from its start; otherwise the sentences that
hold most of the question are. Code goes whole, with the sentence that introduces it; so do lists and
tables, but of a long one only the rows that fit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import PurePosixPath
from typing import NamedTuple

from penstock.core.blocks import Block, blocks, sentences
from penstock.core.events import Passage
from penstock.core.words import is_unspaced, keywords, terms

# As much as is read at a glance.
_MAX_QUOTES = 3
_MAIN = 700
_BESIDE = 300
# A sentence is worth quoting beside the best one from this share of its score on.
_CLOSE = 0.7
# ... and a passage that holds a word of the question which the better ones do not, from this share on.
_MORE = 0.45
# A longer list or table gives only the rows that fit best.
_WHOLE = 500
# Passages that hold less of a question are about something else; below the second share, perhaps.
_ABOUT = 0.2
_SURE = 0.65


class Quote(NamedTuple):
    """`number` is the passage's place among those given, from 1; `text` is Markdown."""

    number: int
    text: str


class Answer(NamedTuple):
    """The quotes, best first, none when nothing answers. `missing` are the words of the question
    that no passage holds, if they weigh so much that the quotes may be about something else."""

    quotes: list[Quote]
    missing: list[str]


def find(question: str, passages: Sequence[Passage]) -> Answer:
    wanted = keywords(question)
    best = max((passage.score for passage in passages), default=0.0)
    texts = [_Text.of(number, passage, wanted, best) for number, passage in enumerate(passages, 1)]
    held: frozenset[str] = frozenset().union(*(text.words for text in texts))
    if not held or _weight(held, wanted) < _ABOUT * _weight(wanted, wanted):
        return Answer([], [])
    rarity = _rarity({word: wanted[word] for word in held}, texts)
    missing = _unheld(question, held) if _weight(held, wanted) < _SURE * _weight(wanted, wanted) else []
    return Answer(_best(texts, rarity, sure=not missing), missing)


def _best(texts: Sequence[_Text], rarity: Mapping[str, float], *, sure: bool) -> list[Quote]:
    """Quotes from the best passages; after the first, from those that are nearly as good or say more."""
    ranked = sorted(texts, key=lambda text: (-text.best(rarity), text.number))
    top = ranked[0].best(rarity)
    found: dict[str, Quote] = {}
    told: frozenset[str] = frozenset()
    for text in ranked:
        share = text.best(rarity) / top if top else 0.0
        if share >= (_CLOSE if text.words <= told else _MORE):
            quoted = text.quoted(rarity, _MAIN if sure and not found else _BESIDE)
            found.setdefault(quoted, Quote(text.number, quoted))
            told |= text.words
    return list(found.values())[: _MAX_QUOTES if sure else 1]


def _unheld(question: str, held: frozenset[str]) -> list[str]:
    """The words of the question, as they were written, that are missing."""
    written = dict.fromkeys(re.findall(r"[^\W_]+", question))
    return [word for word in written if (asked := keywords(word)) and not asked.keys() & held]


def _weight(words: Iterable[str], weights: Mapping[str, float]) -> float:
    return sum(weights[word] for word in words)


class _Unit(NamedTuple):
    """What is quoted whole: a sentence, a list, a table, code. `block` is the paragraph it stands in."""

    text: str
    block: int
    words: frozenset[str]


class _Text(NamedTuple):
    """A passage, taken apart."""

    number: int
    worth: float
    heading: frozenset[str]
    units: tuple[_Unit, ...]

    @classmethod
    def of(cls, number: int, passage: Passage, wanted: Mapping[str, float], best: float) -> _Text:
        # The last step of "Page > Section > Part" is what this passage is about.
        own = passage.heading.rpartition(" > ")[2]
        heading = terms(f"{PurePosixPath(passage.source).stem} {own}")
        units = tuple(
            _Unit(text, block, frozenset(terms(text)) & wanted.keys())
            for text, block in _units(passage.text, wanted)
            if text != own
        )
        # The retriever has seen all passages, and its scores and order count, whatever their scale.
        worth = (0.5 + 0.5 * passage.score / best if best > 0 else 1.0) / (1 + 0.05 * (number - 1))
        return cls(number, worth, frozenset(heading) & wanted.keys(), units)

    @property
    def words(self) -> frozenset[str]:
        return self.heading.union(*(unit.words for unit in self.units))

    def best(self, rarity: Mapping[str, float]) -> float:
        return max((self._score(at, rarity) for at in range(len(self.units))), default=0.0)

    def quoted(self, rarity: Mapping[str, float], max_chars: int) -> str:
        """Its best units, in their own order, of about `max_chars` together."""
        scores = [self._score(at, rarity) for at in range(len(self.units))]
        if _share(self.heading, rarity) >= 0.5:
            order = list(range(len(scores)))
        else:
            close = [at for at, score in enumerate(scores) if score >= _CLOSE * max(scores)]
            order = sorted(close, key=lambda at: (-scores[at], at))
        kept: list[int] = []
        room = max_chars
        for at in order:
            if kept and len(self.units[at].text) > room:
                break
            kept.append(at)
            room -= len(self.units[at].text)
        return _together([self.units[at] for at in sorted(kept)])

    def _score(self, at: int, rarity: Mapping[str, float]) -> float:
        unit = self.units[at]
        # Under a heading that speaks of it, a sentence need not say it again.
        under = _share(self.heading - unit.words, rarity) / 2 + _share(self.heading, rarity) / 5
        short = 1 / (1 + len(unit.text) / 2_000)
        early = 0.05 / (1 + at)
        held = _share(unit.words, rarity) * short + under
        return self.worth * (held + early) if held else 0.0


def _rarity(wanted: Mapping[str, float], texts: Sequence[_Text]) -> dict[str, float]:
    """A word that few units hold tells more than one that many do."""
    units = [unit.words for text in texts for unit in text.units]
    return {
        word: weight * (1 + math.log((1 + len(units)) / (1 + sum(word in words for words in units))))
        for word, weight in wanted.items()
    }


def _share(words: frozenset[str], rarity: Mapping[str, float]) -> float:
    whole = sum(rarity.values())
    return _weight(words, rarity) / whole if whole else 0.0


# --- Taking apart and putting together ----------------------------------------


def _units(text: str, wanted: Mapping[str, float]) -> Iterator[tuple[str, int]]:
    """The units of a passage, each with the number of its paragraph."""
    lead = ""
    for number, (kind, group) in enumerate(_grouped(blocks(text))):
        if kind == "text":
            if lead:
                yield lead, number - 1
            *whole, lead = [_flowing(part) for block in group for part in sentences(block.text)]
            yield from ((sentence, number) for sentence in whole)
            if not lead.endswith((":", "：")):
                yield lead, number
                lead = ""
            continue
        shown = "\n".join(_fitting(kind, [_shown(block) for block in group], wanted))
        yield (f"{lead}\n\n{shown}", number - 1) if lead else (shown, number)
        lead = ""
    if lead:
        yield lead, number


def _grouped(page: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Paragraphs and code one by one; the items of a list, and the rows of a table, together."""

    def key(numbered: tuple[int, Block]) -> tuple[str, int]:
        number, block = numbered
        return (block.kind, 0) if block.kind in ("item", "table") else (block.kind, number)

    for (kind, _), group in groupby(enumerate(page), key=key):
        yield "text" if kind == "heading" else kind, [block for _, block in group]


def _shown(block: Block) -> str:
    if block.kind != "item":
        return block.text
    indent = len(block.text) - len(block.text.lstrip())
    return " " * indent + _flowing(block.text)


_DELIMITERS = re.compile(r"[|\s:-]+")


def _fitting(kind: str, shown: list[str], wanted: Mapping[str, float]) -> list[str]:
    """The list or table, or of a long one its head and the rows that hold most of the question."""
    rows = shown[0].split("\n") if kind == "table" and len(shown) == 1 else shown
    if kind == "code" or sum(map(len, rows)) <= _WHOLE:
        return shown
    head = 2 if len(rows) > 1 and _DELIMITERS.fullmatch(rows[1]) else 0
    weights = [_weight(wanted.keys() & terms(row), wanted) for row in rows[head:]]
    most = max(weights, default=0.0)
    fitting = [row for row, weight in zip(rows[head:], weights, strict=True) if weight >= most]
    return [*rows[:head], *fitting] if most else shown


_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?!https?:|mailto:)[^()\s]*(?:\s[^()]*)?\)")


def _flowing(text: str) -> str:
    """In one line, and without links that lead nowhere outside of the document's own folder."""
    lines = [line.strip() for line in _LINK.sub(r"\1", text).split("\n")]
    joined = ""
    for line in filter(None, lines):
        joined += (_gap(joined, line) if joined else "") + line
    return joined


def _together(units: Sequence[_Unit]) -> str:
    text = units[0].text
    for before, unit in pairwise(units):
        if before.block != unit.block or "\n" in before.text + unit.text:
            text += "\n\n" + unit.text
        else:
            text += _gap(text, unit.text) + unit.text
    return text


def _gap(before: str, after: str) -> str:
    """Nothing between two characters of a script that has no spaces, however the lines were broken."""
    closed = is_unspaced(before[-1]) or before[-1] in "、。！？」』）"
    return "" if closed and is_unspaced(after[0]) else " "
