"""The words of a text, as they are looked for and compared.

Scripts that put spaces between words give words: folded, and lightly stemmed. Scripts that do
not (Japanese, Chinese, Thai, Lao, Khmer, Burmese; Korean too, whose particles cling to the
word) give overlapping pairs of characters, and single ideographs beside them, so that a word of
two characters, or of one, is found inside a run of many. One definition serves whoever writes an
index, whoever searches it and whoever compares a sentence with a question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from penstock.core import stop_words

_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a1-\u30ff\u31f0-\u31ff"
_HANGUL = "\u1100-\u11ff\uac00-\ud7af"
_SOUTH_EAST = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"
_UNSPACED = _HAN + _HIRAGANA + _KATAKANA + _HANGUL + _SOUTH_EAST

_RUNS = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}\s]+")
# In a question, the change of script is the best sign of where one word ends.
_SCRIPTS = re.compile(rf"[{_HAN}]+|[{_HIRAGANA}]+|[{_KATAKANA}]+|[{_HANGUL}]+|[{_SOUTH_EAST}]+")
_STARTS_UNSPACED = re.compile(f"[{_UNSPACED}]").match
_STARTS_HAN = re.compile(f"[{_HAN}]").match
_STARTS_HIRAGANA = re.compile(f"[{_HIRAGANA}]").match
_KANA = re.compile(f"[{_HIRAGANA}{_KATAKANA}]")
# A vowel or tone mark written above, below or around a letter belongs to it.
_LETTERS = re.compile(
    ".[\u3099\u309a\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u17b4-\u17d3]*"
)
# Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowel signs and the stretching tatweel.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u0652\u0670]")

# The particle that clings to a Korean noun: subject, topic, object, place, direction.
_PARTICLE = re.compile(
    f"(?<=[{_HANGUL}]{{2}})(?:에서|에게|으로|부터|까지|은|는|이|가|을|를|에|의|로|와|과|도)$"
)

_MAX_WORD_CHARS = 64


def fold(text: str) -> str:
    """The text without case, accents and width."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def terms(text: str) -> list[str]:
    """Every term of a text, repeats and all."""
    found: list[str] = []
    for run in _runs(text):
        if _STARTS_UNSPACED(run):
            found.extend(_pairs(run))
        else:
            found.append(stem(run))
    return found


def keywords(question: str) -> dict[str, float]:
    """The terms that carry a question's meaning, each with its weight, in the order asked.

    A word weighs 1, and a pair of characters about its share of a word. Hiragana is mostly grammar
    and weighs little. Empty when the question has none but the words all questions have.
    """
    asking = _ASKING_WITH_KANA if is_japanese(question) else _ASKING
    found: dict[str, float] = {}
    for run in _runs(question):
        if not _STARTS_UNSPACED(run):
            if run not in _STOP_WORDS:
                found.setdefault(stem(run), 1.0)
            continue
        for part in _SCRIPTS.findall(asking.sub(" ", run)):
            for term, weight in _weighed(_PARTICLE.sub("", part)):
                found.setdefault(term, weight)
    return found


def is_japanese(text: str) -> bool:
    return bool(_KANA.search(text))


def is_unspaced(character: str) -> bool:
    """Whether it belongs to a script that does not put spaces between words."""
    return bool(_STARTS_UNSPACED(character))


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """An English word without its plainest endings; both sides of a comparison lose the same.

    It is lighter than Porter's: document, documents and documentation meet; universe and university do not.
    """
    word = word[:_MAX_WORD_CHARS]
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    word = _without_suffix(_singular(word))
    if len(word) > 2 and word[-1] == "e":
        word = word[:-1]
    if len(word) > 2 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word


def _runs(text: str) -> list[str]:
    runs: list[str] = _RUNS.findall(fold(text).translate(_SEPARATED))
    return runs


def _pairs(run: str) -> Iterator[str]:
    letters = _LETTERS.findall(run)
    yield from (a + b for a, b in pairwise(letters))
    yield from (letter for letter in letters if len(letters) == 1 or _STARTS_HAN(letter))


def _weighed(run: str) -> Iterator[tuple[str, float]]:
    letters = _LETTERS.findall(run)
    grammar = 0.25 if _STARTS_HIRAGANA(run) else 1.0
    if len(letters) == 1:
        if _STARTS_HAN(run):
            yield run, 0.75
        return
    # Two characters make a word, as a rule of thumb.
    weight = grammar * len(letters) / 2 / (len(letters) - 1)
    for a, b in pairwise(letters):
        yield a + b, weight


def _singular(word: str) -> str:
    if word.endswith(("ies", "ied")) and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    if len(word) > 3 and word[-1] == "s" and word[-2] not in "sui":
        return word[:-1]
    return word


def _without_suffix(word: str) -> str:
    for suffix, shortest, before in _SUFFIXES:
        rest = word.removesuffix(suffix)
        if rest != word and len(rest) >= shortest and before(rest) and _VOWEL(rest):
            return rest
    return word


_VOWEL = re.compile("[aeiouy]").search
_ANY = re.compile("").search
_SUFFIXES = (
    ("ation", 4, _ANY),
    ("ion", 3, re.compile("[ts]$").search),
    ("ing", 2, _ANY),
    ("ed", 2, re.compile("[^e]$").search),
    ("ly", 4, _ANY),
)


class _Separated(dict[int, int]):
    """For str.translate: letters, marks and digits stay, everything else becomes a space."""

    def __missing__(self, character: int) -> int:
        kept = character if unicodedata.category(chr(character))[0] in "LMN" else 0x20
        if len(self) < 1 << 16:
            self[character] = kept
        return kept


_SEPARATED = _Separated()


def _any_of(phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(fold, phrases.split()), key=len, reverse=True)))


_STOP_WORDS = frozenset(fold(stop_words.SPACED).split())
_ASKING_WITH_KANA = _any_of(stop_words.JAPANESE)
_ASKING = _any_of(stop_words.UNSPACED)
