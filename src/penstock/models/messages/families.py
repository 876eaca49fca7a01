"""What a Claude takes, by its name: at Anthropic, on Bedrock, at Google or at OpenRouter; pure.

https://platform.claude.com/docs/en/models/overview
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from penstock.models.asking import by_name

SAMPLING = frozenset({"temperature", "top_p", "top_k"})


class Family(NamedTuple):
    """`answer_tokens` is the limit when none is given, thoughts and all. `sampling`: takes a temperature.
    `both`: and a top_p together with it."""

    window_tokens: int
    answer_tokens: int
    sampling: bool
    both: bool = False

    def untaken(self, wishes: Collection[str]) -> tuple[str, ...]:
        """The names of those that it refuses, sorted. Claude took a temperature or a top_p, then neither."""
        if not self.sampling:
            return tuple(sorted(SAMPLING.intersection(wishes)))
        return ("top_p",) if not self.both and {"temperature", "top_p"} <= {*wishes} else ()


# The longest prefix of the name counts.
_FAMILIES = {
    "claude-3": Family(200_000, 4_096, True),
    "claude-3-5": Family(200_000, 8_192, True),
    "claude-3-7": Family(200_000, 8_192, True),
    "claude-haiku-4": Family(200_000, 32_000, True),
    "claude-sonnet-4": Family(200_000, 32_000, True),
    "claude-sonnet-4-6": Family(1_000_000, 32_000, True),
    "claude-opus-4": Family(200_000, 32_000, True),
    "claude-opus-4-6": Family(1_000_000, 32_000, True),
    "claude-opus-4-7": Family(1_000_000, 32_000, False),
    "claude-opus-4-8": Family(1_000_000, 32_000, False),
    **{
        f"claude-{line}": Family(1_000_000, 32_000, False)
        for line in ("haiku-5", "sonnet-5", "opus-5", "fable", "mythos")
    },
    "claude": Family(200_000, 32_000, False),
}
# Other models behind the same protocol; what every server holds.
OTHERS = Family(4_096, 4_096, True, both=True)
_CLAUDE = re.compile(r"claude-[\w.-]+")


def family_of(model: str) -> Family:
    found = _CLAUDE.search(model.lower())
    name = found[0].replace(".", "-") if found else ""
    return by_name(_FAMILIES, name) or OTHERS
