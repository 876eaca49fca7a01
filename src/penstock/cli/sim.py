"""penstock sim: simulators of the outside, for building and testing without an account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from penstock.sim import Seen
    from penstock.sim.simulator import Simulator

_BETWEEN_ANSWERS = "\n---\n"


@click.group(short_help="Simulate a provider, with faults on demand.")
def sim() -> None:
    """Simulate a provider, with faults on demand: no account, no key, no bill."""


class _Simulator(click.Command):
    """Its help ends with the faults that there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from penstock.sim.faults import known

        faults = known(self.name or "")
        rows = [
            (f"{name}[:N]" if fault.value else name, f"{fault.help} (N: {fault.value})")
            if fault.value
            else (name, fault.help)
            for name, fault in faults.items()
        ]
        with formatter.section("Faults"):
            formatter.write_dl(rows, col_max=26)
        formatter.write_paragraph()
        formatter.write_text(
            "They also come when a request asks for them: in the header x-penstock-fault, or with "
            "[simulate: NAME] in the question."
        )


def _pace(ctx: click.Context, parameter: click.Parameter, value: str) -> float:
    try:
        return float(value.removesuffix("/s"))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no number of tokens a second, such as 50.") from None


def _options(port: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    options = (
        click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on."),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=port,
            show_default=True,
            help="The port; 0 is any free one.",
        ),
        click.option("--say", metavar="TEXT", default="", help="Answer this, always."),
        click.option(
            "--script",
            metavar="FILE",
            type=Path,
            help="Answer with the texts of this file, one after the other; a line --- stands between two.",
        ),
        click.option(
            "--tokens",
            type=click.IntRange(0),
            default=200,
            show_default=True,
            help="How long an answer that means nothing is.",
        ),
        click.option(
            "--pace",
            metavar="N",
            default="50",
            callback=_pace,
            show_default=True,
            help="Tokens a second; 0 is as fast as it goes.",
        ),
        click.option(
            "--jitter",
            type=click.FloatRange(0, 1),
            default=0.2,
            show_default=True,
            help="By which part each pause may differ.",
        ),
        click.option(
            "--first",
            "first_s",
            metavar="SECONDS",
            type=click.FloatRange(0),
            default=0.3,
            show_default=True,
            help="How long the first token takes.",
        ),
        click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other answers."),
        click.option(
            "--fault",
            "faults",
            metavar="FAULT",
            multiple=True,
            help="A fault of every request: NAME or NAME:N; of every third: NAME@3; by chance: NAME@20%. "
            "May be given several times.",
        ),
    )

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


@sim.command(cls=_Simulator, short_help="Amazon Bedrock: Converse and InvokeModel.")
@_options(4700)
def bedrock(host: str, port: int, script: Path | None, **told: Any) -> None:
    """Simulate Amazon Bedrock: Converse and InvokeModel, streamed and not.

    Any credentials will do. It prints what to set so that an AWS SDK, or Penstock, asks it.
    """
    from penstock.sim import Bedrock

    _run(_made(Bedrock, script, told), host, port, _BEDROCK)


@sim.command(cls=_Simulator, short_help="OpenAI's API, and Anthropic's.")
@_options(4701)
def openai(host: str, port: int, script: Path | None, **told: Any) -> None:
    """Simulate OpenAI's chat completions, and Anthropic's messages, streamed and not.

    Any key will do. It prints what to set so that a client, or Penstock, asks it.
    """
    from penstock.sim import OpenAI

    _run(_made(OpenAI, script, told), host, port, _OPENAI)


_BEDROCK = """At {url} Bedrock is simulated. In another terminal:
  export AWS_ENDPOINT_URL_BEDROCK_RUNTIME={url}
  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=us-east-1"""

_OPENAI = """At {url} OpenAI and Anthropic are simulated. In another terminal:
  export OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=any
  export ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=any"""


def _made(kind: type[Simulator], script: Path | None, told: dict[str, Any]) -> Simulator:
    try:
        return kind(script=_answers(script) if script else (), **told)
    except ValueError as exc:
        raise click.UsageError(str(exc)) from None


def _answers(script: Path) -> tuple[str, ...]:
    try:
        text = script.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{script} cannot be read: {why}.") from None
    answers = tuple(answer.strip("\n") for answer in f"\n{text}\n".split(_BETWEEN_ANSWERS))
    if not all(answers):
        raise ConfigError(
            f"{script} has an empty answer: write words before, between and after each line ---."
        )
    return answers


def _run(simulator: Simulator, host: str, port: int, greeting: str) -> None:
    from penstock.cli.listening import listening, url

    with listening(host, port) as sockets:
        at = url(host, sockets[0].getsockname()[1])
        asyncio.run(_serve(simulator, sockets, greeting.format(url=at)))


async def _serve(simulator: Simulator, sockets: list[Any], greeting: str) -> None:
    from penstock.cli.interrupt import Interrupt
    from penstock.sim import simulate

    stopped = asyncio.Event()
    with Interrupt() as interrupt:
        interrupt.then(stopped.set)
        async with simulate(simulator, sockets=sockets, tell=_tell):
            click.echo(greeting)
            await stopped.wait()


def _tell(seen: Seen) -> None:
    """A line for each request, without anybody's words."""
    path = seen.path.partition("?")[0]
    faults = f" [{', '.join(seen.faults)}]" if seen.faults else ""
    click.echo(f"{seen.request.method} {path} {seen.status} {seen.outcome}{faults}", err=True)
