"""What happens by the clock: leases renewed, stranded turns swept up, quiet readers, retention, the bin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from penstock.core.ports import Threads
from penstock.engine.chores import Chores
from penstock.engine.journal import Journal
from penstock.engine.live import Live
from penstock.engine.rules import Rules
from penstock.errors import StoreError

log = logging.getLogger("penstock.engine")

_DAY_S = 86_400.0
_RETENTION_EVERY_S = 3_600.0
_EMPTY_BIN_EVERY_S = 60.0


class Beat:
    """`sweep` looks for turns that nobody was told of, `ring` wakes every reader, `let_go` gives up turns
    that were forgotten."""

    def __init__(
        self,
        *,
        journal: Journal,
        lives: Mapping[str, Live],
        threads: Threads,
        sweep: Callable[[], None],
        ring: Callable[[], None],
        let_go: Callable[[Iterable[str]], None],
        chores: Chores,
        rules: Rules,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.rules = rules
        self._journal = journal
        self._lives = lives
        self._threads = threads
        self._sweep = sweep
        self._ring = ring
        self._let_go = let_go
        self._chores = chores
        self._clock = clock
        self._wall = wall

    async def run(self) -> None:
        period_s = {
            self._sweep: self.rules.sweep_s,
            self._ring: self.rules.beat_s,
            self._retire: _RETENTION_EVERY_S,
            self._empty_bin: min(_EMPTY_BIN_EVERY_S, self.rules.bin_s),
        }
        due_s = dict.fromkeys(period_s, 0.0)
        while True:
            await asyncio.sleep(self._journal.renew_every_s / 2)
            await self._renew()
            now_s = self._clock()
            for act, every_s in period_s.items():
                if now_s >= due_s[act]:
                    due_s[act] = now_s + every_s
                    act()

    async def _renew(self) -> None:
        try:
            await self._journal.renew(list(self._lives.values()))
        except Exception:
            # The outermost line of what must not end: the next beat tries again.
            log.exception("renewing leases broke")

    def _retire(self) -> None:
        if (days := self.rules.retention_days) > 0:
            before_s = self._wall() - days * _DAY_S
            self._chores.begin(self._forget("old", lambda: self._threads.forget_before(before_s)))

    def _empty_bin(self) -> None:
        before_s = self._wall() - self.rules.bin_s
        self._chores.begin(self._forget("binned", lambda: self._threads.forget_binned(before_s)))

    async def _forget(self, which: str, forget: Callable[[], Awaitable[list[str]]]) -> None:
        try:
            turns = await forget()
        except StoreError as exc:
            log.warning(f"{which} threads were not forgotten", extra={"error": exc.code})
            return
        self._let_go(turns)
        if turns:
            log.info(f"{which} threads were forgotten", extra={"turns": len(turns)})
