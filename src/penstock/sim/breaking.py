"""What each fault does to the steps of an answer. Pure."""

from __future__ import annotations

from random import Random

import msgspec

from penstock.sim.api import Api
from penstock.sim.faults import SHAPES
from penstock.sim.steps import Cut, Head, Say, Step, Steps, Wait, is_chunked, whole

STALL_S = 30.0
HEADER_LINE_S = 2.0


def changed(steps: Steps, orders: dict[str, float | None], api: Api, random: Random) -> Steps:
    """The steps with every fault in them that is not a matter of what is answered."""
    for name, value in orders.items():
        if name not in SHAPES:
            steps = _changed(steps, name, value, api, random)
    return steps


def _changed(steps: Steps, name: str, value: float | None, api: Api, random: Random) -> Steps:
    if (refused := api.refused(name, retry_after_s=value)) is not None:
        return refused
    if (news := api.interrupted(name)) is not None:
        return _interrupted(steps, news, name, value, api)
    match name:
        case "cut" | "reset":
            return _cut(steps, value, reset=name == "reset", random=random)
        case "end-early":
            return _without_end(steps)
        case "half-frame":
            return _halved(steps, value)
        case "bad-checksum":
            return _flipped(steps, value, api)
        case "stall":
            return _put(steps, _first_word(steps), Wait(STALL_S if value is None else value))
        case "stall-midway":
            at = _middle(steps, None) if _is_streamed(steps) else 0
            return _put(steps, at, Wait(STALL_S if value is None else value))
        case "slow-headers":
            pause_s = HEADER_LINE_S if value is None else value
            return tuple(
                msgspec.structs.replace(step, line_every_s=pause_s) if isinstance(step, Head) else step
                for step in steps
            )
        case _:
            return steps


def _interrupted(steps: Steps, news: Say, name: str, value: float | None, api: Api) -> Steps:
    if not _is_streamed(steps):
        # There is no middle: it is told as a status.
        return api.refused(name.removesuffix("-midway")) or api.refused("error") or steps
    return (*steps[: _middle(steps, value)], news)


def _cut(steps: Steps, at: float | None, *, reset: bool, random: Random) -> Steps:
    total = sum(len(step.data) for step in steps if isinstance(step, Say))
    left = random.randrange(total) if at is None and total else int(at or 0)
    kept: list[Step] = []
    for step in steps:
        if isinstance(step, Say) and len(step.data) > left:
            return (*kept, Say(step.data, step.part, left), Cut(reset))
        left -= len(step.data) if isinstance(step, Say) else 0
        kept.append(step)
    return (*kept, Cut(reset))


def _without_end(steps: Steps) -> Steps:
    if not _is_streamed(steps):
        return _halved(steps, None)
    return tuple(step for step in steps if not (isinstance(step, Say) and step.part == "end"))


def _halved(steps: Steps, after: float | None) -> Steps:
    """Ends in the middle of an event; a response that is not streamed, in the middle of its JSON."""
    match steps:
        case (*before, Head() as head, Say(data)) if not is_chunked(head):
            rest = [pair for pair in head.headers if pair[0] != "content-length"]
            return (*before, *whole(head.status, rest, data[: len(data) // 2]))
    at = _middle(steps, after)
    return (*steps[:at], *(Say(step.data[: len(step.data) // 2]) for step in _next_said(steps[at:])))


def _flipped(steps: Steps, after: float | None, api: Api) -> Steps:
    if not _is_streamed(steps):
        return api.refused("invalid", "Only a streamed answer has checksums: ask for one.") or steps
    at = _middle(steps, after)
    for said in _next_said(steps[at:]):
        at = steps.index(said, at)
        wrong = said.data[:-1] + bytes([said.data[-1] ^ 0xFF])
        return (*steps[:at], Say(wrong, said.part), *steps[at + 1 :])
    return steps


def _put(steps: Steps, at: int, step: Step) -> Steps:
    return (*steps[:at], step, *steps[at:])


def _first_word(steps: Steps) -> int:
    """Where the first token stands; of a response that is not streamed, its head."""
    return next(iter(_words(steps)), 0)


def _is_streamed(steps: Steps) -> bool:
    return any(isinstance(step, Head) and is_chunked(step) for step in steps)


def _words(steps: Steps) -> tuple[int, ...]:
    return tuple(at for at, step in enumerate(steps) if isinstance(step, Say) and step.part == "words")


def _middle(steps: Steps, after: float | None) -> int:
    """Where the token stands before which so many were said: half of them, unless it is told."""
    words = _words(steps)
    said = (len(words) + 1) // 2 if after is None else int(after)
    if said < len(words):
        return words[said]
    ends = (at for at, step in enumerate(steps) if isinstance(step, Say) and step.part == "end")
    return next(ends, len(steps))


def _next_said(steps: Steps) -> list[Say]:
    return [step for step in steps if isinstance(step, Say)][:1]
