"""What the name of a model in Bedrock says: its family, its region, how much it holds.

A model is asked for by id (`anthropic.claude-…`), by an inference profile, whose region prefix stands
before the id (`eu.anthropic.claude-…`), or by an ARN, which may hide which model it stands for.
https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from penstock.models.asking import by_name
from penstock.models.messages.families import OTHERS, Family, family_of

_ARN = re.compile(r"arn:aws[\w-]*:bedrock:([a-z0-9-]+):\d*:([a-z-]+)/(.+)")
# Of other kinds (application-inference-profile, provisioned-model, imported-model ...) the id is a number.
_NAMED = frozenset({"foundation-model", "inference-profile", "default-prompt-router"})
# Geographic inference profiles: us. eu. apac. jp. au. global. us-gov. and such.
_PROFILE = re.compile(r"(?:[a-z]{2}|us-gov|apac|global)\.(?=[a-z0-9-]+\.)")

# The longest prefix of the id counts. From the models' pages; unsure ones low.
_WINDOWS = {
    "anthropic.claude-instant": 100_000, "anthropic.claude-v2": 100_000, "anthropic.claude-v2:1": 200_000,
    "amazon.nova": 300_000, "amazon.nova-micro": 128_000, "amazon.titan-text": 4_096,
    "amazon.titan-text-express": 8_192, "amazon.titan-text-premier": 32_000,
    "meta.llama": 128_000, "meta.llama2": 4_096, "meta.llama3-8b": 8_192, "meta.llama3-70b": 8_192,
    "cohere.command": 4_096, "cohere.command-r": 128_000,
    "mistral.": 32_000, "mistral.mistral-large-2407": 128_000, "mistral.pixtral": 128_000,
    "ai21.jamba": 256_000, "deepseek.": 64_000, "openai.": 128_000, "qwen.": 32_000, "writer.": 128_000,
}  # fmt: skip
_CAREFUL_WINDOW = 8_192
_BEFORE_3 = re.compile(r"anthropic\.claude-(?:v\d|instant)")

# The Claudes that came before prompt caching answer a cache point with a ValidationException.
# https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
_CANNOT_CACHE = re.compile(r"anthropic\.claude-(?:v|instant|3-(?:sonnet|haiku|opus)|3-5-sonnet-20240620)")


class Id(NamedTuple):
    """`asked` is what AWS is asked for; `base` the model's own id, or "" when an ARN hides it; `region` is
    an ARN's."""

    asked: str
    base: str
    region: str = ""

    @property
    def path(self) -> str:
        """As it stands in a URL: an ARN is one segment, slashes and colons encoded."""
        return quote(self.asked, safe="-._~")

    @property
    def window_tokens(self) -> int:
        known = by_name(_WINDOWS, self.base)
        if known is None and self.is_claude:
            return self.family.window_tokens
        return known or _CAREFUL_WINDOW

    @property
    def is_claude(self) -> bool:
        return self.base.startswith("anthropic.")

    @property
    def family(self) -> Family:
        """What it takes of a temperature and such. OpenAI's own models refuse them as newer Claudes do."""
        if self.is_claude:
            # The Claudes before 3 have no family of their own; 3 takes and says as much as they did.
            return family_of("claude-3" if _BEFORE_3.match(self.base) else self.base)
        sampling = not re.match(r"openai\.(?!gpt-oss)", self.base)
        return OTHERS._replace(window_tokens=self.window_tokens, sampling=sampling)

    @property
    def can_cache(self) -> bool:
        """Of a model that is hidden we believe its owner, who switched caching on."""
        if self.is_claude:
            return not _CANNOT_CACHE.match(self.base)
        return not self.base or self.base.startswith("amazon.nova")


def parse(model: str, base: str = "") -> Id:
    """`base` says which model an ARN stands for that does not say so itself."""
    if found := _ARN.fullmatch(model):
        region, kind, name = found.groups()
        return Id(model, _plain(name) if kind in _NAMED else _plain(base), region)
    return Id(model, _plain(model))


def _plain(name: str) -> str:
    return _PROFILE.sub("", name.lower(), count=1) if _PROFILE.match(name.lower()) else name.lower()
