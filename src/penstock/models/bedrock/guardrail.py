"""Guardrails: how one is asked for, what its trace tells, and what it takes back; pure.

https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-streaming.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from penstock.core.events import Noted
from penstock.errors import ConfigError

_NAME = re.compile(
    r"([a-z0-9]+|arn:aws[\w-]*:bedrock:[a-z0-9-]+:\d{12}:guardrail/[a-z0-9]+)(?::(DRAFT|\d{1,8}))?"
)
_MAX_NAMES = 20
# Enough that it does not stand in the guardrail's message, too.
_TAIL_CHARS = 16


class Guardrail(msgspec.Struct, frozen=True):
    """`mode` sync: text is held until it was judged; async: it is shown at once and may be taken back."""

    id: str
    version: str = "DRAFT"
    mode: str = "sync"
    trace: str = "enabled"

    @property
    def shows_unchecked(self) -> bool:
        return self.mode == "async"

    def config(self) -> dict[str, str]:
        """For ConverseStream."""
        return {
            "guardrailIdentifier": self.id,
            "guardrailVersion": self.version,
            "streamProcessingMode": self.mode,
            "trace": self.trace,
        }

    def headers(self) -> dict[str, str]:
        """For InvokeModelWithResponseStream, which is told the mode in its body."""
        return {
            "X-Amzn-Bedrock-GuardrailIdentifier": self.id,
            "X-Amzn-Bedrock-GuardrailVersion": self.version,
            "X-Amzn-Bedrock-Trace": self.trace.upper(),
        }

    def in_body(self) -> dict[str, object]:
        mode = "ASYNCHRONOUS" if self.mode == "async" else "SYNCHRONOUS"
        return {"amazon-bedrock-guardrailConfig": {"streamProcessingMode": mode}}


def named(name: str, *, mode: str = "sync", trace: str = "enabled") -> Guardrail | None:
    """The guardrail of `id:version`; None when there is no name. Raises ConfigError."""
    if not name:
        return None
    if found := _NAME.fullmatch(name):
        return Guardrail(found[1], found[2] or "DRAFT", mode, trace)
    raise ConfigError(
        "bedrock_guardrail must be a guardrail's id or ARN, its version behind a colon, such as abc123:2."
    )


# --- What the trace tells -----------------------------------------------------


class Finding(NamedTuple):
    """One thing that a policy found: "contentPolicy HATE", and what was done."""

    what: str
    action: str


class Trace(msgspec.Struct):
    """What a guardrail did. Matches and the model's own words stay inside: they are people's words."""

    guardrail: str = ""
    input: Sequence[Finding] = ()
    output: Sequence[Finding] = ()
    model_output: str = ""

    @property
    def findings(self) -> int:
        return len(self.input) + len(self.output)

    @property
    def masked(self) -> bool:
        """Masking is an intervention, too, and the answer is whole all the same."""
        return self.findings > 0 and not self.blocked

    @property
    def blocked(self) -> bool:
        return self.output_blocked or _blocked(self.input)

    @property
    def output_blocked(self) -> bool:
        return _blocked(self.output)

    def noted(self) -> Noted:
        detail: dict[str, str | int | float | bool | None] = {
            "guardrail": self.guardrail,
            "blocked": self.blocked,
            "findings": self.findings,
            "input": _listed(self.input),
            "output": _listed(self.output),
        }
        return Noted("guardrail", {name: value for name, value in detail.items() if value != ""})


def trace(raw: Any) -> Trace | None:
    """The trace in decoded JSON. ConverseStream and InvokeModel name its parts differently."""
    match raw:
        case {"guardrail": dict() as told}:
            before = told.get("inputAssessment", told.get("input"))
            after = told.get("outputAssessments", told.get("outputs"))
            return Trace(
                next(_ids(before), "") or next(_ids(after), ""),
                list(_findings(before)),
                list(_findings(after)),
                _words(told.get("modelOutput")),
            )
        case _:
            return None


def _words(output: Any) -> str:
    return "".join(text for text in output if isinstance(text, str)) if isinstance(output, list) else ""


def _ids(assessed: Any) -> Iterator[str]:
    for part in assessed if isinstance(assessed, list) else [assessed]:
        if isinstance(part, dict):
            yield from (str(name)[:200] for name in part)


def _findings(raw: Any, policy: str = "", depth: int = 8) -> Iterator[Finding]:
    """Whatever carries an action, under the policy that it stands in.

    Topics and regexes have names that the owner gave them; of words only that they were found is told.
    """
    if not depth:
        return
    match raw:
        case {"action": str(action), **item}:
            if action != "NONE" and item.get("detected") is not False:
                name = item.get("name") or item.get("type") or ""
                yield Finding(f"{policy} {name}".strip()[:120], action)
        case dict():
            for key, inner in raw.items():
                inside = str(key) if str(key).endswith("Policy") else policy
                yield from _findings(inner, inside, depth - 1)
        case list():
            for inner in raw:
                yield from _findings(inner, policy, depth - 1)


def _blocked(findings: Sequence[Finding]) -> bool:
    return any(finding.action == "BLOCKED" for finding in findings)


def _listed(findings: Sequence[Finding]) -> str:
    return ", ".join(f"{finding.what} {finding.action}".strip() for finding in findings[:_MAX_NAMES])


# --- What it takes back -------------------------------------------------------


def message_at(texts: Sequence[str], last_block_at: int, model_output: str) -> int:
    """Which of the pieces of text the guardrail's own message begins with; 0 when that cannot be told.

    As soon as something is found, "subsequent chunks will be blocked" (the page above), and the message the
    owner configured comes as text like any other; nothing marks it. It begins behind the last piece that
    holds words of the model, which the trace has, and not before the last block. Without a trace it is the
    last block, or, of a single one, all that there is: half a message would be worse.
    """
    if not model_output:
        return last_block_at
    shown = "".join(texts)
    end = len(shown)
    for number in range(len(texts), last_block_at, -1):
        start = end - len(texts[number - 1])
        tail, head = shown[max(0, end - _TAIL_CHARS) : end], shown[start : min(end, start + _TAIL_CHARS)]
        if tail in model_output or (len(head) == _TAIL_CHARS and head in model_output):
            return number
        end = start
    return last_block_at
