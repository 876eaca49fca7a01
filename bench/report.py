"""A run as Markdown. Pure: what was measured in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.measure import Outcome
from bench.promises import BEDROCK, Rounds, Spread, Verdict, of_bedrock, of_the_relay

BUSY = 0.1

_COLUMNS = {
    "CPU µs/token": "cpu_us",
    "added p50 ms": "p50_ms",
    "added p99 ms": "p99_ms",
    "first token p50 ms": "first_p50_ms",
    "first token p99 ms": "first_p99_ms",
    "KB/stream": "kb_per_stream",
    "core": "server_util",
}

_OF_BEDROCK = {
    "CPU µs/event, one a ms": "paced_us",
    "all at once": "unpaced_us",
    "first request ms": "request_ms",
    "ClientHello ms": "hello_ms",
    "import ms": "import_ms",
    "MB": "rss_mb",
}


def heading(machine: Mapping[str, str | int], rounds: int, pinned: bool) -> str:
    where = ", ".join(str(value) if key != "cores" else f"{value} cores" for key, value in machine.items())
    how = "server and generator on a core each" if pinned else "NOT pinned: there is only one core"
    return f"{where}; {how}; {rounds} interleaved round(s), median (lowest–highest)"


def load_table(rounds: Rounds, load: str) -> Iterator[str]:
    clients, _, rate = load.partition("x")
    yield f"\n## {clients} streams, {rate} tokens a second each\n"
    yield from _table(["server", "× nginx", *_COLUMNS], _load_rows(rounds, load))
    yield from _problems(o for o in rounds.outcomes if o.load == load)


def _load_rows(rounds: Rounds, load: str) -> Iterator[list[str]]:
    for server in dict.fromkeys(o.server for o in rounds.outcomes if o.load == load):
        spreads = [rounds.figure(server, load, figure) for figure in _COLUMNS.values()]
        title = rounds.of(server, load)[-1].title
        yield [title, shown(rounds.ratio(server, "nginx", load, "cpu_us")), *map(shown, spreads)]


def _problems(outcomes: Iterable[Outcome]) -> Iterator[str]:
    for title, gist in dict.fromkeys((o.title, o.gist) for o in outcomes if o.problem):
        yield f"\n**{title}: {gist}**"


def versions(rounds: Rounds) -> Iterator[str]:
    known = dict.fromkeys(o.version for o in rounds.outcomes if o.version)
    if known:
        yield f"\nMeasured: {'; '.join(known)}."


def weather(rounds: Rounds) -> Iterator[str]:
    """What else kept the machine busy: figures taken beside it are not to be quoted."""
    all_of_them = [o.figures for o in rounds.outcomes if o.figures]
    disturbed = [f for f in all_of_them if f["others_util"] > BUSY or f["stolen_s"] / f["window_s"] > BUSY]
    if disturbed:
        yield (
            f"\n**In {len(disturbed)} of {len(all_of_them)} measurements something else kept "
            f"more than {BUSY:.0%} of a core busy: repeat it on a quiet machine.**"
        )


def last_words(rounds: Rounds) -> Iterator[str]:
    """The whole output of the servers that had a problem, once each."""
    for title, said in dict.fromkeys((o.title, o.said) for o in rounds.outcomes if "\n" in o.said):
        yield f"\n{title} said:\n\n```\n{said}\n```"


def highest_table(found: Sequence[Mapping[str, str | float]]) -> Iterator[str]:
    yield "\n## The highest rate at which p99 stays under 50 ms, in 1,000 streams\n"
    yield from _table(
        ["server", "tokens a second", "note"],
        ([str(row["title"]), f"{float(row['tokens_s']):,.0f}", str(row["note"])] for row in found),
    )


def promises_table(rounds: Rounds) -> Iterator[str]:
    yield "\n## What is promised (100 streams, 50 tokens a second)\n"
    yield from _verdicts(of_the_relay(rounds))


def bedrock_tables(rounds: Rounds) -> Iterator[str]:
    yield "\n## Bedrock: one answer, read by each client\n"
    yield from _table(["client", "× boto3, one a ms", *_OF_BEDROCK], _bedrock_rows(rounds))
    yield from _problems(rounds.outcomes)
    yield "\n### What is promised of it\n"
    yield from _verdicts(of_bedrock(rounds))


def _bedrock_rows(rounds: Rounds) -> Iterator[list[str]]:
    for client, title in dict.fromkeys((o.server, o.title) for o in rounds.outcomes):
        spreads = [rounds.figure(client, BEDROCK, figure) for figure in _OF_BEDROCK.values()]
        yield [title, shown(rounds.ratio(client, "boto3", BEDROCK, "paced_us")), *map(shown, spreads)]


def _verdicts(verdicts: Iterable[Verdict]) -> Iterator[str]:
    yield from _table(["promise", "at most", "measured", "kept"], map(_verdict_row, verdicts))


def _verdict_row(verdict: Verdict) -> list[str]:
    answer = {None: f"no figure ({verdict.lacks})", True: "yes", False: "**no**"}[verdict.kept]
    return [verdict.promise, f"{verdict.limit:.3g} {verdict.unit}", shown(verdict.measured), answer]


def cold_tables(found: Mapping[str, Sequence[Mapping[str, str | Sequence[float]]]]) -> Iterator[str]:
    yield "\n## Cold start\n"
    for what, rows in found.items():
        values = [name for name in rows[0] if name not in ("name", "problem")]
        yield from _table([what, *values], (_cold_row(row, values) for row in rows))
        yield ""


def _cold_row(row: Mapping[str, str | Sequence[float]], values: Sequence[str]) -> list[str]:
    if problem := row.get("problem"):
        return [str(row["name"]), f"not measured: {problem}", *[""] * (len(values) - 1)]
    return [str(row["name"]), *(shown(Spread(tuple(map(float, row[name])))) for name in values)]


def shown(spread: Spread) -> str:
    if spread.median is None:
        return "–"
    low, high = min(spread.values), max(spread.values)
    if len(spread.values) == 1:
        return _short(low)
    return f"{_short(spread.median)} ({_short(low)}–{_short(high)})"


def _short(value: float) -> str:
    """Three digits that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
