"""What must not stand in any message of ours: keys, and what people said; pure.

Providers quote both back when they complain. Their words help the owner ("model not found, try
pulling it first"), so they are shown without those that stand in the prompt, too.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_MAX_CHARS = 400
# Enough for 400 characters to be left, and little enough to be read in a millisecond.
_READ_CHARS = 4_000
# Of a prompt: so much is cut into words in some 20 ms, during which nobody else is served.
_PROMPT_CHARS = 200_000
_MASK = "[...]"
# Compiled with the first complaint and not at import, which a cold start waits for.
_KEY = r"\b(?:Bearer\s+\S+|(?:sk|pk|gsk|xai|nvapi)[-_][-_*\w.]+|hf_\w{20,}|AIza[-\w]{10,})"

# Scripts that leave no space between words: there every character is one.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+"
# In a quotation that is JSON itself, or Python's repr.
_ESCAPED = r"\\(?:u([0-9a-fA-F]{4})|[nrt])"
_IDENTIFIER = r"[A-Za-z][A-Za-z0-9_.:-]{0,63}"
_MAX_WORD_CHARS = 64

# What complaints are made of, and says nothing of whoever asked; it stays though a prompt has it, too.
_HARMLESS = frozenset({
    "a", "access", "account", "actual", "after", "again", "all", "allowed", "already", "also", "an", "and",
    "any", "api", "are", "argument", "array", "as", "at", "attempt", "audio", "authentication", "available",
    "bad", "balance", "be", "because", "been", "before", "being", "below", "billing", "blocked", "body",
    "busy", "but", "by", "bytes", "cache", "call", "calls", "can", "cannot", "capacity", "changed",
    "character", "characters", "check", "client", "code", "completion", "connection", "contains", "content",
    "context", "could", "credit", "credits", "current", "currently", "daily", "default", "denied",
    "deployment", "deprecated", "did", "different", "disabled", "do", "doc", "docs", "documentation", "does",
    "each", "empty", "enabled", "endpoint", "engine", "error", "errors", "exceed", "exceeded", "exceeds",
    "exist", "exists", "expected", "expired", "failed", "fewer", "field", "fields", "file", "filter",
    "filtered", "final", "first", "for", "forbidden", "format", "found", "from", "function", "gateway",
    "generate", "generation", "got", "greater", "guardrail", "had", "has", "have", "header", "how", "however",
    "http", "id", "if", "image", "images", "in", "incorrect", "input", "inputs", "instead", "insufficient",
    "internal", "into", "invalid", "is", "it", "items", "its", "json", "key", "keys", "large", "last",
    "least", "length", "less", "limit", "limited", "limits", "list", "load", "loaded", "long", "longer",
    "low", "max_tokens", "maximum", "may", "message", "messages", "method", "might", "minimum", "minute",
    "minutes", "missing", "model", "models", "more", "most", "must", "name", "names", "no", "nor", "not",
    "number", "object", "of", "off", "on", "one", "ones", "online", "only", "or", "organization", "our",
    "out", "output", "over", "overloaded", "parameter", "parameters", "parse", "per", "permission",
    "permitted", "plan", "please", "policy", "positive", "prefix", "project", "prompt", "prompts", "property",
    "provided", "provider", "pulling", "quota", "rate", "reached", "read", "received", "reduce", "refused",
    "region", "rejected", "remove", "request", "requested", "requests", "required", "requires", "response",
    "result", "resulted", "retry", "role", "roles", "running",  "safety", "schema", "second", "seconds",
    "server", "service", "set", "shall", "short", "should", "size", "so", "specified", "status", "stop",
    "stream", "string", "subscription", "such", "support", "supported", "system",  "temperature",
    "temporarily", "text", "than", "that", "the", "their", "then", "there", "these", "they", "this", "those",
    "tier", "time", "timed", "timeout", "to", "token", "tokens", "too", "tool", "tools", "top_p", "total",
    "try", "two", "type", "types", "unable", "unauthorized", "unavailable", "under", "unexpected", "unknown",
    "unsupported", "up", "upgrade", "upstream", "url", "usage", "use", "used", "user", "using", "valid",
    "value", "values", "version", "violates", "visit", "was", "we", "were", "what", "when", "where", "which",
    "while", "who", "why", "will", "window", "with", "without", "words", "would", "wrong", "you", "your",
})  # fmt: skip


class Hidden(NamedTuple):
    """What must not stand in any message: our key, and what people said."""

    key: str = ""
    said: str = ""

    def __repr__(self) -> str:
        return "Hidden(...)"


NOTHING_HIDDEN = Hidden()


def unsaid(message: str, hidden: Hidden) -> str:
    """The message in one line, without keys and without words that stand in the prompt.

    Takes a few milliseconds for ordinary prompts, and for endless ones some twenty.
    """
    # First our own key, whole, and only then cut: half a key is still a secret.
    text = message.replace(hidden.key, "[key]") if hidden.key else message
    text = _clipped(re.sub(_KEY, "[key]", " ".join(text[: 4 * _READ_CHARS].split())))
    return (_masked(text, hidden.said) if hidden.said else text)[:_MAX_CHARS]


def unsaid_word(word: str, hidden: Hidden) -> str:
    """A provider's code or type. These are identifiers; a text that stands there is treated as one."""
    return word if re.fullmatch(_IDENTIFIER, word) else unsaid(word, hidden)[:_MAX_WORD_CHARS].strip()


def _clipped(text: str) -> str:
    """Its beginning; a word that this would cut goes, because no half of it would be known again."""
    return text if len(text) <= _READ_CHARS else text[:_READ_CHARS].rpartition(" ")[0]


def _masked(text: str, said: str) -> str:
    text = _plain(re.sub(_ESCAPED, _unescaped, text))
    theirs = _words_of(said)
    kept: list[str] = []
    end, masking = 0, False
    for word in re.finditer(_WORD, text):
        # What stands between two masked words was quoted with them.
        between, end = text[end : word.start()], word.end()
        hide = _is_hidden(word[0].casefold(), theirs)
        if not (hide and masking):
            kept += (between, _MASK if hide else word[0])
        masking = hide
    return "".join((*kept, text[end:]))


def _is_hidden(word: str, theirs: frozenset[str] | None) -> bool:
    """Of a prompt too long to be read, any word may be theirs."""
    return word not in _HARMLESS and (theirs is None or word in theirs)


def _words_of(said: str) -> frozenset[str] | None:
    """None: there is more than can be read without a pause for everybody else."""
    if len(said) > _PROMPT_CHARS:
        return None
    return frozenset(re.findall(_WORD, _plain(said).casefold()))


def _plain(text: str) -> str:
    """An é is one character or two; here it is one."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "
