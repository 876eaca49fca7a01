"""The highest rate at which a server keeps up: pure search, and what "keeps up" means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

P99_MS = 50
WITHIN = 1.1
"""The answer is at most this factor too low."""

Keeps = Callable[[float], bool]


def search(keeps: Keeps, start: float, lowest: float, highest: float) -> float:
    """The highest load that is kept, by doubling or halving from `start`, then closing in; 0 if none is."""
    good, bad = _bracket(keeps, start, lowest, highest)
    if bad is None or good == 0:
        return good
    while bad / good > WITHIN:
        middle = (good * bad) ** 0.5
        good, bad = (middle, bad) if keeps(middle) else (good, middle)
    return good


def _bracket(keeps: Keeps, start: float, lowest: float, highest: float) -> tuple[float, float | None]:
    """A load that is kept (0: none is) and one that is not (None: all are)."""
    load, bad = start, None
    while not keeps(load):
        bad, load = load, load / 2
        if load < lowest:
            return 0, bad
    if bad is not None:
        return load, bad
    while load * 2 <= highest:
        if not keeps(load * 2):
            return load, load * 2
        load *= 2
    return load, None


def kept(figures: Mapping[str, float]) -> bool:
    """In time, and all of it: a server that stops reading makes the generator skip tokens."""
    return bool(
        figures
        and figures["closed"] == 0
        and figures["first"] == figures["clients"]
        and figures["received"] >= 0.97 * figures["offered"]
        and 0 <= figures["p99_ms"] < P99_MS
    )


def note(tries: Sequence[Mapping[str, float]]) -> str:
    """What stood in the way at the lowest rate that was not kept, when it was not the server."""
    failed = [figures for figures in tries if not kept(figures)]
    if not failed:
        return "or more: no higher rate was tried"
    if _generator_was_short(min(failed, key=lambda figures: figures["rate"])):
        return "or more: the generator came to its end first"
    return ""


def _generator_was_short(figures: Mapping[str, float]) -> bool:
    """It was late or out of breath itself, so that the server's limit was not what was seen."""
    return figures["gen_util"] > 0.9 or figures["gen_late_p99_ms"] > P99_MS / 2
