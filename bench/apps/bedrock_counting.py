"""What a client of Bedrock counts of itself; it prints a line of JSON, and imports next to nothing.

A client's first argument says how far it goes: `import` ends after the imports, a number is how many
answers it reads, one after the other. The second is the event loop, `asyncio` or `uvloop`.
"""

import sys
import time
from collections.abc import Callable, Coroutine

MODEL = "amazon.nova-lite-v1:0"
QUESTION = "Tell me a long story."


def answers() -> int:
    """How many to read; ends here when only the imports were asked for."""
    wanted = sys.argv[1]
    if wanted == "import":
        sys.exit()
    return int(wanted)


def runner() -> Callable[[Coroutine[object, object, None]], None]:
    if sys.argv[2] == "uvloop":
        import uvloop

        return uvloop.run
    import asyncio

    return asyncio.run


class Counting:
    """Around each answer: characters, and the CPU time of the whole process."""

    def __init__(self) -> None:
        self._read: list[str] = []
        self._rss_kb = 0
        self._began_ns = 0

    def begin(self) -> None:
        self._began_ns = time.process_time_ns()

    def end(self, chars: int) -> None:
        cpu_ns = time.process_time_ns() - self._began_ns
        self._read.append(f'{{"chars": {chars}, "cpu_ns": {cpu_ns}}}')
        self._rss_kb = self._rss_kb or _rss_kb()

    def report(self) -> None:
        print(f'{{"answers": [{", ".join(self._read)}], "rss_kb": {self._rss_kb}}}')


def _rss_kb() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
