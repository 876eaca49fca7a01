"""What the machine was busy with beside a measurement, for those that gen does not make."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple


class Clocks(NamedTuple):
    """CPU that the whole machine has used, and we with those of our children that have ended."""

    at_s: float
    busy_s: float
    stolen_s: float
    own_s: float

    @classmethod
    def now(cls) -> Clocks:
        ticks = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        user, nice, system, _, _, irq, softirq, stolen, *_ = ticks
        a_second, own = os.sysconf("SC_CLK_TCK"), os.times()
        busy = user + nice + system + irq + softirq
        return cls(time.perf_counter(), busy / a_second, stolen / a_second, sum(own[:4]))

    def others(self, before: Clocks) -> dict[str, float]:
        """Named as gen names them."""
        window_s = self.at_s - before.at_s
        others_s = (self.busy_s - before.busy_s) - (self.own_s - before.own_s)
        return {
            "window_s": window_s,
            "others_util": max(0.0, others_s / window_s),
            "stolen_s": self.stolen_s - before.stolen_s,
        }
