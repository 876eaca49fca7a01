"""Faults by name: which there are, who asks for them, and when.

A fault is asked for as `NAME`, or `NAME:VALUE` where it takes a number; several are separated by
commas. The operator's carry when they come: `throttle@3` for every third request, `cut@20%` by chance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from penstock.sim.asked import Request, Wrong

HEADER = "x-penstock-fault"
_IN_A_QUESTION = re.compile(r"\[simulate: *([^\]]*)\]", re.IGNORECASE)
_ORDER = re.compile(
    r"(?P<name>[a-z]+(?:-[a-z]+)*)(?::(?P<value>\d{1,6}(?:\.\d{1,6})?))?(?:@(?P<when>\d{1,6}%?))?"
)


class Fault(NamedTuple):
    help: str
    of: str = "bedrock openai"
    value: str = ""


FAULTS: dict[str, Fault] = {
    # What is answered.
    "reasoning": Fault("thinks before it answers"),
    "tool": Fault("calls a tool of the request's", value="how many calls"),
    "citations": Fault("cites the request's documents"),
    "tokens": Fault("answers so many tokens", value="how many"),
    "content-filter": Fault("half the answer, then stopped by the provider's filter"),
    "guardrail": Fault("blocked by a guardrail; what was shown depends on the request's mode", "bedrock"),
    "guardrail-async": Fault("half the answer, then blocked by a guardrail", "bedrock"),
    "guardrail-input": Fault("the question is blocked by a guardrail", "bedrock"),
    # Refused before the answer begins.
    "throttle": Fault("429, too many requests", value="Retry-After in seconds, not at Bedrock"),
    "quota": Fault("the money is used up", "openai"),
    "overloaded": Fault("503, or Anthropic's 529"),
    "error": Fault("500"),
    "timeout": Fault("408, the model took too long", "bedrock"),
    "not-ready": Fault("429, the model is not ready", "bedrock"),
    "model-error": Fault("424, the model failed", "bedrock"),
    "unauthorized": Fault("401, or Bedrock's 403: the key is wrong"),
    "expired": Fault("403, the credentials have expired", "bedrock"),
    "forbidden": Fault("403, no access to the model"),
    "unknown-model": Fault("404, or Bedrock's 400: there is no such model"),
    "too-long": Fault("400, more than the model can read"),
    # Told within the stream.
    "throttle-midway": Fault("too many requests, told within the stream", value="after how many tokens"),
    "overloaded-midway": Fault("overloaded, told within the stream", value="after how many tokens"),
    "error-midway": Fault("an internal error, told within the stream", value="after how many tokens"),
    "model-error-midway": Fault("the model failed", "bedrock", "after how many tokens"),
    "invalid-midway": Fault("the input is invalid, told late", "bedrock", "after how many tokens"),
    "unknown-exception": Fault("an exception nobody has heard of", "bedrock", "after how many tokens"),
    # Done to the connection.
    "cut": Fault("the connection closes in mid-stream", value="at which byte of the body; else a random one"),
    "reset": Fault("the same, by a TCP reset", value="at which byte of the body; else a random one"),
    "end-early": Fault("the stream ends properly, but without the end mark"),
    "half-frame": Fault("the stream ends properly, in the middle of an event", value="after how many tokens"),
    "bad-checksum": Fault("an event's checksum is wrong", "bedrock", "after how many tokens"),
    "stall": Fault("silence before the first token", value="seconds; else 30"),
    "stall-midway": Fault("silence in the middle", value="seconds; else 30"),
    "slow-headers": Fault("status and headers come line by line", value="seconds a line; else 2"),
}  # fmt: skip

_SHAPES = ("reasoning", "tool", "citations", "tokens", "content-filter")
SHAPES = frozenset({*_SHAPES, "guardrail", "guardrail-async", "guardrail-input"})
"""Those that change what is answered, and not how it arrives."""


def known(simulator: str) -> dict[str, Fault]:
    """The faults of `bedrock` or `openai`."""
    return {name: fault for name, fault in FAULTS.items() if simulator in fault.of.split()}


# --- Who asks for which -------------------------------------------------------


class Order(NamedTuple):
    """A fault that is to happen, and its number, if one was given."""

    name: str
    value: float | None = None
    when: str = ""


def parse(text: str, simulator: str) -> tuple[Order, ...]:
    """The faults of a list with commas. Raises ValueError with a sentence."""
    return tuple(_order(part.strip(), simulator) for part in text.split(",") if part.strip())


def _order(text: str, simulator: str) -> Order:
    found = _ORDER.fullmatch(text)
    names = known(simulator)
    if found is None or found["name"] not in names:
        raise ValueError(_unreadable(text, names))
    if found["value"] and not names[found["name"]].value:
        raise ValueError(f"The fault {found['name']!r} takes no number: leave out :{found['value']}.")
    if found["when"] in ("0", "0%"):
        raise ValueError(f"{text!r} would never happen: write @1 or more, or @1% or more.")
    return Order(found["name"], float(found["value"]) if found["value"] else None, found["when"] or "")


def _unreadable(text: str, names: dict[str, Fault]) -> str:
    name = re.split("[:@]", text)[0]
    if name not in names:
        return f"penstock sim has no fault {text!r}. There are: {', '.join(names)}."
    number = f"{name}:N with a number of up to six digits, " if names[name].value else ""
    return (
        f"{text!r} is no way to write the fault {name!r}: write {name}, {number}or, for some requests, "
        f"{name}@3 or {name}@20%."
    )


def ordered(
    standing: Sequence[Order], request: Request, question: str, simulator: str, number: int, random: Random
) -> dict[str, float | None]:
    """What is to happen to this request, the `number`th since the start, and with which numbers.

    Asked for by the operator's flags, by the program, by a header and in the question, the last winning.
    """
    by_request = ",".join((request.told, request.headers.get(HEADER, ""), *_IN_A_QUESTION.findall(question)))
    try:
        asked = parse(by_request, simulator)
    except ValueError as exc:
        raise Wrong("invalid", str(exc)) from None
    due = [order for order in standing if _is_due(order.when, number, random)]
    return {order.name: order.value for order in (*due, *asked)}


def _is_due(when: str, number: int, random: Random) -> bool:
    if when.endswith("%"):
        return random.random() * 100 < float(when[:-1])
    return not when or number % int(when) == 0
