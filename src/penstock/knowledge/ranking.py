"""How well a passage fits a question. Pure.

SQLite's BM25 chooses the candidates; the last word is had here, for two reasons. Its weight of a
word falls to nothing where most passages hold it, which in a small folder is often the very word asked
for. And it ranks, but never says that nothing fits: here, a passage that holds too little of the
question is no answer to it.
https://en.wikipedia.org/wiki/Okapi_BM25
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

# A word in a heading counts like this many in the text.
_HEADING = 3.0
# The usual two constants of BM25, and the length of a usual passage, in terms.
_SATURATION = 1.2
_LENGTH = 0.6
_USUAL_TERMS = 150
# A passage must hold this share of the question's weight; of a long question, this much is enough.
_SHARE = 0.34
_ENOUGH = 5.0


def weights(keywords: Mapping[str, float], known: Mapping[str, int], passages: int) -> dict[str, float]:
    """Each keyword's weight times its rarity: from 1, in every passage, to 2, in none of them.

    `known` tells in how many of the `passages` a keyword occurs.
    """
    rarest = math.log(1 + (passages + 0.5) / 0.5)
    return {
        word: weight * (1 + math.log(1 + (passages - n + 0.5) / (n + 0.5)) / rarest)
        for word, weight in keywords.items()
        for n in (min(known.get(word, 0), passages),)
    }


def score(wanted: Mapping[str, float], heading: Sequence[str], body: Sequence[str]) -> float:
    """Higher is better; 0 when the passage does not fit. `heading` and `body` are terms."""
    above, within = Counter(heading), Counter(body)
    held = {word: weight for word, weight in wanted.items() if word in above or word in within}
    covered, whole = sum(held.values()), sum(wanted.values())
    if not held or covered < min(_SHARE * whole, _ENOUGH):
        return 0.0
    norm = _SATURATION * (1 - _LENGTH + _LENGTH * len(body) / _USUAL_TERMS)
    gained = 0.0
    for word, weight in held.items():
        often = within[word] + _HEADING * min(above[word], 1)
        gained += weight * often * (_SATURATION + 1) / (often + norm)
    # A passage that holds the whole question beats one that repeats half of it.
    return gained * (covered / whole) ** 2
