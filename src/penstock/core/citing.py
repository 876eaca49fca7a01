"""Which of the passages a model was given its answer really cites.

Models are asked to cite as [1], [2]; what they wrote is read back from the text, so
that citations are events like everything else and a channel never has to look for
brackets.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from penstock.core.events import Cited, Passage

# "[1]", "[1, 3]" and the full-width brackets that models like in Japanese; not "[1](http…)", a link.
_MARK = re.compile(r"[\[【](\d{1,3}(?:\s*[,、]\s*\d{1,3})*)[\]】](?!\()")


def cited(text: str, passages: Sequence[Passage], already: Collection[int] = ()) -> list[Cited]:
    """Events for the passages that `text` refers to by number, in order, without those in `already`."""
    numbers = {int(n) for mark in _MARK.findall(text) for n in re.findall(r"\d+", mark)}
    return [
        Cited(n, passages[n - 1]) for n in sorted(numbers) if 1 <= n <= len(passages) and n not in already
    ]
