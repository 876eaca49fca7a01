"""Words that mean nothing, some in other scripts: who mixes bytes and characters up is found out."""

from __future__ import annotations

from random import Random

_WORDS = """
lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et
dolore magna aliqua enim minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea
commodo consequat Grüße façade naïve Zürich 東京 Ελλάδα привет 🗼
"""


def lorem(random: Random, words: int) -> str:
    """That many words, in sentences and paragraphs."""
    known = _WORDS.split()
    said: list[str] = []
    left = 0
    for number in range(words):
        starts = not left
        left = left - 1 if left else random.randint(4, 11)
        word = random.choice(known)
        last = number == words - 1 or not left
        between = "" if not said else "\n\n" if starts and random.random() < 0.2 else " "
        said.append(f"{between}{word.capitalize() if starts else word}{'.' if last else ''}")
        if last:
            left = 0
    return "".join(said)
