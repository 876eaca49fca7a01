"""One turn, from its claim to its end, whatever happens on the way.

Every way a turn can end is in `answer`: done, stopped by somebody, given back,
out of time, failed. What was said until then is kept in each of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from penstock.core import fault
from penstock.core.events import Failed, Noted, Restarted, Stopped
from penstock.engine.attempt import Attempts
from penstock.engine.journal import Journal, StopOrdered
from penstock.engine.live import Live
from penstock.engine.prompts import Prompts
from penstock.engine.rules import Rules, TurnReport
from penstock.errors import ModelError, PenstockError, StoreError

log = logging.getLogger("penstock.engine")

_MOST_WHY_CHARS = 1_000


class GivenBack(Exception):
    """This process shuts down; somebody else shall answer."""


class OutOfTime(Exception):
    """The longest time a turn may take is over."""


class TooManyAttempts(ModelError):
    code = "too_many_attempts"
    for_reader = "Answering this broke off again and again, so it was given up. Please ask differently."


class Runs:
    def __init__(
        self,
        prompts: Prompts,
        attempts: Attempts,
        journal: Journal,
        rules: Rules,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._prompts = prompts
        self._attempts = attempts
        self._journal = journal
        self._rules = rules
        self._clock = clock
        self._wall = wall

    async def answer(self, live: Live) -> TurnReport:
        """Raises StoreError (LeaseLost among them) when the end could not be written down."""
        # By an earlier worker, whose clock is gone.
        shown_before = live.fold.epoch > 0 or live.fold.text != ""
        timer = asyncio.get_running_loop().call_later(self._rules.turn_max_s, live.interrupt, OutOfTime())
        try:
            await self._attempt_until_ended(live)
        except StopOrdered as order:
            await self._journal.finish(live, "stopped", Stopped(order.by))
        except GivenBack:
            await self._journal.finish(live, "queued")
        except OutOfTime:
            if live.fold.text:
                await self._journal.finish(live, "stopped", Stopped("time"))
            else:
                sentence = "This took too long, and there is no answer yet."
                await self._fail(live, "out_of_time", sentence, f"no word in {self._rules.turn_max_s:g} s")
        except ModelError as exc:
            log.warning("the model failed", extra={"turn": live.turn, "error": exc.code, "why": str(exc)})
            await self._fail(live, exc.code, exc.for_reader, str(exc))
        except StoreError:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            why = "a model or a search cancelled itself"
            log.error(why, extra={"turn": live.turn})
            await self._fail(live, PenstockError.code, PenstockError.for_reader, why)
        except Exception as exc:
            # The outermost line of a turn: the reader is told, and the log says what it was and where.
            why = fault.told(exc)
            log.error("a turn broke", extra={"turn": live.turn, "why": why})
            await self._fail(live, PenstockError.code, PenstockError.for_reader, why)
        finally:
            timer.cancel()
        return self._report(live, shown_before)

    async def _fail(self, live: Live, code: str, sentence: str, why: str) -> None:
        """`why` is what the process's log says of it, without people's words: here it is for the owner."""
        told = Noted("failed", {"reason": why[:_MOST_WHY_CHARS]})
        await self._journal.finish(live, "failed", told, Failed(code, sentence, reference=live.turn))

    async def _attempt_until_ended(self, live: Live) -> None:
        if live.claim.turn.stop_by:
            raise StopOrdered(live.claim.turn.stop_by)
        if live.tries > self._rules.max_attempts:
            raise TooManyAttempts(f"{live.tries - 1} attempts broke off")
        if live.lease.attempt > 1:
            await self._journal.commit(live, Restarted(live.lease.attempt, "taken over"))
        while True:
            try:
                async with live.interruptible():
                    await self._attempts.listen(live, await self._prompts.build(live))
                return
            except ModelError as exc:
                # One that failed before its first event was asked again already.
                if not (exc.try_again and live.heard and live.tries < self._rules.max_attempts):
                    raise
                why = exc.code
            if live.last > live.journaled:
                # Under the attempt that showed it, or readers who saw it could not be told apart.
                await self._journal.commit(live)
            if live.why is not None and not isinstance(live.why, ModelError):
                raise live.why
            live.next_attempt()
            await self._journal.commit(live, Restarted(live.lease.attempt, why))

    def _report(self, live: Live, shown_before: bool) -> TurnReport:
        view = live.fold.view
        asked_s = self._clock() - (self._wall() - live.claim.turn.asked_s)
        first_s = live.first_text_s
        return TurnReport(
            turn=live.turn,
            thread=live.thread,
            outcome=view.state if view.done else "queued",
            model=known_as(view.usage.model, self._attempts.model.name),
            tries=live.tries,
            took_s=self._clock() - asked_s,
            first_visible_s=None if first_s is None or shown_before else first_s - asked_s,
            usage=view.usage,
            error_code=view.error_code,
        )


def known_as(said: str, asked: str) -> str:
    """The answering model's name as the owner knows it, so that one model is counted under one name.

    A provider says it without our `provider/`, often with a date behind it, and of several models (`asked`
    names all) which it was; a model that failed has said nothing.
    """
    own_names = {name.partition("/")[2]: name for name in asked.split(", ")}
    fitting = [own for own in own_names if own and said.startswith(own)]
    return own_names[max(fitting, key=len)] if fitting else said or asked
