"""How a simulator answers: with which words, how fast, and with which faults. Request in, steps out.

Nothing here looks at a clock or a socket. The same seed, settings and requests give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import ClassVar, NamedTuple

import msgspec

from penstock.sim import answer as shape
from penstock.sim.answer import BLOCKED, Answer, Piece, tokens
from penstock.sim.api import Api, Call
from penstock.sim.asked import Asked, Request, Wrong
from penstock.sim.breaking import changed
from penstock.sim.faults import Order, ordered, parse
from penstock.sim.lorem import lorem
from penstock.sim.steps import HOLD, Head, Hold, Say, Step, Steps, Wait

Scripted = str | Sequence[Piece]
"""What one request is answered with: a text, or pieces of it with HOLD between them."""


class Count(NamedTuple):
    """How many requests came before this one, and how many of them were answered."""

    asked: int = 0
    answered: int = 0


class Reply(NamedTuple):
    steps: Steps
    faults: tuple[str, ...] = ()
    is_answer: bool = False


class Simulator(msgspec.Struct, frozen=True, kw_only=True):
    """A simulator of models: what it is told, and its reply to each request.

    `say` is every answer; `script` has one for each request that is answered, the last again and again;
    without both, `tokens` tokens that mean nothing. `pace` is in tokens a second (0: as fast as it goes),
    `jitter` the part by which each pause may differ, `first_s` the wait for the first token. `faults` are
    written as for `--fault`. Raises ValueError for what makes no sense.
    """

    say: str = ""
    script: Sequence[Scripted] = ()
    tokens: int = 200
    pace: float = 0.0
    jitter: float = 0.0
    first_s: float = 0.0
    seed: int = 1
    faults: Sequence[str] = ()

    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if isinstance(self.faults, str) or isinstance(self.script, str):
            raise ValueError("faults and script are lists: put the text in square brackets.")
        numbers = (self.tokens, self.pace, self.jitter, self.first_s)
        if not all(0 <= number < math.inf for number in numbers) or self.jitter > 1:
            raise ValueError("tokens, pace and first_s are numbers from 0 up, and jitter is one from 0 to 1.")
        self.standing()

    def standing(self) -> tuple[Order, ...]:
        return tuple(order for text in self.faults for order in parse(text, self.kind))

    def check(self, told: str) -> None:
        """Raises ValueError for a fault that this simulator does not have."""
        parse(told, self.kind)

    def api(self, request: Request) -> Api:
        """The API that this request is for."""
        raise NotImplementedError

    def reply(self, request: Request, count: Count) -> Reply:
        api, chance = self.api(request), Random(f"{self.seed} {count.asked}")
        try:
            call = api.call(request)
            question = "" if isinstance(call, tuple) else call.asked.question
            orders = ordered(self.standing(), request, question, self.kind, count.asked + 1, chance)
        except Wrong as wrong:
            return Reply(api.refused(wrong.kind, wrong.message) or ())
        steps = call if isinstance(call, tuple) else self._spoken(call, orders, request, count)
        broken = changed(steps, orders, api, chance)
        is_answer = not isinstance(call, tuple) and any(
            isinstance(step, Head) and step.status == 200 for step in broken
        )
        return Reply(broken, tuple(orders), is_answer)

    def _spoken(self, call: Call, orders: dict[str, float | None], request: Request, count: Count) -> Steps:
        random = Random(f"{self.seed} {request.path} {request.body!r}")
        answer = composed(call.asked, orders, self._pieces(orders, random, count.answered), random)
        answer = msgspec.structs.replace(answer, latency_ms=self._latency_ms(answer))
        if call.asked.streamed:
            return self._paced(call.streamed(answer), random)
        before: list[Step] = [HOLD for piece in answer.pieces if isinstance(piece, Hold)]
        if self.pace or self.first_s:
            before.append(Wait(answer.latency_ms / 1000))
        return (*before, *call.whole(answer))

    def _pieces(self, orders: dict[str, float | None], random: Random, answered: int) -> tuple[Piece, ...]:
        told = orders.get("tokens")
        scripted: Scripted = self.script[min(answered, len(self.script) - 1)] if self.script else self.say
        if told is not None or not scripted:
            count = self.tokens if told is None else int(told)
            return tokens(lorem(random, count))[:count]
        if isinstance(scripted, str):
            return tokens(scripted)
        return tuple(
            part for piece in scripted for part in ([piece] if isinstance(piece, Hold) else tokens(piece))
        )

    def _latency_ms(self, answer: Answer) -> int:
        return int(1000 * (self.first_s + answer.output_tokens / (self.pace or 1000)))

    def _paced(self, steps: Steps, random: Random) -> Steps:
        """With a pause before each token."""
        paced: list[Step] = []
        pause_s = self.first_s
        for step in steps:
            if isinstance(step, Say) and step.part == "words":
                if self.pace:
                    pause_s += random.uniform(1 - self.jitter, 1 + self.jitter) / self.pace
                if pause_s:
                    paced.append(Wait(pause_s))
                pause_s = 0.0
            paced.append(step)
        return tuple(paced)


def composed(
    asked: Asked, orders: dict[str, float | None], pieces: tuple[Piece, ...], random: Random
) -> Answer:
    """The answer to this request, with the orders that are a matter of what is answered."""
    answer = Answer(
        id=shape.some_id(random),
        pieces=pieces,
        input_tokens=len(tokens(asked.said)) + 4,
        reasoning=tokens(lorem(random, 20)) if asked.thinks or "reasoning" in orders else (),
        cites=shape.cites(asked.documents) if asked.documents or "citations" in orders else (),
    )
    if asked.must_call is not None or ("tool" in orders and not asked.returned):
        calls = shape.calls(asked.tools, asked.must_call, int(orders.get("tool") or 1), random)
        if calls:
            answer = msgspec.structs.replace(answer, calls=calls, why="tools", pieces=())
    answer = shape.limited(answer, asked)
    if "content-filter" in orders:
        answer = _stopped(answer, shape.half(answer))
    for name in ("guardrail", "guardrail-async", "guardrail-input"):
        if name in orders:
            answer = _blocked(answer, name, asked)
    return answer


def _stopped(answer: Answer, pieces: tuple[Piece, ...]) -> Answer:
    return msgspec.structs.replace(answer, pieces=pieces, calls=(), cites=(), why="filtered", stop=None)


def _blocked(answer: Answer, name: str, asked: Asked) -> Answer:
    late = name == "guardrail-async" or (name == "guardrail" and asked.guardrail == "async")
    asked_for = name == "guardrail-input"
    shown = shape.half(answer) if late else ()
    stopped = _stopped(answer, (*shown, BLOCKED))
    return msgspec.structs.replace(
        stopped,
        why="blocked",
        blocked="input" if asked_for else "output",
        judged="" if asked_for else answer.text,
        reasoning=stopped.reasoning if late else (),
    )
