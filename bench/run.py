"""The whole run: rounds of every server under every load, interleaved, then ratios, limits and cold start.

Interleaved (A B C A B C), because the weather of a machine changes over minutes: what
hits one server hits its neighbours in the same round, and ratios are taken there.
Figures go to stdout as Markdown, progress to stderr, everything to bench/out as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from bench import bedrock, cold, highest, place, report, sampling
from bench.measure import Load, Outcome, measure
from bench.promises import Rounds
from bench.server import Missing
from bench.servers import SERVERS

LOADS = {load.name: load for load in (Load(100, 50), Load(1000, 5))}
PARTS = (*LOADS, "highest", "cold", "bedrock")

START_TOKENS_S, LOWEST_TOKENS_S, HIGHEST_TOKENS_S = 5_000, 500, 160_000
STREAMS = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    wanted = _read(arguments)
    place.allow_many_sockets()
    place.build_tools()
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as scratch:
        here = place.find(Path(scratch))
        if wanted.profile:
            return _profile(wanted.profile, wanted.parts[0], here)
        _run(wanted, here)
    return 0


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often each server is measured (default: 5)"
    )
    parser.add_argument("--quick", action="store_true", help="one short round of the two loads, nothing else")
    parser.add_argument("--only", type=_names(SERVERS), default=list(SERVERS), metavar="SERVER,...")
    parser.add_argument("--parts", type=_names(PARTS), metavar="PART,...", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--profile",
        nargs="?",
        const="direct",
        choices=[*SERVERS],
        metavar="SERVER",
        help="run one server (default: direct) under py-spy instead, at 100x50 or what --parts says",
    )
    wanted = parser.parse_args(arguments)
    wanted.parts = wanted.parts or ([*LOADS] if wanted.quick else [*PARTS])
    wanted.rounds = 1 if wanted.quick else wanted.rounds
    return wanted


class _names:
    """Comma-separated, each one known."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(known)

    def __call__(self, text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in self._known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(self._known)}")
        return names


def _run(wanted: argparse.Namespace, here: place.Place) -> None:
    machine = place.machine()
    result: dict[str, object] = {"machine": machine, "pinned": here.pinned, "rounds": wanted.rounds}
    _print(
        [f"# Bench, {datetime.now():%Y-%m-%d %H:%M}\n", report.heading(machine, wanted.rounds, here.pinned)]
    )

    loads = [_shortened(load, wanted.quick) for name, load in LOADS.items() if name in wanted.parts]
    rounds = Rounds(list(_interleaved(wanted.only, loads, wanted.rounds, here)))
    result["outcomes"] = [asdict(outcome) for outcome in rounds.outcomes]
    for load in loads:
        _print(report.load_table(rounds, load.name))
    if "100x50" in wanted.parts:
        _print(report.promises_table(rounds))
    _print([*report.versions(rounds), *report.weather(rounds), *report.last_words(rounds)])
    _save(result)

    if "highest" in wanted.parts:
        result["highest"] = found = [_highest(name, here) for name in wanted.only]
        _print(report.highest_table(found))
    if "cold" in wanted.parts:
        runs = 3 if wanted.quick else 7
        result["cold"] = started = {
            "import": cold.imports(here, runs),
            "fresh process": cold.first_words(here, runs),
        }
        _print(report.cold_tables(started))
        _save(result)
    if "bedrock" in wanted.parts:
        read = Rounds(list(bedrock.rounds(here, wanted.rounds, _say)))
        result["bedrock"] = [asdict(outcome) for outcome in read.outcomes]
        _print(report.bedrock_tables(read))
        _print([*report.versions(read), *report.weather(read), *report.last_words(read)])
    _say(f"written to {_save(result)}")


def _shortened(load: Load, quick: bool) -> Load:
    return replace(load, warm_s=1, window_s=3) if quick else load


def _interleaved(
    names: Sequence[str], loads: Sequence[Load], rounds: int, here: place.Place
) -> Iterator[Outcome]:
    for number in range(rounds):
        for load in loads:
            for name in names:
                outcome = measure(name, SERVERS[name], here, load)
                _say(f"round {number + 1}, {load.name}: {_in_short(outcome)}")
                yield outcome


def _highest(name: str, here: place.Place) -> dict[str, str | float]:
    seen: list[Outcome] = []

    def try_once(tokens_s: float) -> bool:
        outcome = measure(name, SERVERS[name], here, Load(STREAMS, tokens_s / STREAMS, 2, 4))
        _say(f"highest, {tokens_s:,.0f} tokens a second: {_in_short(outcome)}")
        if not outcome.figures:
            raise _NoFigures(outcome)
        seen.append(outcome)
        return highest.kept(outcome.figures)

    def keeps(tokens_s: float) -> bool:
        """A failure is believed the second time: the first may have been the machine's."""
        return try_once(tokens_s) or try_once(tokens_s)

    try:
        tokens_s = highest.search(keeps, START_TOKENS_S, LOWEST_TOKENS_S, HIGHEST_TOKENS_S)
    except _NoFigures as none:
        return {"server": name, "title": none.outcome.title, "tokens_s": 0, "note": none.outcome.gist}
    note = highest.note([outcome.figures for outcome in seen])
    return {"server": name, "title": seen[-1].title, "tokens_s": tokens_s, "note": note}


class _NoFigures(Exception):
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def _in_short(outcome: Outcome) -> str:
    if not outcome.figures:
        return f"{outcome.title}: {outcome.gist}"
    f = outcome.figures
    held = f["received"] / f["window_s"]
    line = f"{outcome.title}: {f['cpu_us']:.1f} µs/token, p50 {f['p50_ms']:.2f} p99 {f['p99_ms']:.2f} ms"
    line += f", first {f['first_p50_ms']:.2f} ms, {f['kb_per_stream']:.0f} KB, {held:,.0f} tokens/s"
    line += f", core {f['server_util']:.0%}, generator {f['gen_util']:.0%}, others {f['others_util']:.0%}"
    return line + (f" ({outcome.gist})" if outcome.problem else "")


def _profile(name: str, part: str, here: place.Place) -> int:
    try:
        _print(sampling.profile(name, SERVERS[name], here, LOADS.get(part, LOADS["100x50"])))
    except Missing as missing:
        _say(str(missing))
        return 1
    return 0


def _save(result: dict[str, object]) -> Path:
    file = place.OUT / "latest.json"
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return file


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def _say(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
